"""Rows of the tables `runs` and `payloads` as `RunRecord`s, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from .hub import ANY_RUN, QUEUE, TIMERS, batch_topic, run_topic, tag_topic
from .ids import now_ms
from .records import RUN_COLUMNS, RunRecord, of_fields
from .snapshots import Execution
from .statuses import Status
from .store import Transaction

Execute = Callable[..., sqlite3.Cursor]
SOON_MS = 10_000
"""The clock looks more often than that by itself, and need not be woken for what comes later."""
_STORED = tuple(name for name in RUN_COLUMNS if name != "payload")
_VALUES = attrgetter(*_STORED)
_SELECT = (
    f"SELECT {', '.join(f'runs.{name}' for name in _STORED)}, payloads.data AS payload "  # noqa: S608
    "FROM runs LEFT JOIN payloads ON payloads.run = runs.id "
)
_INSERT = (
    f"INSERT INTO runs ({', '.join(_STORED)}, change, born) "  # noqa: S608
    f"VALUES ({', '.join('?' * (len(_STORED) + 2))})"
)


def bare(run_id: str) -> str:
    """`run_…` without its prefix; what has none is no run id and finds nothing."""
    return run_id.removeprefix("run_") if run_id.startswith("run_") else ""


def get(execute: Execute, run_id: str | None) -> RunRecord | None:
    """A run by its bare id."""
    row = execute(f"{_SELECT} WHERE runs.id = ?", (run_id,)).fetchone() if run_id else None
    return None if row is None else _record(row)


def select(execute: Execute, where: str, *parameters: Any) -> list[RunRecord]:
    """The runs that fit a WHERE clause of ours, with its ORDER BY and LIMIT."""
    return [_record(row) for row in execute(f"{_SELECT} WHERE {where}", parameters)]


def insert(transaction: Transaction, run: RunRecord) -> None:
    """Store a new run."""
    change = _next_change(transaction)
    cells = [_cell(value) if type(value) is tuple else value for value in _VALUES(run)]
    transaction.execute(_INSERT, [*cells, change, change])
    _tag(transaction, run)
    if run.payload is not None:
        transaction.execute("INSERT INTO payloads VALUES (?, ?)", (run.id, run.payload))
    _wake(transaction, None, run)


def update(transaction: Transaction, old: RunRecord, new: RunRecord) -> RunRecord:
    """Store what has changed between two states of a run, and wake those whom it concerns."""
    before, after = vars(old), vars(new)
    changed = [name for name in _STORED if before[name] != after[name]]
    if changed:
        assignments = ", ".join(f"{name} = ?" for name in changed)
        cells = [_cell(after[name]) for name in changed]
        transaction.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*cells, new.id))  # noqa: S608
        if new.updated_at != old.updated_at:
            touch(transaction, new.id)
        if new.tags != old.tags:
            _tag(transaction, new, old.tags)
        _wake(transaction, old, new)
        if new.execution is Execution.FINISHED and old.execution is not Execution.FINISHED:
            transaction.ended.append(new.id)
    return new


def replace_payload(transaction: Transaction, run_id: str, payload: str | None) -> None:
    """Give a run that has not started another payload."""
    transaction.execute("DELETE FROM payloads WHERE run = ?", (run_id,))
    if payload is not None:
        transaction.execute("INSERT INTO payloads VALUES (?, ?)", (run_id, payload))


def touch(transaction: Transaction, run_id: str) -> None:
    """Let every feed that shows the run say it again."""
    change = _next_change(transaction)
    transaction.execute("UPDATE runs SET change = ? WHERE id = ?", (change, run_id))


def _next_change(transaction: Transaction) -> int:
    """Changes are numbered in the order of their commits, which no clock could tell."""
    (last,) = transaction.execute("SELECT MAX(change) FROM runs").fetchone()
    return (last or 0) + 1


def _tag(transaction: Transaction, run: RunRecord, before: Iterable[str] = ()) -> None:
    for tag in set(before).difference(run.tags):
        transaction.execute("DELETE FROM run_tags WHERE tag = ? AND run = ?", (tag, run.id))
    for tag in run.tags:
        transaction.execute("INSERT OR IGNORE INTO run_tags VALUES (?, ?)", (tag, run.id))


def _wake(transaction: Transaction, old: RunRecord | None, new: RunRecord) -> None:
    if old is None or new.updated_at != old.updated_at:
        transaction.wake(run_topic(new.id))
        transaction.wake(ANY_RUN)
        for tag in new.tags:
            transaction.wake(tag_topic(tag))
        if new.batch is not None:
            transaction.wake(batch_topic(new.batch))
    if (old is None or new.due_at != old.due_at) and _is_soon(new.due_at):
        transaction.wake(TIMERS)
    freed = old is not None and old.execution.has_slot and not new.execution.has_slot
    if freed or (new.execution is Execution.QUEUED and new.status is Status.PENDING):
        transaction.wake(QUEUE)


def _is_soon(due_at: int | None) -> bool:
    return due_at is not None and due_at < now_ms() + SOON_MS


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value


def _record(row: sqlite3.Row) -> RunRecord:
    values = dict(row)
    values["status"] = Status(values["status"])
    values["execution"] = Execution(values["execution"])
    values["tags"] = _texts(values["tags"])
    values["streams"] = _texts(values["streams"])
    values["is_test"] = bool(values["is_test"])
    return of_fields(values)


def _texts(cell: str) -> tuple[str, ...]:
    return () if cell == "[]" else tuple(json.loads(cell))


def change(
    transaction: Transaction, run_id: str, become: Callable[[RunRecord], RunRecord]
) -> RunRecord | None:
    """Read a run, let `become` decide, store; None if there is no such run."""
    old = get(transaction.execute, run_id)
    return None if old is None else update(transaction, old, become(old))
