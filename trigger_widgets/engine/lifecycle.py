"""What each thing that happens to a run makes of its record. Data in, data out.

The one timer of a run, `due_at`, means by state: DELAYED, its release; QUEUED, its expiry (or,
after a failed attempt, its release); PENDING_EXECUTING, nobody started it; EXECUTING and
WAITING, its worker has gone silent; PENDING_CANCEL, nobody answered the cancellation.
"""

from __future__ import annotations

from typing import Any

from trigger_widgets.durations import parse_duration
from trigger_widgets.errors import ConfigurationError
from trigger_widgets.jsonable import compact

from .ids import new_id
from .records import RunRecord, WorkerRecord, replaced
from .snapshots import Event, Execution, State, finish, transition
from .statuses import Status

START_GRACE_MS = 30_000
"""A real server waits 60 s for the start of a dequeued run; here a lost answer costs less."""
HEARTBEAT_LIMIT_MS = 300_000
CANCEL_GRACE_MS = 30_000

CANCELED_BY_USER = {"type": "STRING_ERROR", "raw": "Canceled by user"}
SESSION_ENDED = {"type": "STRING_ERROR", "raw": "Dev session ended (CLI exited)"}


def error_text(error: dict[str, Any]) -> str:
    """An error as Postgres prints its jsonb column: shorter keys first, then by name."""
    ordered = {key: error[key] for key in sorted(error, key=lambda key: (len(key), key))}
    return compact(ordered)


def changed(run: RunRecord, now: int, **changes: Any) -> RunRecord:
    """`run` with `changes`. `updated_at` always grows: it is the offset of the run's feed."""
    return replaced(run, updated_at=max(now, run.updated_at + 1), **changes)


def _move(run: RunRecord, state: State, now: int, **changes: Any) -> RunRecord:
    return changed(
        run,
        now,
        execution=state.execution,
        status=state.status,
        description=state.description,
        snapshot=new_id(now),
        snapshot_at=now,
        **changes,
        # a held run counts against its queue; `worker` stays, to say who had it
        **({"process": None} if state.execution is Execution.FINISHED else {}),
    )


def expiry(run: RunRecord, queued_at: int) -> int | None:
    """When the `ttl` of a run is over; it counts until the first attempt starts."""
    if run.ttl is None or run.attempt:
        return None
    try:
        return queued_at + int(parse_duration(run.ttl).total_seconds() * 1000)
    except (ConfigurationError, OverflowError):
        return None  # a real server takes any text for a ttl and ignores what it cannot read


def released(run: RunRecord, now: int) -> RunRecord:
    """Its delay, or the delay before its next attempt, is over."""
    state = transition(run.execution, Event.RELEASE)
    return _move(run, state, now, queued_at=now, due_at=expiry(run, now))


def placed(run: RunRecord, *, has_taker: bool, now: int) -> RunRecord:
    """A queued run says PENDING_VERSION while no live worker has its task."""
    if run.execution is not Execution.QUEUED:
        return run
    if has_taker and run.status is Status.PENDING_VERSION:
        return _move(run, transition(run.execution, Event.ADOPT), now)
    if not has_taker and run.status is Status.PENDING:
        return _move(run, transition(run.execution, Event.ORPHAN), now)
    return run


def dequeued(run: RunRecord, worker: WorkerRecord, now: int) -> RunRecord:
    """`worker` takes the run; its task's own settings fill what the trigger left open."""
    task = worker.tasks.get(run.task, {})
    retry = task.get("retry") or {}
    return _move(
        run,
        transition(run.execution, Event.DEQUEUE),
        now,
        started_at=run.started_at or now,
        due_at=now + START_GRACE_MS,
        worker=worker.id,
        process=worker.process,
        version=worker.version,
        queue=run.queue or default_queue(worker, run.task),
        max_attempts=_first(run.max_attempts, retry.get("maxAttempts")),
        max_duration=_first(run.max_duration, task.get("maxDuration")),
        machine=run.machine or (task.get("machine") or {}).get("preset"),
    )


def default_queue(worker: WorkerRecord, task: str) -> str:
    """The queue of the runs of a task that were triggered into none."""
    queue = worker.tasks.get(task, {}).get("queue") or {}
    return queue.get("name") or f"task/{task}"


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def started(run: RunRecord, now: int) -> RunRecord:
    """An attempt starts."""
    return _move(
        run,
        transition(run.execution, Event.START),
        now,
        attempt=run.attempt + 1,
        executed_at=run.executed_at or now,
        due_at=now + HEARTBEAT_LIMIT_MS,
    )


def begun(run: RunRecord, worker: WorkerRecord, snapshot: str, now: int) -> RunRecord:
    """`worker` takes the run, and its attempt starts; the worker has named the snapshot."""
    return replaced(started(dequeued(run, worker, now), now), snapshot=snapshot)


def renamed(run: RunRecord, snapshot: str) -> RunRecord:
    """The same under another snapshot. It changes nothing that anybody sees."""
    return replaced(run, snapshot=snapshot)


def given_back(run: RunRecord, now: int) -> RunRecord:
    """Handed to a worker that never heard of it: the queue has it again, in its old place, and an
    attempt that was started with that does not count.
    """
    state = transition(run.execution, Event.GIVE_BACK)
    if run.execution is Execution.EXECUTING:
        run = replaced(run, attempt=run.attempt - 1)
        run = replaced(run, executed_at=run.executed_at if run.attempt else None)
    due_at = expiry(run, run.queued_at or now)
    return _move(run, state, now, due_at=due_at, worker=None, process=None)


def heard(run: RunRecord, now: int) -> RunRecord:
    """A heartbeat. It changes nothing that anybody sees."""
    if run.execution in (Execution.EXECUTING, Execution.WAITING, Execution.BETWEEN_ATTEMPTS):
        return replaced(run, due_at=now + HEARTBEAT_LIMIT_MS)
    return run


def waiting(run: RunRecord, now: int) -> RunRecord:
    """Its task waits for something; the worker that runs it goes on beating."""
    return _move(run, transition(run.execution, Event.WAIT), now, due_at=now + HEARTBEAT_LIMIT_MS)


def resumed(run: RunRecord, now: int) -> RunRecord:
    """Everything that its task waited for is there."""
    return _move(run, transition(run.execution, Event.RESUME), now, due_at=now + HEARTBEAT_LIMIT_MS)


def retry_here(run: RunRecord, delay_ms: int, now: int) -> RunRecord:
    """The worker sleeps `delay_ms` and starts the next attempt itself."""
    state = transition(run.execution, Event.RETRY_HERE)
    return _move(run, state, now, due_at=now + delay_ms + HEARTBEAT_LIMIT_MS)


def retry_queued(run: RunRecord, delay_ms: int, now: int) -> RunRecord:
    """Whoever dequeues it after `delay_ms` starts the next attempt."""
    state = transition(run.execution, Event.RETRY_QUEUED)
    return _move(run, state, now, due_at=now + delay_ms, worker=None, process=None)


def finished(
    run: RunRecord, status: Status, now: int, error: dict[str, Any] | None = None, **changes: Any
) -> RunRecord:
    """The end, as the worker that holds the run says it. An error of before is kept."""
    state = finish(run.execution, status)
    text = error_text(error) if error and run.error is None else run.error
    return _move(run, state, now, error=text, completed_at=now, due_at=None, **changes)


def canceled(run: RunRecord, reason: dict[str, Any], now: int) -> RunRecord:
    """Somebody cancels: at once where no attempt runs, else its worker is asked to stop."""
    if run.execution in (Execution.FINISHED, Execution.PENDING_CANCEL):
        return run
    state = transition(run.execution, Event.CANCEL)
    pending = state.execution is Execution.PENDING_CANCEL
    return _move(
        run,
        state,
        now,
        error=error_text(reason),
        completed_at=None if pending else now,
        due_at=now + CANCEL_GRACE_MS if pending else None,
    )


def expired(run: RunRecord, now: int) -> RunRecord:
    """Its `ttl` is over before anybody started it."""
    reason = f"Run expired because the TTL ({run.ttl}) was reached"
    return _move(
        run,
        transition(run.execution, Event.EXPIRE),
        now,
        error=error_text({"type": "STRING_ERROR", "raw": reason}),
        expired_at=now,
        completed_at=now,
        due_at=None,
    )


def worker_lost(run: RunRecord, reason: str, now: int) -> RunRecord:
    """Whoever held the run is gone: again from the top if attempts remain, else CRASHED."""
    if run.execution is Execution.PENDING_EXECUTING:
        return given_back(run, now)
    if run.execution is Execution.PENDING_CANCEL:
        return finished(run, Status.CANCELED, now)
    if run.attempt < (run.max_attempts or 1):
        state = transition(run.execution, Event.REQUEUE)
        return _move(run, state, now, queued_at=now, due_at=None, worker=None, process=None)
    error = {
        "type": "INTERNAL_ERROR",
        "code": "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE",
        "message": reason,
    }
    return finished(run, Status.CRASHED, now, error)


def fired(run: RunRecord, now: int) -> RunRecord:
    """The run's timer has run out."""
    if run.execution is Execution.DELAYED or run.status is Status.RETRYING_AFTER_FAILURE:
        return released(run, now)
    if run.execution is Execution.QUEUED:
        return expired(run, now)
    if run.execution is Execution.FINISHED:
        return replaced(run, due_at=None)
    silence = f"The worker said nothing for {HEARTBEAT_LIMIT_MS // 1000} s and was given up."
    return worker_lost(run, silence, now)
