"""Carries one run from its dequeued message to its end: the I/O around `RunMachine`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from trigger_widgets.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    NotFoundError,
    ServerError,
)
from trigger_widgets.packets import encode_packet
from trigger_widgets.tasks.link import WaitFor
from trigger_widgets.tasks.options import RetryOptions

from . import run_events as ev
from .countdown import Countdown
from .handover import Handover
from .jobs import Execution, Executor, Job, Listener
from .outcomes import to_completion
from .protocol import Backoff, Snapshot, WorkerApi
from .run_machine import RunMachine, State
from .run_wait import RunWait

HEARTBEAT_SECONDS = 30.0
_WATCH_SECONDS = 25.0
_UNWATCHED_SECONDS = 0.05
"""A run that ends sooner is never watched: a held request that is broken off costs its
connection, which would be half the cost of a short run.
"""
_POLL_SECONDS = 2.0
_LONG_RETRY_SECONDS = 1.0

T = TypeVar("T")


class RunDriver:
    """One run. It holds one of the `slots` while its task computes, and none while it waits."""

    def __init__(
        self,
        message: dict[str, Any],
        *,
        api: WorkerApi,
        executor: Executor,
        handover: Handover,
        retry_options: Callable[[str], RetryOptions],
        listener: Listener,
    ) -> None:
        self.run_id: str = message["run"]["friendlyId"]
        self._api = api
        self._executor = executor
        self._handover = handover
        self._slots = handover.slots
        self._has_slot = True  # taken when the run came
        self._started: dict[str, Any] | None = message.get("started")
        self._retry_options = retry_options
        self._listener = listener
        self._machine = RunMachine(_snapshot(message["snapshot"]))
        self._events: asyncio.Queue[ev.Event] = asyncio.Queue()
        self._doing: set[asyncio.Task[None]] = set()
        self._job: Job | None = None
        self._execution: Execution | None = None
        self._countdown: Countdown | None = None
        self._waits = RunWait(api, self)
        self._worth_watching = asyncio.Event()
        self._until_watched: asyncio.TimerHandle | None = None
        self._task_id: str | None = None
        self._last_error = ""

    async def drive(self) -> None:
        """Until the run has ended or is no longer ours."""
        try:
            effects = self._begin_machine()
            self._spawn(self._heartbeat())
            self._spawn(self._watch())
            while True:
                for effect in effects:
                    if isinstance(effect, ev.End):
                        self._tell(effect.how, self._last_error or None)
                        return
                    self._carry_out(effect)
                effects = self._machine.on(await self._events.get())
        finally:
            if self._execution is not None:
                self._execution.stop()
            for doing in self._doing:
                doing.cancel()
            self._give_slot_back()

    def _begin_machine(self) -> list[ev.Effect]:
        if self._started is None:
            return self._machine.begin()
        self._begin(self._started["execution"], _snapshot(self._started["snapshot"]))
        return []

    async def wait(self, what: WaitFor) -> dict[str, Any]:
        """Block the run; gives the completed waitpoint."""
        self._worth_watching.set()
        return await self._waits.wait(what)

    # ---- Place, for its waits

    def leave(self) -> None:
        """The task computes nothing for now: others may."""
        if self._countdown is not None:
            self._countdown.pause()
        if self._execution is not None and self._execution.park():
            self._give_slot_back()

    async def come_back(self) -> None:
        """The task goes on as soon as there is a slot."""
        await self._take_slot()
        self._go_on()

    def come_back_now(self) -> None:
        """The task goes on already."""
        if self._execution is not None and not self._has_slot:
            self._has_slot = True
            self._slots.take()
        self._go_on()

    def _go_on(self) -> None:
        if self._execution is not None:
            self._execution.unpark()
        if self._countdown is not None:
            self._countdown.resume()

    def _carry_out(self, effect: ev.Effect) -> None:
        match effect:
            case ev.Start():
                self._spawn(self._start(effect))
            case ev.Adopt():
                self._spawn(self._adopt(effect.snapshot))
            case ev.Execute():
                self._spawn(self._execute(effect.max_duration))
            case ev.Stop():
                if self._execution is not None:
                    self._execution.stop()
            case ev.Complete():
                self._spawn(self._complete(effect))
            case ev.Look():
                self._spawn(self._look())
            case ev.Sleep():
                self._tell("retrying", f"in {effect.delay / 1000:.1f} s: {self._last_error}")
                self._spawn(self._sleep(effect.delay / 1000))

    async def _start(self, effect: ev.Start) -> None:
        await asyncio.sleep(effect.delay)
        await self._take_slot()
        snapshot = effect.snapshot
        answer = await self._ask(lambda: self._api.start(self.run_id, snapshot))
        if answer is not None:
            self._begin(answer["execution"], _snapshot(answer["snapshot"]))

    async def _adopt(self, snapshot: Snapshot) -> None:
        run = await self._ask(lambda: self._api.retrieve(self.run_id), insist=True)
        if run is None:
            return
        packet = encode_packet(run.get("payload"))
        execution = {
            "run": {**run, "payload": packet.data, "payloadType": packet.data_type},
            "attempt": {"number": run.get("attemptCount", 1)},
            "task": {"id": run["taskIdentifier"]},
        }
        self._begin(execution, snapshot)

    def _begin(self, execution: dict[str, Any], snapshot: Snapshot) -> None:
        self._job = Job.from_execution(execution)
        self._task_id = self._job.task_id
        self._watch_soon()
        run, attempt = execution["run"], execution["attempt"]["number"]
        self._tell("started", None if attempt == 1 else f"attempt {attempt}")
        self._events.put_nowait(
            ev.Started(
                snapshot,
                attempt,
                self._retry_options(self._task_id),
                max_attempts=run.get("maxAttempts"),
                max_duration=run.get("maxDuration"),
            )
        )

    async def _execute(self, max_duration: float | None) -> None:
        assert self._job is not None  # noqa: S101 - Execute follows Started, which made it
        self._execution = execution = await self._executor.begin(self._job)
        if self._machine.state is State.STOPPING:
            execution.stop()
        self._countdown = Countdown(max_duration, lambda: self._events.put_nowait(ev.TimeUp()))
        began = asyncio.get_running_loop().time()
        outcome = await asyncio.shield(execution.outcome)
        self._slots.took(asyncio.get_running_loop().time() - began)
        self._countdown.pause()
        self._countdown = self._execution = None
        if self._until_watched is not None:
            self._until_watched.cancel()  # it is about to end
        if outcome.error is not None:
            self._last_error = outcome.error.get("message") or outcome.error.get("code", "")
        self._events.put_nowait(ev.Finished(outcome))

    async def _complete(self, effect: ev.Complete) -> None:
        await asyncio.sleep(effect.delay)
        completion = to_completion(self.run_id, self._task_id, effect.outcome, effect.retry_delay)
        result = await self._ask(lambda: self._end_attempt(effect.snapshot, completion))
        if result is not None:
            self._events.put_nowait(
                ev.Completed(result["attemptStatus"], _snapshot(result["snapshot"]))
            )

    async def _end_attempt(self, snapshot: str, completion: dict[str, Any]) -> dict[str, Any]:
        """Tell how it ended, and keep the slot meanwhile for what may come with the answer."""
        if not self._has_slot or self._slots.wanted:
            self._give_slot_back()
            answer = await self._api.complete(self.run_id, snapshot, completion)
            return dict(answer["result"])
        try:
            result, following = await self._handover.complete(self.run_id, snapshot, completion)
        finally:
            self._give_slot_back()
        self._handover.take(following)
        return result

    async def _look(self) -> None:
        execution = await self._ask(lambda: self._api.latest(self.run_id), insist=True)
        if execution is not None:
            self._events.put_nowait(ev.Latest(_snapshot(execution["snapshot"])))

    async def _sleep(self, seconds: float) -> None:
        self._watch_soon()
        await asyncio.sleep(seconds)
        self._events.put_nowait(ev.Slept())

    async def _ask(self, request: Callable[[], Awaitable[T]], *, insist: bool = False) -> T | None:
        """Ask until there is an answer, for as long as it takes: an engine that died comes back.

        A refusal becomes an event and gives None; who may `insist` takes a bare 500 for none.
        """
        backoff, lost = Backoff(), False
        while True:
            try:
                return await request()
            except APIConnectionError:
                lost = True
                await asyncio.sleep(backoff.next())
            except ServerError:
                if insist:  # reading: there is nothing that it could refuse
                    await asyncio.sleep(backoff.next())
                    continue
                self._events.put_nowait(ev.Refused(lost))
                return None
            except (AuthenticationError, NotFoundError):
                # "you don't have permissions for this run" is what an unknown run gets
                self._events.put_nowait(ev.Gone())
                return None
            except APIStatusError as e:
                if e.status in (408, 429):
                    await asyncio.sleep(_LONG_RETRY_SECONDS)
                    continue
                said = e.server_message or str(e)
                self._last_error = f"the server did not accept how the run ended: {said}"
                self._events.put_nowait(ev.Rejected(self._last_error))
                return None

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            with contextlib.suppress(APIConnectionError, APIStatusError):
                await self._api.heartbeat(self.run_id, self._machine.snapshot.id)

    def _watch_soon(self) -> None:
        loop = asyncio.get_running_loop()
        self._until_watched = loop.call_later(_UNWATCHED_SECONDS, self._worth_watching.set)

    async def _watch(self) -> None:
        """Hear of a cancel at once: held by our engine, polled from a server that does not hold."""
        await self._worth_watching.wait()
        loop, backoff = asyncio.get_running_loop(), Backoff()
        while True:
            after, asked = self._machine.snapshot.id, loop.time()
            try:
                execution = await self._api.latest(self.run_id, after, _WATCH_SECONDS)
            except (APIConnectionError, APIStatusError):
                await asyncio.sleep(backoff.next())
                continue
            backoff.reset()
            latest = _snapshot(execution["snapshot"])
            if latest.id != after:
                self._events.put_nowait(ev.Changed(latest, after))
                self._waits.hear(execution)  # after the machine, which the task may end next
                # the machine, or the request that caused it, needs a moment to know it too
                await asyncio.sleep(0.01)
            elif loop.time() - asked < 1:
                await asyncio.sleep(_POLL_SECONDS)

    async def _take_slot(self) -> None:
        if not self._has_slot:
            await self._slots.acquire()
            self._has_slot = True

    def _give_slot_back(self) -> None:
        if self._has_slot:
            self._has_slot = False
            self._slots.release()

    def _tell(self, what: str, detail: str | None) -> None:
        self._listener(self.run_id, self._task_id or "", what, detail)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        doing = asyncio.get_running_loop().create_task(work)
        self._doing.add(doing)
        doing.add_done_callback(self._done)

    def _done(self, doing: asyncio.Task[None]) -> None:
        self._doing.discard(doing)
        if not doing.cancelled() and doing.exception() is not None:
            # a mistake of ours must not leave the run hanging: the server gives it to somebody
            self._last_error = f"{type(doing.exception()).__name__}: {doing.exception()}"
            self._events.put_nowait(ev.Gone())


def _snapshot(data: dict[str, Any]) -> Snapshot:
    return Snapshot(data["friendlyId"], data["executionStatus"])
