"""What callers do to runs: trigger, cancel, change metadata."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from . import blocking, debounce, lifecycle, metadata, run_table, worker_table
from .core import Engine
from .ids import new_id, now_ms
from .records import RunRecord, WorkerRecord, replaced
from .registry import Coverage
from .snapshots import Execution
from .statuses import Status
from .store import Transaction
from .tokens import OneTime
from .trigger_request import RefusedError, TriggerRequest

_KEY_IS_FREE = frozenset({
    Status.COMPLETED_WITH_ERRORS, Status.CRASHED, Status.SYSTEM_FAILURE, Status.TIMED_OUT,
    Status.EXPIRED,
})  # fmt: skip


async def trigger(
    engine: Engine,
    request: TriggerRequest,
    *,
    streams_version: str,
    one_time: OneTime | None,
    request_key: str | None = None,
) -> tuple[str, bool]:
    """The bare id of the run, and whether an idempotency key had it already.

    A request that is sent again because its answer was lost, with the same `request_key`, is
    answered as it was.
    `RefusedError` where the token was used before or the version is unknown, `ConflictError` where
    the parent is to wait and cannot.
    """
    registered = Registered.of(engine)

    def make(transaction: Transaction) -> tuple[str, bool]:
        if one_time is not None:
            use_up(transaction, one_time, request.task)
        return create(transaction, request, registered, streams_version=streams_version)

    return await engine.store.write(lambda t: once(t, request_key, f"trigger {request.task}", make))


def once(
    transaction: Transaction,
    request_key: str | None,
    what: str,
    make: Callable[[Transaction], tuple[str, bool]],
) -> tuple[str, bool]:
    """What `make` gives, or what it gave for this very request, whose answer was lost: the same
    key for something else, `what`, is another request.
    """
    if request_key is None:
        return make(transaction)
    key = f"{what} {request_key}"
    query = "SELECT run, cached FROM trigger_requests WHERE key = ?"
    answered = transaction.execute(query, (key,)).fetchone()
    if answered is not None:
        return answered["run"], bool(answered["cached"])
    run_id, cached = make(transaction)
    transaction.execute("INSERT INTO trigger_requests VALUES (?, ?, ?)", (key, run_id, cached))
    return run_id, cached


@dataclass(frozen=True)
class Registered:
    """What the living workers have registered, as a value that the writer thread can hold."""

    coverage: Coverage
    settings: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, engine: Engine) -> Self:
        """As it is now. The newest process that has a task says how it is set up."""
        oldest_first = sorted(engine.registry.processes(), key=lambda process: process.order)
        settings: dict[str, dict[str, Any]] = {}
        for process in oldest_first:
            settings |= process.worker.tasks
        return cls(engine.registry.coverage(), settings)


def create(
    transaction: Transaction,
    request: TriggerRequest,
    registered: Registered,
    *,
    streams_version: str,
    batch: str | None = None,
    run_id: str | None = None,
) -> tuple[str, bool]:
    """As `trigger`, within a transaction. `batch` and `run_id` are bare; a run of another id was
    found by an idempotency key, or pushed back by a debounce key.
    """
    now = now_ms()
    cached = _cached(transaction, request, now)
    if cached is not None:
        _hold_parent(transaction, request, cached)
        return cached, True
    pushed_back = debounce.pushed_back(transaction, request, now)
    if pushed_back is not None:
        _hold_parent(transaction, request, pushed_back.id)
        return pushed_back.id, False
    locked = _locked_worker(transaction, request)
    tasks = locked.tasks if locked else registered.settings
    run = _new_run(transaction, request, locked, tasks.get(request.task, {}), now)
    run = replaced(run, streams_version=streams_version, batch=batch, id=run_id or run.id)
    run_table.insert(transaction, _enqueued(run, registered.coverage, now))
    if request.idempotency_key is not None:
        transaction.execute(
            "INSERT OR REPLACE INTO idempotency_keys VALUES (?, ?, ?, ?)",
            (request.task, request.idempotency_key, run.id, request.idempotency_key_expires),
        )
    debounce.remember(transaction, request, run.id)
    _hold_parent(transaction, request, run.id)
    return run.id, False


def _hold_parent(transaction: Transaction, request: TriggerRequest, child_id: str) -> None:
    """The parent waits for its child, from the same moment on in which there is one."""
    if not request.resume_parent or request.parent is None:
        return
    parent = run_table.get(transaction.execute, run_table.bare(request.parent))
    child = run_table.get(transaction.execute, child_id)
    if parent is None or child is None:
        raise RefusedError(422, f'parentRunId: there is no run "{request.parent}".')
    blocking.block_on_run(transaction, parent, child)


def use_up(transaction: Transaction, token: OneTime, task: str) -> None:
    """Mark a one-time token as used; `RefusedError` if it was."""
    fresh = transaction.execute("INSERT OR IGNORE INTO used_tokens VALUES (?, ?)", token)
    if not fresh.rowcount:
        raise RefusedError(
            422, f"Cannot trigger {task} with a one-time use token as it has already been used."
        )


def _cached(transaction: Transaction, request: TriggerRequest, now: int) -> str | None:
    if request.idempotency_key is None:
        return None
    row = transaction.execute(
        "SELECT run, expires_at FROM idempotency_keys WHERE task = ? AND key = ?",
        (request.task, request.idempotency_key),
    ).fetchone()
    if row is None or (row["expires_at"] is not None and row["expires_at"] <= now):
        return None
    run = run_table.get(transaction.execute, row["run"])
    return None if run is None or run.status in _KEY_IS_FREE else run.id


def _locked_worker(transaction: Transaction, request: TriggerRequest) -> WorkerRecord | None:
    if request.lock_to_version is None:
        return None
    worker = worker_table.by_version(transaction.execute, request.lock_to_version)
    if worker is None:
        raise RefusedError(
            422,
            f"lockToVersion: no worker of this engine ever registered version "
            f'"{request.lock_to_version}".',
        )
    return worker


def _new_run(
    transaction: Transaction,
    request: TriggerRequest,
    locked: WorkerRecord | None,
    settings: dict[str, Any],
    now: int,
) -> RunRecord:
    parent = None
    if request.parent is not None:
        parent = run_table.get(transaction.execute, run_table.bare(request.parent))
    ttl = settings.get("ttl") if request.ttl is None else request.ttl
    return RunRecord(
        id=new_id(now),
        task=request.task,
        status=Status.DELAYED,
        execution=Execution.DELAYED,
        snapshot=new_id(now),
        snapshot_at=now,
        description="Run was created",
        created_at=now,
        updated_at=now,
        due_at=request.delay_until,
        delay_until=request.delay_until,
        ttl=ttl if isinstance(ttl, str) and ttl else None,
        payload=request.payload,
        payload_type=request.payload_type,
        metadata=request.metadata,
        seed_metadata=request.metadata,
        tags=request.tags,
        is_test=request.is_test,
        max_attempts=request.max_attempts,
        max_duration=request.max_duration,
        queue=request.queue,
        concurrency_key=request.concurrency_key,
        idempotency_key=request.idempotency_key,
        own_key=request.own_key,
        priority=request.priority,
        machine=request.machine,
        region=request.region,
        origin=locked.origin if locked else None,
        parent=parent.id if parent else None,
        root=(parent.root or parent.id) if parent else None,
        depth=parent.depth + 1 if parent else 0,
    )


def _enqueued(run: RunRecord, coverage: Coverage, now: int) -> RunRecord:
    if run.delay_until is not None:
        return run
    queued = lifecycle.released(run, now)
    covered = coverage.covers(run.origin, run.task)
    queued = lifecycle.placed(queued, has_taker=covered, now=now)
    # nobody has seen it yet: it was created this way
    return replaced(queued, updated_at=run.created_at)


async def cancel(engine: Engine, run_id: str, reason: dict[str, Any] | None = None) -> bool:
    """Cancel a run; False if there is none. One that has ended stays as it is."""
    why = reason or lifecycle.CANCELED_BY_USER
    return await _changed(engine, run_id, lambda run: lifecycle.canceled(run, why, now_ms()))


async def replace_metadata(engine: Engine, run_id: str, text: str) -> bool:
    """Put `text` in the place of a run's metadata; False if there is no such run."""
    return await _changed(
        engine, run_id, lambda run: lifecycle.changed(run, now_ms(), metadata=text)
    )


async def change_metadata(engine: Engine, run_id: str, changes: metadata.Changes) -> str | None:
    """Change the metadata of a run and its relatives, giving its own new text; None if there is
    no such run.
    """

    def work(transaction: Transaction) -> str | None:
        change_relatives(transaction, run_id, changes)
        changed = _operate(transaction, run_id, changes.own)
        return None if changed is None else changed.metadata

    return await engine.store.write(work)


def change_relatives(transaction: Transaction, run_id: str, changes: metadata.Changes) -> None:
    """Carry out the operations on the parent and the root of a run; itself where it has none."""
    run = run_table.get(transaction.execute, run_id)
    if run is None or not (changes.parent or changes.root):
        return
    if changes.key is not None:
        row = (changes.key, run.id)
        new = transaction.execute("INSERT OR IGNORE INTO trigger_requests VALUES (?, ?, 0)", row)
        if not new.rowcount:
            return
    _operate(transaction, run.parent or run.id, changes.parent)
    _operate(transaction, run.root or run.id, changes.root)


def _operate(
    transaction: Transaction, run_id: str, operations: Sequence[metadata.Operation]
) -> RunRecord | None:
    def become(run: RunRecord) -> RunRecord:
        text = metadata.apply(run.metadata, operations) if operations else run.metadata
        return run if text == run.metadata else lifecycle.changed(run, now_ms(), metadata=text)

    return run_table.change(transaction, run_id, become)


async def _changed(engine: Engine, run_id: str, become: Callable[[RunRecord], RunRecord]) -> bool:
    changed = await engine.store.write(lambda t: run_table.change(t, run_id, become))
    return changed is not None
