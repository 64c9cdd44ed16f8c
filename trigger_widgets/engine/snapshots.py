"""The state machine of a run: what may happen when, and what it is then.

Each transition makes a new snapshot; a worker that starts or completes must name the latest one
(worker-protocol.md §6). A run that waits keeps its worker, which sleeps in the middle of the task,
but counts against no queue.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from .statuses import Status


class Execution(StrEnum):
    """Where a run is. BETWEEN_ATTEMPTS is ours: the wire calls it EXECUTING."""

    DELAYED = "DELAYED"
    QUEUED = "QUEUED"
    PENDING_EXECUTING = "PENDING_EXECUTING"
    EXECUTING = "EXECUTING"
    WAITING = "EXECUTING_WITH_WAITPOINTS"
    BETWEEN_ATTEMPTS = "BETWEEN_ATTEMPTS"
    PENDING_CANCEL = "PENDING_CANCEL"
    FINISHED = "FINISHED"

    @property
    def wire(self) -> str:
        """The `executionStatus` that a worker is told."""
        return "EXECUTING" if self is Execution.BETWEEN_ATTEMPTS else self.value

    @property
    def has_worker(self) -> bool:
        """Whether a worker holds the run."""
        return self in (
            Execution.PENDING_EXECUTING,
            Execution.EXECUTING,
            Execution.WAITING,
            Execution.BETWEEN_ATTEMPTS,
            Execution.PENDING_CANCEL,
        )

    @property
    def has_slot(self) -> bool:
        """Whether the run counts against its queue's limit."""
        return self.has_worker and self is not Execution.WAITING


class Event(StrEnum):
    """What can happen to a run."""

    RELEASE = "release"  # its delay, or the delay of its retry, is over
    ADOPT = "adopt"  # a live worker has its task
    ORPHAN = "orphan"  # no live worker has its task any more
    DEQUEUE = "dequeue"
    START = "start"
    WAIT = "wait"
    RESUME = "resume"  # everything it waited for is there
    RETRY_HERE = "retry here"  # the same worker starts the next attempt
    RETRY_QUEUED = "retry queued"  # any worker starts it, later
    GIVE_BACK = "give back"  # handed to a worker that never heard of it
    REQUEUE = "requeue"  # its worker died, and attempts remain
    CANCEL = "cancel"
    FINISH = "finish"
    EXPIRE = "expire"


class State(NamedTuple):
    """`description` is for people; the wire carries it."""

    execution: Execution
    status: Status
    description: str


class ConflictError(Exception):
    """The event cannot happen in this state."""


_WITH_WORKER = [execution for execution in Execution if execution.has_worker]
_X, _S, _E = Execution, Status, Event
_QUEUED = State(_X.QUEUED, _S.PENDING, "Run was QUEUED")
_CANCELED = State(_X.FINISHED, _S.CANCELED, "Run was canceled")
_CANCELING = State(_X.PENDING_CANCEL, _S.CANCELED, "Run is being canceled")
_IN_TASK = (_X.EXECUTING, _X.WAITING)
"""An attempt goes on; a task may also end while a wait of its, in another thread, does not."""

TABLE: dict[tuple[Execution, Event], State] = {
    (_X.DELAYED, _E.RELEASE): _QUEUED,
    (_X.QUEUED, _E.RELEASE): _QUEUED,
    (_X.QUEUED, _E.ADOPT): _QUEUED,
    (_X.QUEUED, _E.ORPHAN): State(
        _X.QUEUED, _S.PENDING_VERSION, "Run waits for a worker that has its task"
    ),
    (_X.QUEUED, _E.DEQUEUE): State(
        _X.PENDING_EXECUTING, _S.DEQUEUED, "Run was dequeued for execution"
    ),
    **{
        (execution, _E.START): State(
            _X.EXECUTING, _S.EXECUTING, "Attempt created, starting execution"
        )
        for execution in (_X.PENDING_EXECUTING, _X.BETWEEN_ATTEMPTS)
    },
    **{
        (execution, _E.WAIT): State(
            _X.WAITING, _S.WAITING_TO_RESUME, "Run was blocked by a waitpoint."
        )
        for execution in _IN_TASK
    },
    (_X.WAITING, _E.RESUME): State(
        _X.EXECUTING, _S.EXECUTING, "Run was continued, whilst still executing."
    ),
    **{
        (execution, _E.RETRY_HERE): State(
            _X.BETWEEN_ATTEMPTS,
            _S.EXECUTING,
            "Attempt failed with a short delay, starting a new attempt",
        )
        for execution in _IN_TASK
    },
    **{
        (execution, _E.RETRY_QUEUED): State(
            _X.QUEUED, _S.RETRYING_AFTER_FAILURE, "Attempt failed, the run is queued again"
        )
        for execution in _IN_TASK
    },
    **{(execution, _E.GIVE_BACK): _QUEUED for execution in (_X.PENDING_EXECUTING, _X.EXECUTING)},
    **{(execution, _E.REQUEUE): _QUEUED for execution in (*_IN_TASK, _X.BETWEEN_ATTEMPTS)},
    **{
        (execution, _E.CANCEL): _CANCELED
        for execution in (_X.DELAYED, _X.QUEUED, _X.PENDING_EXECUTING)
    },
    **{(execution, _E.CANCEL): _CANCELING for execution in (*_IN_TASK, _X.BETWEEN_ATTEMPTS)},
    **{
        (execution, _E.EXPIRE): State(_X.FINISHED, _S.EXPIRED, "Run expired")
        for execution in (_X.DELAYED, _X.QUEUED)
    },
}


def transition(execution: Execution, event: Event) -> State:
    """The state after `event`, for every event but FINISH; `ConflictError` where there is none."""
    try:
        return TABLE[execution, event]
    except KeyError:
        raise ConflictError(f"a run that is {execution} cannot {event}") from None


def finish(execution: Execution, status: Status) -> State:
    """The end of a run that a worker holds.

    What was canceled stays canceled, whatever its worker says last. (A real server lets a
    success through there and keeps the error "Canceled by user", worker-protocol.md §7.)
    """
    if execution not in _WITH_WORKER or not status.is_final:
        raise ConflictError(f"a run that is {execution} cannot become {status}")
    if execution is Execution.PENDING_CANCEL:
        return _CANCELED
    words = "successfully" if status is Status.COMPLETED_SUCCESSFULLY else f"as {status}"
    return State(Execution.FINISHED, status, f"Task completed {words}")
