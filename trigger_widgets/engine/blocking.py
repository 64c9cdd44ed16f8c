"""Runs that wait, inside a transaction: what blocks them, and what lets them go on."""

from __future__ import annotations

import json
from dataclasses import replace

from trigger_widgets.packets import JSON_TYPE

from . import batch_table, lifecycle, run_table, waitpoint_table
from .batch_table import BatchRecord, Ended
from .ids import iso, new_id, now_ms
from .records import RunRecord, WaitpointRecord
from .snapshots import ConflictError, Execution
from .statuses import Status
from .store import Transaction

TOKEN = "MANUAL"  # noqa: S105 - a kind of waitpoint
MOMENT = "DATETIME"
RUN = "RUN"
BATCH = "BATCH"
_GROUP = 500
_BATCH_OVER = "Batch waitpoint completed"
"""As measured; each of its runs says how it ended."""
_IS_OVER = (Execution.PENDING_CANCEL, Execution.FINISHED)
"""A wait in these blocks nothing, and is no mistake: the task has yet to hear of its end."""


def block(transaction: Transaction, run: RunRecord, waitpoint: WaitpointRecord) -> None:
    """Let `run` wait; several waits at once block until the last of them is over, as measured.

    `ConflictError` if no worker executes it.
    """
    if run.execution in _IS_OVER:
        return
    blocked = run_table.update(transaction, run, lifecycle.waiting(run, now_ms()))
    waitpoint_table.add_wait(transaction, blocked, waitpoint)
    _resume(transaction, blocked)


def block_on_run(transaction: Transaction, parent: RunRecord, child: RunRecord) -> None:
    """Let `parent` wait until `child` has ended. `ConflictError` also if the parent's end is near.

    The waitpoint of a run has the run's id for its key.
    """
    _check_can_wait(parent)
    waitpoint, is_new = _end_of(transaction, RUN, child.id)
    if is_new and child.execution is Execution.FINISHED:  # an idempotency key has found it
        _run_ended(transaction, child)
    block(transaction, parent, waitpoint)


def _check_can_wait(parent: RunRecord) -> None:
    if parent.execution not in (Execution.EXECUTING, Execution.WAITING):
        raise ConflictError(f"a run that is {parent.execution} cannot wait")


def _end_of(transaction: Transaction, kind: str, key: str) -> tuple[WaitpointRecord, bool]:
    """The end of a run or a batch as a waitpoint, and whether it is a new one."""
    now = now_ms()
    waitpoint = waitpoint_table.with_key(transaction.execute, kind, key, now)
    if waitpoint is not None:
        return waitpoint, False
    waitpoint = WaitpointRecord(id=new_id(now), type=kind, created_at=now, idempotency_key=key)
    waitpoint_table.insert(transaction, waitpoint)
    return waitpoint, True


def expect_wait(transaction: Transaction, batch: BatchRecord, parent: str | None) -> None:
    """`parent` is to wait for all runs of a batch: from now on if it has them, else from the
    moment in which it has. `ConflictError` as `block_on_run`.

    The waitpoint of a batch has the batch's id for its key; before there are runs, that there is
    one says that somebody will wait.
    """
    run = run_table.get(transaction.execute, run_table.bare(parent or ""))
    if run is None:
        raise ConflictError(f'there is no run "{parent}"')
    _check_can_wait(run)
    waitpoint, _ = _end_of(transaction, BATCH, batch.id)
    if batch.sealed_at is not None:
        block(transaction, run, waitpoint)


def batch_sealed(transaction: Transaction, batch: BatchRecord) -> None:
    """A batch has its runs: who is to wait for them waits."""
    waitpoint = waitpoint_table.with_key(transaction.execute, BATCH, batch.id, now_ms())
    if waitpoint is None:
        return
    run = run_table.get(transaction.execute, run_table.bare(batch.parent or ""))
    if run is not None:
        _check_can_wait(run)
        block(transaction, run, waitpoint)
    _end_batch(transaction, batch.id)


def _end_batch(transaction: Transaction, batch_id: str) -> None:
    if batch_table.is_over(transaction.execute, batch_id):
        waitpoint = waitpoint_table.with_key(transaction.execute, BATCH, batch_id, now_ms())
        if waitpoint is not None:
            complete(transaction, replace(waitpoint, output=_BATCH_OVER))


def complete(transaction: Transaction, waitpoint: WaitpointRecord) -> None:
    """Store a completion, and let those go on who waited for nothing else; the first one counts."""
    done = replace(waitpoint, completed_at=now_ms())
    if waitpoint_table.complete(transaction, done):
        for run in waitpoint_table.waiting_runs(transaction.execute, done):
            _resume(transaction, run)


def _resume(transaction: Transaction, run: RunRecord) -> None:
    if waitpoint_table.is_free(transaction.execute, run):
        resumed = run_table.update(transaction, run, lifecycle.resumed(run, now_ms()))
        waitpoint_table.end_waits(transaction, resumed)


def fire_due(transaction: Transaction) -> None:
    """Complete what is due: moments that have come, and tokens that nobody completed in time."""
    where = "due_at <= ? AND completed_at IS NULL AND due_at IS NOT NULL ORDER BY due_at LIMIT ?"
    for waitpoint in waitpoint_table.select(transaction.execute, where, now_ms(), _GROUP):
        over = _timed_out(waitpoint) if waitpoint.type == TOKEN else waitpoint
        complete(transaction, over)


def _timed_out(waitpoint: WaitpointRecord) -> WaitpointRecord:
    words = f"Waitpoint timed out at {iso(waitpoint.due_at or 0)}"
    error = {"code": "TRIGGER_WAITPOINT_TIMEOUT", "message": words}
    text = json.dumps(error, separators=(",", ":"))
    return replace(waitpoint, output=text, output_type=JSON_TYPE, output_is_error=True)


def conclude(transaction: Transaction) -> None:
    """What follows from the runs that ended in this transaction, for those who waited for them."""
    while transaction.ended:
        run = run_table.get(transaction.execute, transaction.ended.pop())
        if run is not None:
            _run_ended(transaction, run)


def _run_ended(transaction: Transaction, run: RunRecord) -> None:
    waitpoint = waitpoint_table.with_key(transaction.execute, RUN, run.id, now_ms())
    if waitpoint is not None:
        complete(transaction, with_outcome(waitpoint, run))
    for batch_id in batch_table.awaited_with(transaction.execute, run.id, BATCH):
        _end_batch(transaction, batch_id)
    if run.status is Status.CANCELED:
        children = waitpoint_table.awaited(transaction.execute, run, RUN)
        for batch_id in waitpoint_table.awaited(transaction.execute, run, BATCH):
            children += batch_table.unfinished(transaction.execute, batch_id)
        for child_id in children:
            run_table.change(
                transaction,
                child_id,
                lambda child: lifecycle.canceled(child, lifecycle.CANCELED_BY_USER, now_ms()),
            )


def with_outcome(waitpoint: WaitpointRecord, run: RunRecord | Ended) -> WaitpointRecord:
    """The output of a run, or its error as JSON (devworker-09 and -10)."""
    if run.status == Status.COMPLETED_SUCCESSFULLY:
        return replace(waitpoint, output=run.output, output_type=run.output_type)
    return replace(waitpoint, output=run.error, output_type=JSON_TYPE, output_is_error=True)
