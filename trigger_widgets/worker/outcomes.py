"""How an attempt ended, and how that is said on the wire (worker-protocol.md §5)."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from trigger_widgets.packets import JSON_TYPE


@dataclass(frozen=True)
class Outcome:
    """The end of one execution of a task function. Plain data: it also travels between processes.

    `error` is the wire's error object. `may_retry` is False where another attempt cannot help;
    `server_retries` is True where the server itself decides on it. `metadata` are the operations
    that have not reached the server.
    """

    output: str | None = None
    output_type: str = JSON_TYPE
    error: dict[str, Any] | None = None
    may_retry: bool = True
    server_retries: bool = False
    duration_ms: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the function returned."""
        return self.error is None

    def to_json(self) -> dict[str, Any]:
        """For another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Outcome:
        """From another process."""
        return cls(**data)


def built_in_error(name: str, message: str, stack_trace: str) -> dict[str, Any]:
    """An exception; the server wants all three."""
    return {
        "type": "BUILT_IN_ERROR",
        "name": name,
        "message": message,
        "stackTrace": stack_trace,
    }


def internal_error(code: str, message: str | None = None) -> dict[str, Any]:
    """An end that the task did not choose; `code` decides on the run's status."""
    error: dict[str, Any] = {"type": "INTERNAL_ERROR", "code": code}
    if message is not None:
        error["message"] = message
    return error


def failed(name: str, message: str) -> Outcome:
    """An error that has no traceback worth reading, and that another attempt would only repeat."""
    return Outcome(error=built_in_error(name, message, f"{name}: {message}"), may_retry=False)


def process_exited(message: str, duration_ms: int = 0) -> Outcome:
    """The process that ran the task is gone; the server retries by the task's own rules."""
    error = internal_error("TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", message)
    return Outcome(error=error, server_retries=True, duration_ms=duration_ms)


def canceled(outcome: Outcome | None = None) -> Outcome:
    """Somebody canceled the run; what its task still returned does not count."""
    return _ended(outcome, internal_error("TASK_RUN_CANCELLED"))


def timed_out(seconds: float, outcome: Outcome | None = None) -> Outcome:
    """The run took longer than its max_duration."""
    message = f"Run exceeded its max_duration of {seconds:g} seconds"
    return _ended(outcome, internal_error("MAX_DURATION_EXCEEDED", message))


def _ended(outcome: Outcome | None, error: dict[str, Any]) -> Outcome:
    return Outcome(
        error=error,
        may_retry=False,
        duration_ms=outcome.duration_ms if outcome else 0,
        metadata=outcome.metadata if outcome else {},
    )


def to_completion(
    run_id: str, task_id: str | None, outcome: Outcome, retry_delay_ms: int | None
) -> dict[str, Any]:
    """The `completion` of `attempts/complete`."""
    flushed: dict[str, Any] = {"dataType": JSON_TYPE}
    if outcome.metadata:
        flushed["data"] = json.dumps(outcome.metadata, ensure_ascii=False)
    completion: dict[str, Any] = {
        "ok": outcome.ok,
        "id": run_id,
        "usage": {"durationMs": outcome.duration_ms},
        "flushedMetadata": flushed,
    }
    if task_id is not None:
        completion["taskIdentifier"] = task_id
    if outcome.ok:
        completion["outputType"] = outcome.output_type
        if outcome.output is not None:
            completion["output"] = outcome.output
        return completion
    completion["error"] = outcome.error
    if retry_delay_ms is not None:
        timestamp = int(time.time() * 1000) + retry_delay_ms
        completion["retry"] = {"timestamp": timestamp, "delay": retry_delay_ms}
    elif not outcome.may_retry:
        completion["skippedRetrying"] = True
    return completion
