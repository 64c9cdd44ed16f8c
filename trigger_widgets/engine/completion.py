"""What a worker says at the end of an attempt, and what follows from it.

The worker computes the delay of a retry; the server only vetoes it (worker-protocol.md §5).
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from . import lifecycle, metadata
from .records import RunRecord, replaced
from .statuses import Status
from .validation import ValidationError, expect, milliseconds, optional

IMMEDIATE_RETRY_MS = 30_000
"""A shorter delay is slept by the worker itself; a longer one goes through the queue."""

_STATUS_OF_CODE = {
    "TASK_RUN_CANCELLED": Status.CANCELED,
    "MAX_DURATION_EXCEEDED": Status.TIMED_OUT,
    "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE": Status.CRASHED,
    "TASK_PROCESS_SIGTERM": Status.CRASHED,
    "TASK_PROCESS_SIGSEGV": Status.CRASHED,
    "TASK_PROCESS_OOM_KILLED": Status.CRASHED,
    "TASK_PROCESS_MAYBE_OOM_KILLED": Status.CRASHED,
    "TASK_PROCESS_SIGKILL_TIMEOUT": Status.CRASHED,
    "TASK_RUN_CRASHED": Status.CRASHED,
    "COULD_NOT_FIND_EXECUTOR": Status.SYSTEM_FAILURE,
    "COULD_NOT_FIND_TASK": Status.SYSTEM_FAILURE,
    "COULD_NOT_IMPORT_TASK": Status.SYSTEM_FAILURE,
    "CONFIGURED_INCORRECTLY": Status.SYSTEM_FAILURE,
}
_NEVER_RETRIED = frozenset({
    "TASK_RUN_CANCELLED", "MAX_DURATION_EXCEEDED", "COULD_NOT_FIND_EXECUTOR",
    "COULD_NOT_FIND_TASK", "COULD_NOT_IMPORT_TASK", "CONFIGURED_INCORRECTLY",
})  # fmt: skip
_RETRIED_BY_SERVER = frozenset({
    "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", "TASK_PROCESS_SIGTERM", "TASK_PROCESS_SIGSEGV",
    "TASK_RUN_UNCAUGHT_EXCEPTION", "TASK_MIDDLEWARE_ERROR",
})  # fmt: skip
_ERROR_FIELDS = {
    "BUILT_IN_ERROR": ("name", "message", "stackTrace"),
    "STRING_ERROR": ("raw",),
    "CUSTOM_ERROR": ("raw",),
    "INTERNAL_ERROR": ("code",),
}


@dataclass(frozen=True)
class Completion:
    """A parsed completion. Delays and durations in milliseconds."""

    ok: bool
    output: str | None = None
    output_type: str = "application/json"
    error: dict[str, Any] | None = None
    retry_delay: int | None = None
    usage_ms: int = 0
    changes: tuple[metadata.Changes, ...] = ()

    @property
    def code(self) -> str | None:
        """The code of an INTERNAL_ERROR."""
        return self.error.get("code") if self.error else None


def parse(body: Any) -> Completion:
    """`{"completion": {…}}`; `ValidationError` says what is wrong with it."""
    data = expect(expect(body, "object").get("completion"), "object", "completion")
    ok = expect(data.get("ok"), "boolean", "completion.ok")
    usage = expect(data.get("usage") or {}, "object", "completion.usage").get("durationMs") or 0
    common: dict[str, Any] = {
        "usage_ms": milliseconds(usage, "completion.usage.durationMs"),
        "changes": _flushed(data.get("flushedMetadata")),
    }
    if ok:
        output_type = expect(data.get("outputType"), "string", "completion.outputType")
        output = data.get("output")
        if output is not None:
            expect(output, "string", "completion.output")
        return Completion(True, output, output_type, **common)
    return Completion(
        False, error=_error(data.get("error")), retry_delay=_delay(data.get("retry")), **common
    )


def _error(value: Any) -> dict[str, Any]:
    error = expect(value, "object", "completion.error")
    kind = error.get("type")
    if not isinstance(kind, str) or kind not in _ERROR_FIELDS:
        expected = " | ".join(f"'{name}'" for name in _ERROR_FIELDS)
        raise ValidationError(
            f"Invalid discriminator value. Expected {expected}", "completion.error.type"
        )
    for name in _ERROR_FIELDS[kind]:
        expect(error.get(name), "string", f"completion.error.{name}")
    known = ("type", "code", "name", "message", "stackTrace", "raw")
    return {name: error[name] for name in known if isinstance(error.get(name), str)}


def _delay(value: Any) -> int | None:
    if value is None:
        return None
    delay = expect(value, "object", "completion.retry").get("delay")
    return milliseconds(delay, "completion.retry.delay")


def _flushed(value: Any) -> tuple[metadata.Changes, ...]:
    """`{"data": "{…}"}` with the operations that have not arrived. Ours: `unanswered` are those on
    other runs of which its worker does not know it, and the `key` of their request.
    """
    where = "completion.flushedMetadata"
    data = expect(value or {}, "object", where).get("data")
    if data is None:
        return ()
    try:
        body = json.loads(expect(data, "string", f"{where}.data"))
    except (ValueError, RecursionError):
        raise ValidationError("Invalid JSON", f"{where}.data") from None
    body = expect(body, "object", where)
    before = expect(body.get("unanswered") or {}, "object", f"{where}.unanswered")
    key = optional(before.get("key"), "string", f"{where}.unanswered.key")
    return metadata.parse_changes(before, key), metadata.parse_changes(body)


def completed(
    run: RunRecord, completion: Completion, retry: dict[str, Any], now: int
) -> tuple[RunRecord, str]:
    """The run after an attempt, and the `attemptStatus` to tell its worker.

    `retry` is the retry policy that the task registered.
    """
    run = replaced(run, usage_ms=run.usage_ms + completion.usage_ms)
    operations = [operation for changes in completion.changes for operation in changes.own]
    if operations:
        run = replaced(run, metadata=metadata.apply(run.metadata, operations))
    if completion.ok:
        done = lifecycle.finished(run, Status.COMPLETED_SUCCESSFULLY, now)
        if done.status is Status.COMPLETED_SUCCESSFULLY:
            done = replaced(done, output=completion.output, output_type=completion.output_type)
        return done, "RUN_FINISHED"
    delay = None if run.status is Status.CANCELED else _retry_delay(run, completion, retry)
    if delay is None:
        final = _STATUS_OF_CODE.get(completion.code or "", Status.COMPLETED_WITH_ERRORS)
        return lifecycle.finished(run, final, now, completion.error), "RUN_FINISHED"
    if completion.retry_delay is not None and delay < IMMEDIATE_RETRY_MS:
        return lifecycle.retry_here(run, delay, now), "RETRY_IMMEDIATELY"
    return lifecycle.retry_queued(run, delay, now), "RETRY_QUEUED"


def _retry_delay(run: RunRecord, completion: Completion, retry: dict[str, Any]) -> int | None:
    if completion.code in _NEVER_RETRIED or run.attempt >= (run.max_attempts or 0):
        return None
    if completion.retry_delay is not None:
        return completion.retry_delay
    if completion.code in _RETRIED_BY_SERVER and retry:
        return backoff(run.attempt, retry)
    return None


def backoff(attempt: int, retry: dict[str, Any]) -> int:
    """The delay after `attempt` in milliseconds, by Trigger.dev's formula and defaults."""

    def setting(name: str, default: float) -> float:
        value = retry.get(name)
        return value if isinstance(value, int | float) and value >= 0 else default

    spread = 1 if retry.get("randomize") is False else 1 + random.random()  # noqa: S311 - jitter
    longest = setting("maxTimeoutInMs", 60_000)
    try:
        factor = setting("factor", 2) ** (attempt - 1)
    except OverflowError:
        return round(longest)
    return round(min(longest, spread * setting("minTimeoutInMs", 1000) * factor))
