"""What a table of runs shows: a row a run, counts by status, pace. Plain JSON, without I/O."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from trigger_widgets.jsonable import dumps
from trigger_widgets.models import Run, RunStatus
from trigger_widgets.realtime.frames import expanded

from .progress import read_progress

SAVED_ROWS = 100
Row = dict[str, Any]

_NOTE = 160
_LABEL = 80
_FAILED = frozenset(
    {RunStatus.FAILED, RunStatus.CRASHED, RunStatus.TIMED_OUT, RunStatus.SYSTEM_FAILURE}
)
_WINDOW_SECONDS = 30.0


def run_row(run: Run, label: str | None = None, cells: Mapping[str, Any] | None = None) -> Row:
    """One run as a row; times in epoch milliseconds. What it has not is left out: there may be
    thousands of rows. Its id is the key that it stands under.
    """
    progress = read_progress(run.metadata)
    row = {
        "task": run.task_identifier,
        "status": run.status.value,
        "created_at": _ms(run.created_at),
        "started_at": _ms(run.started_at),
        "finished_at": _ms(run.finished_at),
        "fraction": _rounded(progress.fraction) if progress else None,
        "label": _short(label if label is not None else run.payload, _LABEL),
        "note": _note(run),
        "cells": cells or None,
    }
    return {name: value for name, value in row.items() if value is not None}


class Tally:
    """How many runs have which status, kept as they change."""

    def __init__(self) -> None:
        self._status: dict[str, RunStatus] = {}
        self._counts: Counter[RunStatus] = Counter()

    def see(self, changed: Iterable[Run], everything: Mapping[str, Run]) -> list[str]:
        """Runs that are new or other, and all that there are; gives the ids of those that went."""
        for run in changed:
            self._leave(run.id)
            self._status[run.id] = run.status
            self._counts[run.status] += 1
        if len(self._status) == len(everything):
            return []
        gone = [run for run in self._status if run not in everything]
        for went in gone:
            self._leave(went)
        return gone

    def _leave(self, run: str) -> None:
        status = self._status.pop(run, None)
        if status is not None:
            self._counts[status] -= 1

    @property
    def known(self) -> int:
        """How many runs there are."""
        return len(self._status)

    @property
    def finished(self) -> int:
        """How many have ended."""
        return sum(n for status, n in self._counts.items() if status.is_terminal)

    def counts(self) -> dict[str, int]:
        """By status."""
        return {status.value: n for status, n in self._counts.items() if n}


class Order:
    """Runs oldest first. They are sorted anew only when some came or went."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def of(self, everything: Mapping[str, Run]) -> list[Run]:
        """All of them, by their ids."""
        ids = self._ids
        if ids.keys() != everything.keys():
            runs = sorted(everything.values(), key=lambda run: (run.created_at, run.id))
            self._ids = ids = dict.fromkeys(run.id for run in runs)
        return [everything[run] for run in ids]


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


def table_state(tally: Tally, total: int | None, throughput: Throughput) -> dict[str, Any]:
    """The part of the state that sums up all rows."""
    finished = tally.finished
    expected = total if total is not None else tally.known
    is_over = finished >= expected
    return {
        "counts": tally.counts(),
        "total": total,
        "finished": finished,
        "rate": None if is_over else throughput.rate(),
        "eta": None if is_over else throughput.eta(expected),
        "done": total is not None and finished >= total,
    }


def records(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Runs as the columns of a DataFrame. The fields of payloads, outputs and metadata that are
    objects are columns of their own.
    """
    columns: dict[str, list[Any]] = {
        "id": [run.id for run in runs],
        "task": [run.task_identifier for run in runs],
        "status": [run.status.value for run in runs],
        "created_at": [run.created_at for run in runs],
        "started_at": [run.started_at for run in runs],
        "finished_at": [run.finished_at for run in runs],
        "seconds": [_seconds(run) for run in runs],
        "cost_in_cents": [run.cost_in_cents + run.base_cost_in_cents for run in runs],
        "tags": [run.tags for run in runs],
        "error": [str(run.error) if run.error else None for run in runs],
    }
    for name in ("payload", "output", "metadata"):
        values = [None if (v := getattr(run, name)) == {} else v for run in runs]
        columns |= expanded(values, name, f"{name}.")
    return columns


def _seconds(run: Run) -> float | None:
    if run.started_at and run.finished_at:
        return (run.finished_at - run.started_at).total_seconds()
    return None


def saved_rows(rows: Mapping[str, Row]) -> dict[str, Row]:
    """As many rows as a file should hold: those that failed first, in the order they had."""
    ranked = sorted(rows, key=lambda run: RunStatus(rows[run]["status"]) not in _FAILED)
    kept = set(ranked[:SAVED_ROWS])
    return {run: row for run, row in rows.items() if run in kept}


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


def _ms(moment: datetime | None) -> int | None:
    return round(moment.timestamp() * 1000) if moment else None


def _rounded(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction, 4)
