"""What a view of a run shows, made of the run itself: plain JSON, times in epoch milliseconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trigger_widgets.models import Run, RunStatus

from .preview import LIVE_BYTES, preview
from .progress import Pace, Progress


def run_state(run: Run, progress: Progress | None, pace: Pace) -> dict[str, Any]:
    """The part of the state that comes from the run."""
    has_output = run.status is RunStatus.COMPLETED
    return {
        "run_id": run.id,
        "task": run.task_identifier,
        "status": run.status.value,
        "created_at": _ms(run.created_at),
        "started_at": _ms(run.started_at),
        "finished_at": _ms(run.finished_at),
        "queued_at": _ms(run.queued_at),
        "delayed_until": _ms(run.delayed_until),
        "tags": list(run.tags),
        "cost_cents": run.cost_in_cents + run.base_cost_in_cents,
        "progress": progress_state(progress, pace),
        "ttl": run.ttl,
        "is_test": run.is_test,
        "has_payload": run.payload is not None,
        "payload": preview(run.payload, LIVE_BYTES),
        "metadata": preview(run.metadata, LIVE_BYTES) if run.metadata else None,
        "has_output": has_output,
        "output": preview(run.output, LIVE_BYTES) if has_output else None,
        "error": _error(run),
    }


def details_state(run: Run) -> dict[str, Any]:
    """The part that only `runs.retrieve` tells."""
    return {
        "attempt": run.attempt_count,
        "max_attempts": run.max_attempts,
        "version": run.version,
        "idempotency_key": run.idempotency_key,
        "parent_id": run.parent_id,
        "batch_id": run.batch_id,
    }


def progress_state(progress: Progress | None, pace: Pace) -> dict[str, Any] | None:
    """Progress with rate (items a second) and eta (seconds)."""
    if progress is None:
        return None
    return {
        "fraction": progress.fraction,
        "current": progress.current,
        "total": progress.total,
        "label": progress.label,
        "rate": pace.rate(),
        "eta": pace.eta(),
    }


def hint(run: Run, *, embedded: bool) -> str | None:
    """What a person should do about a run that stands still, if anything."""
    if run.status is not RunStatus.PENDING_VERSION:
        return None
    task = run.task_identifier
    if embedded:
        return (
            f'No running worker has the task "{task}": run the cell that defines it, '
            "or start its file with `trigger-widgets dev FILE`."
        )
    return (
        f'The task "{task}" is not in the current version on the server: deploy it, '
        "or start `trigger dev`."
    )


def _error(run: Run) -> dict[str, Any] | None:
    if run.error is None or run.status is RunStatus.CANCELED:
        return None
    error = run.error
    return {
        "name": error.name,
        "message": preview(error.message, LIVE_BYTES),
        "stack": preview(error.stack_trace, LIVE_BYTES),
    }


def _ms(moment: datetime | None) -> float | None:
    return moment.timestamp() * 1000 if moment else None
