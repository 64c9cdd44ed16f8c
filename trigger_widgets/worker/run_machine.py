"""One run in a worker's hands: what to do next, decided without I/O, clock or threads.

| state      | what goes on                                   | leaves on                        |
|------------|------------------------------------------------|----------------------------------|
| STARTING   | `attempts/start` was asked for                 | Started, Refused                 |
| EXECUTING  | the task runs                                  | Finished, TimeUp, Changed        |
| STOPPING   | the task was asked to stop, `reason` says why  | Finished                         |
| COMPLETING | `attempts/complete` was asked for              | Completed, Refused, Rejected     |
| SLEEPING   | a short retry delay, slept by the worker       | Slept, Changed                   |
| ENDED      | nothing of ours is left to do                  |                                  |

Invariants. *latest*: start and complete name the newest snapshot this worker knows of.
*conflict*: a refused start or complete (a bare 500 on the wire, worker-protocol.md §1) is never
repeated blindly: the latest snapshot decides. *canceled*: a run in PENDING_CANCEL is answered with
TASK_RUN_CANCELLED and nothing else (worker-protocol.md §7). *once*: a task is executed once for
each attempt that this worker has started.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import StrEnum

from trigger_widgets.tasks.options import RetryOptions

from . import outcomes
from .outcomes import Outcome
from .protocol import Snapshot
from .retrying import retry_delay
from .run_events import (
    Adopt,
    Changed,
    Complete,
    Completed,
    Effect,
    End,
    Event,
    Execute,
    Finished,
    Gone,
    Latest,
    Look,
    Refused,
    Rejected,
    Sleep,
    Slept,
    Start,
    Started,
    Stop,
    TimeUp,
)


class State(StrEnum):
    """See the table above."""

    STARTING = "STARTING"
    EXECUTING = "EXECUTING"
    STOPPING = "STOPPING"
    COMPLETING = "COMPLETING"
    SLEEPING = "SLEEPING"
    ENDED = "ENDED"


_CANCEL, _TIME, _DROP = "cancel", "time", "drop"
_BAD_MOMENT_SECONDS = 1.0


class RunMachine:
    """Feed it events, carry out the effects it answers with."""

    def __init__(self, dequeued: Snapshot, rand: Callable[[], float] = random.random) -> None:
        self.state = State.STARTING
        self.snapshot = dequeued
        self.attempt = 0
        self._rand = rand
        self._reason = ""
        self._started = Started(dequeued, 0, RetryOptions())
        self._outcome = Outcome()
        self._delay: int | None = None
        self._lost = False

    def begin(self) -> list[Effect]:
        """The first effects."""
        return [Start(self.snapshot.id)]

    def on(self, event: Event) -> list[Effect]:
        """The effects of an event; none where it means nothing in this state."""
        match self.state, event:
            case State.ENDED, _:
                return []
            case _, Gone():
                return self._drop()
            case State.STARTING, Started():
                return self._begin_attempt(event)
            case State.STARTING | State.COMPLETING, Refused():
                self._lost = event.lost
                return [Look()]
            case State.STARTING, Latest():
                return self._start_refused(event.snapshot)
            case State.COMPLETING, Latest():
                return self._completion_refused(event.snapshot)
            case State.EXECUTING | State.STOPPING | State.SLEEPING, Changed():
                return self._changed(event)
            case State.EXECUTING, TimeUp():
                return self._stop(_TIME)
            case State.EXECUTING | State.STOPPING, Finished():
                return self._finished(event.outcome)
            case State.COMPLETING, Rejected():
                return self._rejected(event.message)
            case State.COMPLETING, Completed():
                return self._completed(event)
            case State.SLEEPING, Slept():
                self.state = State.STARTING
                return [Start(self.snapshot.id)]
        return []

    def _begin_attempt(self, event: Started) -> list[Effect]:
        self.state = State.EXECUTING
        self.snapshot = event.snapshot
        self.attempt = event.attempt
        self._started = event
        return [Execute(event.max_duration)]

    def _start_refused(self, latest: Snapshot) -> list[Effect]:
        if latest.status == "PENDING_CANCEL":
            return self._answer_cancel(latest)
        if latest == self.snapshot:  # nothing happened to it: the server had a bad moment
            return [Start(self.snapshot.id, delay=_BAD_MOMENT_SECONDS)]
        if latest.status == "EXECUTING" and self._lost:
            return [Adopt(latest)]
        return self._end("dropped")

    def _changed(self, event: Changed) -> list[Effect]:
        latest = event.snapshot
        if event.after != self.snapshot.id or latest.id == self.snapshot.id:
            return []  # from before our own last step
        if latest.status == "PENDING_CANCEL":
            self.snapshot = latest
            return (
                self._answer_cancel(latest) if self.state is State.SLEEPING else self._stop(_CANCEL)
            )
        if latest.status.startswith("EXECUTING"):
            self.snapshot = latest
            return []
        return self._drop()

    def _stop(self, reason: str) -> list[Effect]:
        self._reason = reason
        if self.state is State.STOPPING:
            return []
        self.state = State.STOPPING
        return [Stop()]

    def _drop(self) -> list[Effect]:
        """It is somebody else's now, or over."""
        if self.state in (State.EXECUTING, State.STOPPING):
            return self._stop(_DROP)
        return self._end("dropped")

    def _finished(self, outcome: Outcome) -> list[Effect]:
        if self._reason == _DROP:
            return self._end("dropped")
        if self._reason == _CANCEL:
            outcome = outcomes.canceled(outcome)
        elif self._reason == _TIME:
            outcome = outcomes.timed_out(self._started.max_duration or 0, outcome)
        self._outcome = outcome
        self._delay = self._retry_delay(outcome)
        return self._complete()

    def _retry_delay(self, outcome: Outcome) -> int | None:
        if outcome.ok or not outcome.may_retry or outcome.server_retries:
            return None
        started = self._started
        return retry_delay(started.attempt, started.retry, started.max_attempts, self._rand)

    def _complete(self, delay: float = 0) -> list[Effect]:
        self.state = State.COMPLETING
        return [Complete(self.snapshot.id, self._outcome, self._delay, delay)]

    def _rejected(self, message: str) -> list[Effect]:
        if not self._outcome.ok and not self._outcome.metadata:
            return self._end("dropped")  # a plain failure is refused too: no answer is possible
        error = outcomes.built_in_error("TaskOutputError", message, f"TaskOutputError: {message}")
        self._outcome, self._delay = Outcome(error=error, may_retry=False), None
        return self._complete()

    def _answer_cancel(self, latest: Snapshot) -> list[Effect]:
        self.snapshot = latest
        self._reason = _CANCEL
        self._outcome, self._delay = outcomes.canceled(self._outcome), None
        return self._complete()

    def _completed(self, event: Completed) -> list[Effect]:
        self.snapshot = event.snapshot
        match event.attempt_status:
            case "RETRY_IMMEDIATELY":
                return self._sleep()
            case "RETRY_QUEUED":
                return self._end("retrying")
            case "RUN_PENDING_CANCEL":
                return [Look()]
        return self._end(self._how())

    def _completion_refused(self, latest: Snapshot) -> list[Effect]:
        if latest.status == "PENDING_CANCEL":
            return self._answer_cancel(latest)
        if latest.status.startswith("EXECUTING"):
            if self._lost and self._delay is not None and latest.id != self.snapshot.id:
                self.snapshot = latest  # the server took it, and only its answer was lost
                return self._sleep()
            bad_moment = latest.id == self.snapshot.id and not self._lost
            self.snapshot = latest
            return self._complete(delay=_BAD_MOMENT_SECONDS if bad_moment else 0)
        return self._end(self._how() if latest.status == "FINISHED" else "dropped")

    def _sleep(self) -> list[Effect]:
        self.state = State.SLEEPING
        return [Sleep(self._delay or 0)]

    def _end(self, how: str) -> list[Effect]:
        self.state = State.ENDED
        return [End(how)]

    def _how(self) -> str:
        if self._outcome.ok:
            return "completed"
        return {_CANCEL: "canceled", _TIME: "timed out"}.get(self._reason, "failed")
