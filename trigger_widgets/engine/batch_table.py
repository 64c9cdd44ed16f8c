"""Rows of the tables `batches` and `batch_items`.

An item that came before its batch was complete is kept as the line it came in; then it has a run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import NamedTuple

from .store import Transaction

Execute = Callable[..., sqlite3.Cursor]
_KEY_LIFETIME_MS = 30 * 24 * 3600 * 1000


@dataclass(frozen=True, kw_only=True)
class BatchRecord:
    """A batch. Times in milliseconds; `sealed_at` is when its last item came.

    `creator` is the digest of the one-time token that made it, which may also fill it.
    """

    id: str
    created_at: int
    updated_at: int
    run_count: int
    sealed_at: int | None = None
    idempotency_key: str | None = None
    parent: str | None = None
    creator: str | None = None

    @property
    def friendly_id(self) -> str:
        """`batch_…`."""
        return f"batch_{self.id}"


class Member(NamedTuple):
    """An item of a batch that has its run; `is_cached` if an idempotency key has found it."""

    run: str
    status: str
    task: str
    is_cached: bool


class Ended(NamedTuple):
    """How the run of an item ended."""

    id: str
    status: str
    output: str | None
    output_type: str
    error: str | None
    completed_at: int | None


_COLUMNS = ", ".join(field.name for field in fields(BatchRecord))


def bare(batch_id: str) -> str:
    """`batch_…` without its prefix; what has none finds nothing."""
    return batch_id.removeprefix("batch_") if batch_id.startswith("batch_") else ""


def get(execute: Execute, batch_id: str) -> BatchRecord | None:
    """A batch by its bare id."""
    row = execute(f"SELECT {_COLUMNS} FROM batches WHERE id = ?", (batch_id,)).fetchone()  # noqa: S608
    return None if row is None else BatchRecord(**dict(row))


def with_key(execute: Execute, key: str, now: int) -> BatchRecord | None:
    """The batch that an idempotency key has made, in the last 30 days."""
    row = execute(
        f"SELECT {_COLUMNS} FROM batches WHERE idempotency_key = ? AND created_at > ? "  # noqa: S608
        "ORDER BY created_at DESC LIMIT 1",
        (key, now - _KEY_LIFETIME_MS),
    ).fetchone()
    return None if row is None else BatchRecord(**dict(row))


def insert(transaction: Transaction, batch: BatchRecord) -> None:
    """Store a new batch."""
    values = astuple(batch)
    marks = ", ".join("?" * len(values))
    transaction.execute(f"INSERT INTO batches ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608


def seal(transaction: Transaction, batch: BatchRecord, now: int) -> None:
    """Its last item has come."""
    transaction.execute(
        "UPDATE batches SET sealed_at = ?, updated_at = ? WHERE id = ?", (now, now, batch.id)
    )


def keep_line(transaction: Transaction, batch: BatchRecord, item: int, line: str) -> bool:
    """Keep an item for later; False if it is there already."""
    kept = transaction.execute(
        "INSERT OR IGNORE INTO batch_items VALUES (?, ?, NULL, ?)", (batch.id, item, line)
    )
    return bool(kept.rowcount)


def kept_lines(execute: Execute, batch: BatchRecord) -> list[tuple[int, str]]:
    """The items that were kept, in their order."""
    rows = execute(
        "SELECT item, line FROM batch_items WHERE batch = ? AND line IS NOT NULL ORDER BY item",
        (batch.id,),
    )
    return [(row["item"], row["line"]) for row in rows]


def set_run(transaction: Transaction, batch: BatchRecord, item: int, run_id: str) -> None:
    """An item has its run."""
    transaction.execute(
        "INSERT OR REPLACE INTO batch_items VALUES (?, ?, ?, NULL)", (batch.id, item, run_id)
    )


def members(execute: Execute, batch: BatchRecord) -> list[Member]:
    """The runs of a batch, in the order of its items."""
    rows = execute(
        "SELECT run, status, task, runs.batch IS NOT batch_items.batch "
        "FROM batch_items JOIN runs ON runs.id = batch_items.run "
        "WHERE batch_items.batch = ? ORDER BY item",
        (batch.id,),
    )
    return [Member(run, status, task, bool(cached)) for run, status, task, cached in rows]


def last_update(execute: Execute, batch: BatchRecord) -> int:
    """When one of its runs, or the batch itself, was changed last; in milliseconds."""
    (latest,) = execute(
        "SELECT MAX(runs.updated_at) FROM batch_items JOIN runs ON runs.id = batch_items.run "
        "WHERE batch_items.batch = ?",
        (batch.id,),
    ).fetchone()
    return max(batch.updated_at, latest or 0)


def is_over(execute: Execute, batch_id: str) -> bool:
    """Whether it has all its runs, and all of them have ended."""
    query = (
        "SELECT sealed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM batch_items "
        "JOIN runs ON runs.id = batch_items.run "
        "WHERE batch_items.batch = batches.id AND runs.completed_at IS NULL) "
        "FROM batches WHERE id = ?"
    )
    row = execute(query, (batch_id,)).fetchone()
    return bool(row and row[0])


def awaited_with(execute: Execute, run_id: str, kind: str) -> list[str]:
    """The batches that a run is in and that somebody waits for; `kind` is that of the wait."""
    query = (
        "SELECT DISTINCT batch FROM batch_items JOIN waitpoints "
        "ON waitpoints.idempotency_key = batch_items.batch AND waitpoints.type = ? "
        "AND waitpoints.completed_at IS NULL WHERE run = ?"
    )
    return [row["batch"] for row in execute(query, (kind, run_id))]


def unfinished(execute: Execute, batch_id: str) -> list[str]:
    """The runs of a batch that have not ended."""
    rows = execute(
        "SELECT DISTINCT run FROM batch_items JOIN runs ON runs.id = batch_items.run "
        "WHERE batch_items.batch = ? AND runs.completed_at IS NULL",
        (batch_id,),
    )
    return [row["run"] for row in rows]


def outcomes(execute: Execute, batch_id: str) -> list[Ended]:
    """How its runs ended, in the order of its items."""
    rows = execute(
        f"SELECT {', '.join(f'runs.{name}' for name in Ended._fields)} FROM batch_items "  # noqa: S608
        "JOIN runs ON runs.id = batch_items.run WHERE batch_items.batch = ? ORDER BY item",
        (batch_id,),
    )
    return [Ended(*row) for row in rows]
