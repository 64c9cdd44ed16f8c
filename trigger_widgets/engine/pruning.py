"""Old data goes: what ended long ago with everything that hangs on it, a little at a time.

What has not ended is kept, however old it is, and so is what somebody waits for, and what
something younger refers to: a parent, a child, a run of the same batch, a finished wait that the
next attempt would look for, an idempotency key that still counts.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from .core import Engine, log
from .ids import first_id, now_ms
from .store import Transaction

DAY_MS = 24 * 3600 * 1000
_INTERVAL_SECONDS = 3600.0
_PAUSE_SECONDS = 0.01
_RUNS = 50
_ROWS = 2000
_LEAST_KEPT_MS = DAY_MS
"""However little is to be kept: versions are counted by the day, and triggers sent again."""

_ALIVE = "(runs.execution != 'FINISHED' OR runs.completed_at >= :before)"
_NEEDED = (
    f"SELECT 1 FROM runs WHERE id IN (:parent, :root) AND {_ALIVE}",  # noqa: S608
    f"SELECT 1 FROM runs WHERE parent = :id AND {_ALIVE}",  # noqa: S608
    "SELECT 1 FROM runs WHERE root = :id AND execution != 'FINISHED'",
    """SELECT 1 FROM idempotency_keys
    WHERE task = :task AND key = :idempotency_key AND run = :id AND expires_at > :now""",
)
_LONG_TABLES = (("logs", "seq"), ("stream_parts", "stream, seq"))
_SHORT_TABLES = ("payloads", "stream_writers", "waits", "batch_items", "input_waits")

Execute = Callable[..., sqlite3.Cursor]
Step = Callable[[Transaction], bool]
"""A small piece of the work; False once there is nothing more to do."""


async def run_pruning(engine: Engine, keep_days: float) -> None:
    """Prune now and every hour, until the hub is closed; 0 days keep everything."""
    if keep_days <= 0:
        return
    with engine.hub.listen("pruning") as listener:
        while not engine.hub.closed:
            before = now_ms() - int(keep_days * DAY_MS)
            runs = _Runs(before)
            for step in (runs.step, _waitpoints(before), _batches(before), _leftovers(before)):
                while not engine.hub.closed and await engine.store.write(step):
                    await listener.wait(_PAUSE_SECONDS)  # let others write
            if runs.count:
                log.info("deleted %d runs that had ended %g days ago", runs.count, keep_days)
            await listener.wait(_INTERVAL_SECONDS)


@dataclass
class _Runs:
    """Goes once through the runs that are old enough, from the oldest on."""

    before: int
    count: int = 0
    _position: int = 0
    _batches: dict[str, bool] = field(default_factory=dict)

    def step(self, transaction: Transaction) -> bool:
        """Look at the next few."""
        rows = transaction.execute(
            "SELECT seq, id, task, parent, root, idempotency_key, tags, execution, completed_at "
            # the feeds count from the last change there is: that one stays
            "FROM runs WHERE seq > ? AND id < ? AND change < (SELECT MAX(change) FROM runs) "
            "ORDER BY seq LIMIT ?",
            (self._position, first_id(self.before), _RUNS),
        ).fetchall()
        self._batches.clear()
        budget = _ROWS
        for run in rows:
            if not self._is_needed(transaction.execute, run):
                budget -= _delete_rows(transaction, run["id"], budget)
                if budget <= 0:
                    return True  # the rest of it is for the next step
                _delete_run(transaction, run)
                self.count += 1
            self._position = run["seq"]
        return bool(rows)

    def _is_needed(self, execute: Execute, run: sqlite3.Row) -> bool:
        if run["execution"] != "FINISHED" or run["completed_at"] >= self.before:
            return True
        values = {**dict(run), "now": now_ms(), "before": self.before}
        return (
            any(execute(query, values).fetchone() for query in _NEEDED)
            or is_awaited(execute, run["id"])
            or any(self._is_young(execute, batch) for (batch,) in _batches_of(execute, run["id"]))
        )

    def _is_young(self, execute: Execute, batch: str) -> bool:
        """Whether one of the runs of a batch is; then all of them stay."""
        if batch not in self._batches:
            query = (
                "SELECT 1 FROM batch_items JOIN runs ON runs.id = batch_items.run "  # noqa: S608
                f"WHERE batch_items.batch = :batch AND {_ALIVE} LIMIT 1"
            )
            found = execute(query, {"batch": batch, "before": self.before}).fetchone()
            self._batches[batch] = found is not None
        return self._batches[batch]


def _batches_of(execute: Execute, run_id: str) -> list[sqlite3.Row]:
    return execute("SELECT batch FROM batch_items WHERE run = ?", (run_id,)).fetchall()


def is_awaited(execute: Execute, key: str) -> bool:
    """Whether an unfinished run waits for, or has waited for, what has `key` for its key."""
    query = (
        "SELECT 1 FROM waitpoints JOIN waits ON waits.waitpoint = waitpoints.id "
        "JOIN runs ON runs.id = waits.run "
        "WHERE waitpoints.idempotency_key = ? AND runs.execution != 'FINISHED' LIMIT 1"
    )
    return execute(query, (key,)).fetchone() is not None


def _delete_rows(transaction: Transaction, run_id: str, most: int) -> int:
    """Delete up to `most` rows of what a run may have very many of; how many there were."""
    deleted = 0
    for table, key in _LONG_TABLES:
        deleted += transaction.execute(
            f"DELETE FROM {table} WHERE run = ? AND ({key}) IN "  # noqa: S608
            f"(SELECT {key} FROM {table} WHERE run = ? LIMIT ?)",
            (run_id, run_id, most - deleted),
        ).rowcount
    return deleted


def _delete_run(transaction: Transaction, run: sqlite3.Row) -> None:
    for table in _SHORT_TABLES:
        transaction.execute(f"DELETE FROM {table} WHERE run = ?", (run["id"],))  # noqa: S608
    for tag in json.loads(run["tags"]):
        transaction.execute("DELETE FROM run_tags WHERE tag = ? AND run = ?", (tag, run["id"]))
    transaction.execute(
        "DELETE FROM idempotency_keys WHERE task = ? AND key = ? AND run = ?",
        (run["task"], run["idempotency_key"], run["id"]),
    )
    here = (run["task"], run["id"])
    transaction.execute("DELETE FROM debounces WHERE task = ? AND run = ?", here)
    transaction.execute("DELETE FROM runs WHERE id = ?", (run["id"],))


def _waitpoints(before: int) -> Step:
    """What was completed long ago; a token that nobody has completed stays."""

    def step(transaction: Transaction) -> bool:
        gone = transaction.execute(
            "DELETE FROM waitpoints WHERE id IN (SELECT id FROM waitpoints WHERE id < ? "
            "AND completed_at < ? AND (key_expires_at IS NULL OR key_expires_at < ?) "
            "AND NOT EXISTS (SELECT 1 FROM waits WHERE waits.waitpoint = waitpoints.id) LIMIT ?)",
            (first_id(before), before, now_ms(), _ROWS),
        )
        return gone.rowcount == _ROWS

    return step


def _batches(before: int) -> Step:
    """Those that have none of their runs any more, and those that were never filled."""

    def step(transaction: Transaction) -> bool:
        found = transaction.execute(
            "SELECT id FROM batches WHERE id < ? AND updated_at < ? AND NOT EXISTS "
            "(SELECT 1 FROM batch_items WHERE batch = batches.id AND run IS NOT NULL) LIMIT ?",
            (first_id(before), before, _RUNS),
        ).fetchall()
        gone = [batch for (batch,) in found if not is_awaited(transaction.execute, batch)]
        for batch in gone:
            transaction.execute("DELETE FROM batch_items WHERE batch = ?", (batch,))
            transaction.execute("DELETE FROM batches WHERE id = ?", (batch,))
        return bool(gone)

    return step


def _leftovers(before: int) -> Step:
    """Workers that are gone and hold nothing, one-time tokens that were used and have expired, and
    what answers a trigger that is sent again.
    """
    before = min(before, now_ms() - _LEAST_KEPT_MS)

    def step(transaction: Transaction) -> bool:
        transaction.execute(
            "DELETE FROM workers WHERE gone AND created_at < ? "
            "AND id NOT IN (SELECT worker FROM runs WHERE process IS NOT NULL)",
            (before,),
        )
        # whoever uses one of them again is told that it has expired
        transaction.execute("DELETE FROM used_tokens WHERE expires_at < ?", (before // 1000,))
        gone = transaction.execute(
            "DELETE FROM trigger_requests WHERE key IN "
            "(SELECT key FROM trigger_requests WHERE run < ? LIMIT ?)",
            (first_id(before), _ROWS),
        )
        return gone.rowcount == _ROWS

    return step
