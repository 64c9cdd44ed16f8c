"""What workers do to runs: dequeue, start, beat, complete, let go."""

from __future__ import annotations

import sqlite3
from typing import Any

from . import lifecycle, run_table, runs, worker_table
from .completion import Completion, completed
from .core import Engine, place_all
from .ids import now_ms
from .records import RunRecord, WorkerRecord
from .registry import Process
from .snapshots import ConflictError, Execution
from .store import Transaction


class StaleSnapshotError(ConflictError):
    """The snapshot that was named is not the latest one of the run."""


async def dequeue(engine: Engine, process: Process) -> RunRecord | None:
    """The next run for `process`, now its; None if there is none."""
    worker = process.worker
    plain = engine.registry.plain_tasks(process)

    def work(transaction: Transaction) -> RunRecord | None:
        run_id = _next(transaction, worker, plain)
        now = now_ms()
        return run_id and run_table.change(
            transaction, run_id, lambda run: lifecycle.dequeued(run, worker, now)
        )  # type: ignore[return-value]  # None or a record

    return await engine.store.write(work)


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


async def give_back(engine: Engine, run: RunRecord) -> None:
    """Nobody got the answer that held this dequeued run."""
    coverage = engine.registry.coverage()

    def become(held: RunRecord) -> RunRecord:
        if held.snapshot != run.snapshot:
            return held
        now = now_ms()
        covered = coverage.covers(held.origin, held.task)
        return lifecycle.placed(lifecycle.given_back(held, now), has_taker=covered, now=now)

    await engine.store.write(lambda t: run_table.change(t, run.id, become))


async def start(engine: Engine, run_id: str, snapshot: str) -> RunRecord | None:
    """Start an attempt; None if there is no such run, `ConflictError` if it cannot start now."""

    def become(run: RunRecord) -> RunRecord:
        _check_latest(run, snapshot)
        return lifecycle.started(run, now_ms())

    return await engine.store.write(lambda t: run_table.change(t, run_id, become))


async def complete(
    engine: Engine, run_id: str, snapshot: str, completion: Completion
) -> tuple[RunRecord, str] | None:
    """End an attempt: the run and the `attemptStatus`. None and errors as `start`."""

    def work(transaction: Transaction) -> tuple[RunRecord, str] | None:
        run = run_table.get(transaction.execute, run_id)
        if run is None:
            return None
        _check_latest(run, snapshot)
        if run.execution not in (Execution.EXECUTING, Execution.WAITING, Execution.PENDING_CANCEL):
            raise ConflictError(f"a run that is {run.execution} cannot complete")
        for changes in completion.changes:
            runs.change_relatives(transaction, run_id, changes)
        run = run_table.get(transaction.execute, run_id) or run  # it may be its own relative
        worker = worker_table.by_id(transaction.execute, run.worker)
        retry = worker.tasks.get(run.task, {}).get("retry") if worker else None
        ended, status = completed(run, completion, retry or {}, now_ms())
        return run_table.update(transaction, run, ended), status

    return await engine.store.write(work)


def _check_latest(run: RunRecord, snapshot: str) -> None:
    if run.friendly_snapshot != snapshot:
        raise StaleSnapshotError(
            f"{snapshot} is not the latest snapshot of {run.friendly_id}; "
            f"that is {run.friendly_snapshot} ({run.execution})"
        )


async def beat(engine: Engine, run_id: str, snapshot: str) -> bool:
    """A heartbeat; a stale snapshot extends nothing. False if there is no such run."""

    def become(run: RunRecord) -> RunRecord:
        return lifecycle.heard(run, now_ms()) if run.friendly_snapshot == snapshot else run

    found = await engine.store.write(lambda t: run_table.change(t, run_id, become))
    if found is not None:
        engine.registry.touch(found.process)
    return found is not None


async def lose(engine: Engine, processes: list[Process], reason: str | None = None) -> None:
    """These processes are gone: their runs go back, again, or down (lifecycle.worker_lost)."""
    for process in processes:
        engine.registry.remove(process.worker.process)
    coverage = engine.registry.coverage()

    def work(transaction: Transaction) -> None:
        for process in processes:
            worker = process.worker
            worker_table.mark_gone(transaction, worker.process)
            why = reason or f"The process that ran it ({worker.label}) died."
            where = "runs.process = ? AND execution != 'FINISHED'"
            for run in run_table.select(transaction.execute, where, worker.process):
                run_table.update(transaction, run, lifecycle.worker_lost(run, why, now_ms()))
        place_all(transaction, coverage)

    await engine.store.write(work)


async def let_go(engine: Engine, run_ids: list[str], reason: dict[str, Any]) -> int:
    """Cancel the runs of a session that ends; how many had not ended before."""

    def work(transaction: Transaction) -> int:
        count = 0
        for run_id in run_ids:
            run = run_table.get(transaction.execute, run_id)
            if run is None or run.execution is Execution.FINISHED:
                continue
            now = now_ms()
            over = lifecycle.canceled(run, reason, now)
            if over.execution is Execution.PENDING_CANCEL:  # its worker is who asks
                over = lifecycle.worker_lost(over, "", now)
            run_table.update(transaction, run, over)
            count += 1
        return count

    return await engine.store.write(work)
