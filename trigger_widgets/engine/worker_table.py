"""Rows of the tables `workers` and `queues`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from .records import WorkerRecord
from .store import Transaction

Execute = Callable[..., sqlite3.Cursor]
_COLUMNS = tuple(field.name for field in fields(WorkerRecord))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM workers "  # noqa: S608 - our own names


def next_version(execute: Execute, now: int) -> str:
    """`20261123.1`: the day and a counter, as a real server makes them."""
    day = f"{datetime.fromtimestamp(now / 1000, UTC):%Y%m%d}"
    query = "SELECT COUNT(*) FROM workers WHERE version LIKE ?"
    (count,) = execute(query, (f"{day}.%",)).fetchone()
    return f"{day}.{count + 1}"


def insert(transaction: Transaction, worker: WorkerRecord) -> None:
    """Store a registration; earlier ones of the same process are over."""
    transaction.execute("UPDATE workers SET gone = 1 WHERE process = ?", (worker.process,))
    cells = [_cell(getattr(worker, name)) for name in _COLUMNS]
    marks = ", ".join("?" * len(_COLUMNS))
    transaction.execute(
        f"INSERT INTO workers ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608
        cells,
    )


def mark_gone(transaction: Transaction, process: str) -> None:
    """The process has ended."""
    transaction.execute("UPDATE workers SET gone = 1 WHERE process = ? AND NOT gone", (process,))


def mark_present(transaction: Transaction, worker: WorkerRecord) -> None:
    """The process was thought to have ended, and spoke again."""
    transaction.execute("UPDATE workers SET gone = 0 WHERE id = ?", (worker.id,))


def present(execute: Execute) -> list[WorkerRecord]:
    """The latest registration of each process that was not seen to end, oldest first."""
    return [_record(row) for row in execute(f"{_SELECT} WHERE NOT gone ORDER BY seq")]


def by_version(execute: Execute, version: str) -> WorkerRecord | None:
    """A registration by its version, alive or not."""
    row = execute(f"{_SELECT} WHERE version = ?", (version,)).fetchone()
    return None if row is None else _record(row)


def by_id(execute: Execute, worker_id: str | None) -> WorkerRecord | None:
    """A registration by its bare id, alive or not."""
    row = execute(f"{_SELECT} WHERE id = ?", (worker_id,)).fetchone() if worker_id else None
    return None if row is None else _record(row)


def set_queue_limits(transaction: Transaction, limits: dict[str, int | None]) -> None:
    """The concurrency limits that a registration declares; None lifts one."""
    for name, limit in limits.items():
        transaction.execute(
            "INSERT INTO queues VALUES (?, ?) ON CONFLICT (name) "
            "DO UPDATE SET concurrency_limit = excluded.concurrency_limit",
            (name, limit),
        )


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _record(row: sqlite3.Row) -> WorkerRecord:
    values = dict(row)
    values["tasks"] = json.loads(values["tasks"])
    return WorkerRecord(**values)
