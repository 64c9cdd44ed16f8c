"""Rows of the tables `waitpoints` and `waits`: what is waited for, and who waits for it.

A wait belongs to one attempt of a run: what an earlier attempt waited for blocks no later one.
`waits.snapshot` names the snapshot in which the run went on, and so was told of its completion.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from . import run_table
from .hub import TIMERS
from .records import RunRecord, WaitpointRecord
from .snapshots import Execution
from .store import Transaction

Execute = Callable[..., sqlite3.Cursor]
_COLUMNS = tuple(field.name for field in fields(WaitpointRecord))
_SELECT = f"SELECT {', '.join(f'waitpoints.{name}' for name in _COLUMNS)} FROM waitpoints "  # noqa: S608


def bare(waitpoint_id: str) -> str:
    """`waitpoint_…` without its prefix; what has none finds nothing."""
    prefix = "waitpoint_"
    return waitpoint_id.removeprefix(prefix) if waitpoint_id.startswith(prefix) else ""


def get(execute: Execute, waitpoint_id: str) -> WaitpointRecord | None:
    """A waitpoint by its bare id."""
    found = select(execute, "waitpoints.id = ?", waitpoint_id)
    return found[0] if found else None


def select(execute: Execute, where: str, *parameters: Any) -> list[WaitpointRecord]:
    """The waitpoints that fit a WHERE clause of ours, with its ORDER BY and LIMIT."""
    return [_record(row) for row in execute(f"{_SELECT} WHERE {where}", parameters)]


def with_key(execute: Execute, kind: str, key: str, now: int) -> WaitpointRecord | None:
    """The waitpoint of a kind that holds an idempotency key which has not expired."""
    where = (
        "idempotency_key = ? AND type = ? AND (key_expires_at IS NULL OR key_expires_at > ?) "
        "ORDER BY id DESC LIMIT 1"
    )
    found = select(execute, where, key, kind, now)
    return found[0] if found else None


def insert(transaction: Transaction, waitpoint: WaitpointRecord) -> None:
    """Store a new waitpoint."""
    cells = [_cell(getattr(waitpoint, name)) for name in _COLUMNS]
    marks = ", ".join("?" * len(_COLUMNS))
    transaction.execute(
        f"INSERT INTO waitpoints ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608
        cells,
    )
    if waitpoint.due_at is not None:
        transaction.wake(TIMERS)


def complete(transaction: Transaction, waitpoint: WaitpointRecord) -> bool:
    """Store that `waitpoint` is complete; False if it was before, which then stays as it is."""
    names = ("completed_at", "output", "output_type", "output_is_error")
    cells = [getattr(waitpoint, name) for name in names]
    changed = transaction.execute(
        f"UPDATE waitpoints SET {', '.join(f'{name} = ?' for name in names)} "  # noqa: S608
        "WHERE id = ? AND completed_at IS NULL",
        (*cells, waitpoint.id),
    )
    return bool(changed.rowcount)


def next_due(execute: Execute) -> int | None:
    """When the next waitpoint completes by itself."""
    query = "SELECT MIN(due_at) FROM waitpoints WHERE due_at IS NOT NULL AND completed_at IS NULL"
    found: int | None = execute(query).fetchone()[0]
    return found


def add_wait(transaction: Transaction, run: RunRecord, waitpoint: WaitpointRecord) -> None:
    """`run`, in its present attempt, waits for `waitpoint`."""
    transaction.execute("DELETE FROM waits WHERE run = ? AND attempt < ?", (run.id, run.attempt))
    transaction.execute(
        "INSERT OR REPLACE INTO waits VALUES (?, ?, ?, NULL)", (run.id, waitpoint.id, run.attempt)
    )


def waiting_runs(execute: Execute, waitpoint: WaitpointRecord) -> list[RunRecord]:
    """The runs that wait for a waitpoint now."""
    where = (
        "runs.id IN (SELECT run FROM waits WHERE waitpoint = ? AND snapshot IS NULL) "
        "AND runs.execution = ? AND runs.attempt = "
        "(SELECT attempt FROM waits WHERE waits.run = runs.id AND waits.waitpoint = ?)"
    )
    return run_table.select(execute, where, waitpoint.id, Execution.WAITING, waitpoint.id)


def is_free(execute: Execute, run: RunRecord) -> bool:
    """Whether everything that the attempt waits for is complete."""
    query = (
        "SELECT 1 FROM waits JOIN waitpoints ON waitpoints.id = waits.waitpoint WHERE run = ? "
        "AND attempt = ? AND snapshot IS NULL AND waitpoints.completed_at IS NULL LIMIT 1"
    )
    return execute(query, (run.id, run.attempt)).fetchone() is None


def awaited(execute: Execute, run: RunRecord, kind: str) -> list[str]:
    """The ids of the runs, or by their `kind` of the batches, that the attempt of `run` awaits."""
    query = (
        "SELECT waitpoints.idempotency_key FROM waits JOIN waitpoints "
        "ON waitpoints.id = waits.waitpoint WHERE run = ? AND attempt = ? AND type = ? "
        "AND waitpoints.completed_at IS NULL"
    )
    return [row[0] for row in execute(query, (run.id, run.attempt, kind))]


def awaited_tokens(execute: Execute, run: RunRecord) -> list[str]:
    """The `waitpoint_…` ids of the tokens that a run waits for now."""
    where = (
        "waitpoints.id IN (SELECT waitpoint FROM waits WHERE run = ? AND attempt = ? "
        "AND snapshot IS NULL) AND waitpoints.type = 'MANUAL' AND waitpoints.completed_at IS NULL"
    )
    return [found.friendly_id for found in select(execute, where, run.id, run.attempt)]


def end_waits(transaction: Transaction, run: RunRecord) -> None:
    """`run` goes on, and its latest snapshot tells it what it has waited for."""
    transaction.execute(
        "UPDATE waits SET snapshot = ? WHERE run = ? AND attempt = ? AND snapshot IS NULL",
        (run.snapshot, run.id, run.attempt),
    )


def told_to(execute: Execute, run: RunRecord) -> list[WaitpointRecord]:
    """The completed waitpoints that the latest snapshot of `run` tells of."""
    where = (
        "waitpoints.id IN (SELECT waitpoint FROM waits WHERE run = ? AND snapshot = ?) "
        "ORDER BY waitpoints.completed_at, waitpoints.id"
    )
    return select(execute, where, run.id, run.snapshot)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value


def _record(row: sqlite3.Row) -> WaitpointRecord:
    values = dict(row)
    values["tags"] = tuple(json.loads(values["tags"]))
    values["output_is_error"] = bool(values["output_is_error"])
    values["has_own_key"] = bool(values["has_own_key"])
    return WaitpointRecord(**values)
