"""What a table of runs shows: a row a run, counts by status, pace. Plain JSON, without I/O."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from trigger_widgets.jsonable import dumps
from trigger_widgets.models import Run, RunStatus

from .progress import read_progress

_NOTE = 200
_LABEL = 80
_WINDOW_SECONDS = 30.0


def run_row(run: Run, label: str | None = None) -> dict[str, Any]:
    """One run as a row; times in epoch milliseconds."""
    progress = read_progress(run.metadata)
    return {
        "id": run.id,
        "task": run.task_identifier,
        "status": run.status.value,
        "created_at": _ms(run.created_at),
        "started_at": _ms(run.started_at),
        "finished_at": _ms(run.finished_at),
        "fraction": progress.fraction if progress else None,
        "label": _short(label if label is not None else run.payload, _LABEL),
        "note": _note(run),
    }


def counts(runs: Iterable[Run]) -> dict[str, int]:
    """How many runs have which status."""
    return dict(Counter(run.status.value for run in runs))


class Throughput:
    """Runs that end in a second, over the last half minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def observe(self, finished: int, at: float) -> None:
        """Note how many had ended at a time in seconds."""
        self._seen.append((at, finished))
        while len(self._seen) > 2 and at - self._seen[0][0] > _WINDOW_SECONDS:  # noqa: PLR2004
            self._seen.popleft()

    def rate(self) -> float | None:
        """Runs a second, or None while that cannot be said."""
        if not self._seen:
            return None
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        return (last - first) / (end - start) if end > start and last > first else None

    def eta(self, total: int | None) -> float | None:
        """Seconds until `total` have ended."""
        rate = self.rate()
        return None if not rate or total is None else max(0, total - self._seen[-1][1]) / rate


def table_state(
    runs: Mapping[str, Run], total: int | None, throughput: Throughput
) -> dict[str, Any]:
    """The part of the state that sums up all rows."""
    finished = sum(run.is_terminal for run in runs.values())
    expected = total if total is not None else len(runs)
    is_over = finished >= expected
    return {
        "counts": counts(runs.values()),
        "total": total,
        "finished": finished,
        "rate": None if is_over else throughput.rate(),
        "eta": None if is_over else throughput.eta(expected),
        "done": total is not None and finished >= total,
    }


def record(run: Run) -> dict[str, Any]:
    """One run as a row of a DataFrame."""
    duration = None
    if run.started_at and run.finished_at:
        duration = (run.finished_at - run.started_at).total_seconds()
    return {
        "id": run.id,
        "task": run.task_identifier,
        "status": run.status.value,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "seconds": duration,
        "tags": run.tags,
        "payload": run.payload,
        "output": run.output,
        "error": str(run.error) if run.error else None,
        "metadata": run.metadata,
    }


def _note(run: Run) -> str | None:
    if run.error is not None and run.status is not RunStatus.CANCELED:
        return _short(str(run.error), _NOTE)
    if run.status is RunStatus.COMPLETED and run.output is not None:
        return _short(run.output, _NOTE)
    return None


def _short(value: Any, limit: int) -> str | None:
    if value is None or value in ({}, []):
        return None
    text = value if isinstance(value, str) else dumps(value)
    text = " ".join(text[: 4 * limit].split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _ms(moment: datetime | None) -> float | None:
    return moment.timestamp() * 1000 if moment else None
