"""Runs handed to a worker that asks for some.

On a real server that is one at a time, and it starts them by another request. A worker that asks
under a `key` is handed runs whose attempts have started, several at once, and one with the answer
to a completion. An attempt that has started counts, so a lost answer must lose none: the key is the
snapshot of what was handed over with it, and who asks under it `again` is told the same.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from . import lifecycle, run_table
from .core import Engine
from .ids import now_ms
from .records import RunRecord, WorkerRecord
from .registry import Registry
from .snapshots import Execution
from .store import Transaction


class Asking(NamedTuple):
    """What a process asks for. Without a `key` one run, as a real server gives it."""

    registry: Registry
    process: str
    most: int = 1
    key: str | None = None
    again: bool = False


def take(transaction: Transaction, wanted: Asking) -> list[RunRecord]:
    """The next runs for who asks, now its."""
    takes, now = wanted.registry.takes(wanted.process), now_ms()
    if takes is None:
        return []
    worker, plain = takes
    if wanted.again and (held := _handed_over(transaction, wanted)):
        # by a new name: whoever has lost the client of the first answer cannot take it back now
        return [
            run_table.update(transaction, run, lifecycle.renamed(run, f"{wanted.key}-{now}"))
            for run in held
        ]

    def become(run: RunRecord) -> RunRecord:
        if wanted.key is None:
            return lifecycle.dequeued(run, worker, now)
        return lifecycle.begun(run, worker, wanted.key, now)

    taken: list[RunRecord] = []
    most = wanted.most if wanted.key else 1
    while len(taken) < most and (run_id := _next(transaction, worker, plain)) is not None:
        run = run_table.change(transaction, run_id, become)
        if run is not None:
            taken.append(run)
            if wanted.key is not None:
                wanted.registry.handed(run)
    return taken


def _handed_over(transaction: Transaction, wanted: Asking) -> list[RunRecord]:
    where = "runs.process = ? AND (runs.snapshot = ? OR runs.snapshot LIKE ? || '-%') ORDER BY seq"
    held = (wanted.process, wanted.key, wanted.key)
    return run_table.select(transaction.execute, where, *held)


def _next(transaction: Transaction, worker: WorkerRecord, plain: list[str]) -> str | None:
    def marks(names: list[str]) -> str:
        return ", ".join("?" * len(names))

    own = list(worker.tasks)
    rows = transaction.execute(
        "SELECT id, task, queue, concurrency_key FROM runs WHERE status = 'PENDING' "  # noqa: S608
        f"AND (origin IS NULL AND task IN ({marks(plain)}) "
        f"OR origin = ? AND task IN ({marks(own)})) ORDER BY queued_at, seq",
        (*plain, worker.origin, *own),
    )
    full: dict[tuple[str, str | None], bool] = {}
    for row in rows:
        queue = row["queue"] or lifecycle.default_queue(worker, row["task"])
        slot = (queue, row["concurrency_key"])
        if slot not in full:
            full[slot] = _is_full(transaction, *slot)
        if not full[slot]:
            found: str = row["id"]
            return found
    return None


def _is_full(transaction: Transaction, queue: str, key: str | None) -> bool:
    """Each concurrency key has the queue's whole limit to itself."""
    query = "SELECT concurrency_limit FROM queues WHERE name = ?"
    limit: sqlite3.Row | None = transaction.execute(query, (queue,)).fetchone()
    if limit is None or limit[0] is None:
        return False
    (held,) = transaction.execute(
        "SELECT COUNT(*) FROM runs WHERE process IS NOT NULL AND queue = ? "
        "AND concurrency_key IS ? AND execution != ?",
        (queue, key, Execution.WAITING),
    ).fetchone()
    return bool(held >= limit[0])


async def give_back(engine: Engine, runs: list[RunRecord]) -> None:
    """Nobody got the answer that held these runs."""
    coverage = engine.registry.coverage()

    def work(transaction: Transaction) -> None:
        now = now_ms()
        for run in runs:
            held = run_table.get(transaction.execute, run.id)
            if held is not None and held.snapshot == run.snapshot:
                covered = coverage.covers(held.origin, held.task)
                back = lifecycle.given_back(held, now)
                placed = lifecycle.placed(back, has_taker=covered, now=now)
                run_table.update(transaction, held, placed)

    await engine.store.write(work)
