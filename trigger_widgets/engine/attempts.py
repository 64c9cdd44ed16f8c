"""What workers do to the runs that they hold: start, beat, complete, let go."""

from __future__ import annotations

from typing import Any

from . import handover, lifecycle, run_table, runs, worker_table
from .completion import Completion, completed
from .core import Engine, place_all
from .handover import Asking
from .ids import now_ms
from .records import RunRecord
from .registry import Process
from .snapshots import ConflictError, Execution
from .store import Transaction


class StaleSnapshotError(ConflictError):
    """The snapshot that was named is not the latest one of the run."""


async def start(engine: Engine, run_id: str, snapshot: str) -> RunRecord | None:
    """Start an attempt; None if there is no such run, `ConflictError` if it cannot start now."""

    def become(run: RunRecord) -> RunRecord:
        _check_latest(run, snapshot)
        return lifecycle.started(run, now_ms())

    return await engine.store.write(lambda t: run_table.change(t, run_id, become))


async def complete(
    engine: Engine,
    run_id: str,
    snapshot: str,
    completion: Completion,
    wanted: Asking | None = None,
) -> tuple[RunRecord, str, list[RunRecord]] | None:
    """End an attempt: the run, the `attemptStatus`, and what its worker is to do next if that is
    `wanted`. None and errors as `start`.
    """

    def work(transaction: Transaction) -> tuple[RunRecord, str, list[RunRecord]] | None:
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
        ended = run_table.update(transaction, run, ended)
        return ended, status, handover.take(transaction, wanted) if wanted else []

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
        engine.registry.heard(found)
    return found is not None


async def lose(
    engine: Engine, processes: list[Process], reason: str | None = None, *, begun: bool = True
) -> None:
    """These processes are gone: what they never got goes back, the rest again, or down.

    Not `begun` says that they got nothing of what they hold still.
    """
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
                back = not begun or engine.registry.sends_back(process, run)
                if back and run.execution is Execution.EXECUTING:
                    after = lifecycle.given_back(run, now_ms())
                else:
                    after = lifecycle.worker_lost(run, why, now_ms())
                run_table.update(transaction, run, after)
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
