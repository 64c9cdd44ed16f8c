"""The nouns: what a run, a batch and a wait token are, and when each has ended."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import (
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from . import errors
from .packets import JSON_TYPE, decode_packet


class RunStatus(StrEnum):
    """A run's status in the API's words (`x-trigger-api-version: 2025-07-16`).

    The realtime feed carries the database's words instead; `RunStatus("PENDING")` accepts those
    too. The table is the one measured in protocol.md §3; a status nobody knows reads as QUEUED,
    as in the official SDK.
    """

    PENDING_VERSION = "PENDING_VERSION"
    DELAYED = "DELAYED"
    QUEUED = "QUEUED"
    DEQUEUED = "DEQUEUED"
    EXECUTING = "EXECUTING"
    WAITING = "WAITING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    CRASHED = "CRASHED"
    SYSTEM_FAILURE = "SYSTEM_FAILURE"
    EXPIRED = "EXPIRED"
    TIMED_OUT = "TIMED_OUT"

    @classmethod
    def _missing_(cls, value: object) -> RunStatus:
        return cls[_FROM_DATABASE.get(str(value), "QUEUED")]

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended. The one definition: the wire's own flags disagree
        (EXPIRED and TIMED_OUT have every `is…` false in the API, protocol.md §3).
        """
        return self in _TERMINAL

    @property
    def is_queued(self) -> bool:
        """Whether the run has not been given to a worker yet."""
        return self in (self.PENDING_VERSION, self.DELAYED, self.QUEUED)

    @property
    def is_executing(self) -> bool:
        """Whether a worker has the run."""
        return self in (self.DEQUEUED, self.EXECUTING, self.WAITING)


_FROM_DATABASE = {
    "PENDING": "QUEUED",
    "WAITING_FOR_DEPLOY": "PENDING_VERSION",
    "RETRYING_AFTER_FAILURE": "EXECUTING",
    "REATTEMPTING": "EXECUTING",
    "WAITING_TO_RESUME": "WAITING",
    "PAUSED": "WAITING",
    "FROZEN": "WAITING",
    "COMPLETED_SUCCESSFULLY": "COMPLETED",
    "COMPLETED_WITH_ERRORS": "FAILED",
    "INTERRUPTED": "FAILED",
}
_TERMINAL = frozenset(
    RunStatus[name]
    for name in (
        "COMPLETED", "FAILED", "CANCELED", "CRASHED", "SYSTEM_FAILURE", "EXPIRED", "TIMED_OUT",
    )
)  # fmt: skip


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore"
    )


class TaskError(_Model):
    """Why a run failed: a message, the class of the exception, and its traceback."""

    message: str = ""
    name: str | None = None
    stack_trace: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.name else self.message


class Run(_Model):
    """One run, as last seen. Times are aware datetimes in UTC.

    `attempt_count`, `version` and `depth` are only in what `runs.retrieve` gives; the realtime
    feed does not carry them. `max_attempts` only the embedded engine tells. `streams` are the
    ids of the realtime streams the task has opened. `large` names what ("payload",
    "output") is not here because it lives in the server's object store, being over 512 KB.
    """

    id: str
    task_identifier: str
    status: RunStatus
    created_at: datetime
    updated_at: datetime
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    delayed_until: datetime | None = None
    expired_at: datetime | None = None
    ttl: str | None = None
    tags: list[str] = Field(default_factory=list)
    is_test: bool = False
    payload: Any = None
    output: Any = None
    error: TaskError | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    duration_ms: FiniteFloat = 0
    cost_in_cents: FiniteFloat = 0
    base_cost_in_cents: FiniteFloat = 0
    attempt_count: int | None = None
    max_attempts: int | None = None
    version: str | None = None
    depth: int | None = None
    idempotency_key: str | None = None
    streams: list[str] = Field(default_factory=list)
    waits_for: list[str] = Field(default_factory=list)
    """The wait tokens it waits for: only in what `runs.retrieve` gives, and only of the embedded
    engine; a real server does not tell."""
    batch_id: str | None = None
    parent_id: str | None = Field(
        default=None, validation_alias=AliasPath("relatedRuns", "parent", "id")
    )
    """The run that triggered it; as `batch_id`, only in what `runs.retrieve` gives."""
    large: frozenset[str] = frozenset()

    @field_validator("metadata", mode="before")
    @classmethod
    def _as_object(cls, value: Any) -> Any:
        # a client that sends text has it stored encoded twice (protocol.md §2)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return {}
        return value if isinstance(value, dict) else {}

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended; see `RunStatus.is_terminal`."""
        return self.status.is_terminal

    def unwrap(self) -> Any:
        """The output of a completed run; raises the `RunError` of any other end."""
        if self.status is RunStatus.COMPLETED:
            if "output" in self.large:
                raise errors.ProtocolError(
                    f"the output of {self.id} is larger than 512 KB and lives in the server's "
                    "object store, which this client does not read; let the task return a "
                    "reference, or open the run in the Trigger.dev dashboard."
                )
            return self.output
        kind = _ERRORS.get(self.status)
        if kind is None:
            raise errors.RunError(f"{self.id} has not ended: it is {self.status}.", run=self)
        reason = str(self.error) if self.error else self.status.replace("_", " ").lower()
        raise kind(f"{self.task_identifier} ({self.id}) {_VERBS[self.status]}: {reason}", run=self)


class BatchError(_Model):
    """Why an item of a batch became no run; `index` is its place in the batch."""

    index: int
    task_identifier: str | None = None
    error: str = "the server gave no reason"
    error_code: str | None = None


class Batch(_Model):
    """One batch of up to 1,000 runs. `errors` are the items that became no run.

    `status` is PENDING until all has ended, then COMPLETED; PARTIAL_FAILED or ABORTED if items
    became no runs. `runs` are ids.
    """

    id: str
    status: str
    run_count: int
    created_at: datetime
    updated_at: datetime
    runs: list[str] = Field(default_factory=list)
    errors: list[BatchError] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        processing = value.get("processing") if isinstance(value, dict) else None
        if isinstance(processing, dict):
            return {**value, "errors": processing.get("errors") or []}
        return value


class WaitTokenStatus(StrEnum):
    """WAITING until somebody completes it or its timeout passes."""

    WAITING = "WAITING"
    COMPLETED = "COMPLETED"
    TIMED_OUT = "TIMED_OUT"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing will change any more: a second completion changes nothing."""
        return self is not WaitTokenStatus.WAITING


class WaitToken(_Model):
    """What a run waits for, until somebody completes it (protocol.md §6).

    `url` is the callback address: whoever has it can complete the token, so it is not in the
    repr. `public_access_token` may complete it for 24 hours; only creating gives it. The answer
    to creating a token says no more than id, url and `is_cached`; `status` is None where the
    server did not say. `output` is what it was completed with; `error` says that it timed out.
    """

    id: str
    url: str | None = Field(default=None, repr=False)
    status: WaitTokenStatus | None = None
    idempotency_key: str | None = None
    tags: list[str] = Field(default_factory=list)
    output: Any = None
    error: TaskError | None = None
    timeout_at: datetime | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None
    is_cached: bool = False
    public_access_token: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _decoded(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if value.get("userProvidedIdempotencyKey") is False:  # one that the server made up
            value = {**value, "idempotencyKey": None}
        if "outputIsError" not in value:
            return value
        output = decode_packet(value.get("output"), value.get("outputType") or JSON_TYPE)
        if not value["outputIsError"]:
            return {**value, "output": output}
        said = output if isinstance(output, dict) else {"message": str(output)}
        error = {"name": said.get("code"), "message": said.get("message") or ""}
        return {**value, "output": None, "error": error}


_ERRORS: dict[RunStatus, type[errors.RunError]] = {
    RunStatus.FAILED: errors.RunFailedError,
    RunStatus.SYSTEM_FAILURE: errors.RunFailedError,
    RunStatus.CRASHED: errors.RunCrashedError,
    RunStatus.CANCELED: errors.RunCanceledError,
    RunStatus.EXPIRED: errors.RunExpiredError,
    RunStatus.TIMED_OUT: errors.RunTimedOutError,
}
_VERBS = {
    RunStatus.FAILED: "failed",
    RunStatus.SYSTEM_FAILURE: "could not be run",
    RunStatus.CRASHED: "crashed",
    RunStatus.CANCELED: "was canceled",
    RunStatus.EXPIRED: "expired",
    RunStatus.TIMED_OUT: "ran out of time",
}
