"""Warm processes, one run each: given out, parked while their runs wait, replaced when they die."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from .jobs import Job
from .outcomes import Outcome
from .pool_member import PoolMember
from .shipping import Shipment
from .slots import whole_number

PARKED_VARIABLE = "TRIGGER_WIDGETS_PARKED"
MOST_PARKED = 20
"""Processes whose runs wait; what waits beyond them keeps its slot. The variable says otherwise."""
_RESPAWN_SECONDS = 0.5
_PATIENCE_SECONDS = 1.0
"""A run that was begun ahead of its turn has met a long one if it waits longer for a process."""


class PoolExecution:
    """A job in a pool process."""

    def __init__(
        self, pool: Pool, member: PoolMember, job: Job, shipment: Shipment | None = None
    ) -> None:
        self._pool = pool
        self._member = member
        self._job = job
        self.outcome: asyncio.Future[Outcome] = member.begin(job, shipment)

    def stop(self) -> None:
        """Politely, then by force."""
        self._member.stop(self._job)

    def park(self) -> bool:
        """Have another process take its place, if there are not too many that wait."""
        return self._pool.park(self._member)

    def unpark(self) -> None:
        """It works again; there is one process more than needed for a while."""
        self._pool.unpark(self._member)


class Pool:
    """At most `slots` working processes, made by `make`: so many at all times once `fill` was
    called, else as many as were needed at once. Runs that have to wait for one for long get up to
    `ahead` more, for as long as they take.
    """

    def __init__(self, make: Callable[[], PoolMember], slots: int, ahead: int = 0) -> None:
        self._make = make
        self._slots = slots
        self._most = slots + ahead
        most = whole_number(PARKED_VARIABLE, 0)
        self._most_parked = MOST_PARKED if most is None else most
        self._members: list[PoolMember] = []
        self._alive: set[PoolMember] = set()  # with those that are tried, or were retired
        self._parked: set[PoolMember] = set()
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_full = False
        self._closing = False

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return [member.pid for member in self._members]

    @property
    def members(self) -> list[PoolMember]:
        """As they are now."""
        return list(self._members)

    async def begin(self, job: Job, shipment: Shipment | None = None) -> PoolExecution:
        """Give the job to an idle process, waiting for one if need be."""
        async with self._changed:
            while True:
                for member in self._members:
                    if member.is_idle:
                        execution = PoolExecution(self, member, job, shipment)
                        execution.outcome.add_done_callback(partial(self._done, member))
                        return execution
                if not self._is_full and self._working() < self._slots:
                    self.add(self._make())
                try:
                    async with asyncio.timeout(_PATIENCE_SECONDS):
                        await self._changed.wait()
                except TimeoutError:
                    # one that has just loaded is taken; its `notify` may be behind this in the line
                    busy = all(m.ready.done() and not m.is_idle for m in self._members)
                    if busy and self._working() < self._most:
                        self.add(self._make())

    def fill(self) -> None:
        """From now on there are always as many processes as slots."""
        self._is_full = True
        while self._working() < self._slots:
            self.add(self._make())

    def own(self, member: PoolMember) -> None:
        """Have it end with the pool, whatever becomes of it."""
        self._alive = {other for other in self._alive if not other.ended.is_set()} | {member}

    def add(self, member: PoolMember) -> None:
        """One more, replaced when it dies."""
        self.own(member)
        self._members.append(member)
        self.spawn(self._keep(member))

    def retire(self, member: PoolMember) -> None:
        """Give it no other run, and end it when it is done with the one it has."""
        self._members.remove(member)
        self._parked.discard(member)
        self.spawn(self._retire(member))

    def park(self, member: PoolMember) -> bool:
        """The run in this process waits for something; False if too many do already."""
        if member not in self._parked and len(self._parked) >= self._most_parked:
            return False
        self._parked.add(member)
        self._refill()
        return True

    def unpark(self, member: PoolMember) -> None:
        """Its run goes on."""
        self._parked.discard(member)
        self._trim()

    async def close(self) -> None:
        """Kill every process; whoever wants their runs to end well stops these first."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        self._members = []
        for member in self._alive:
            member.kill()
        for member in self._alive:
            await member.wait_ended()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this for as long as the pool lives."""
        if self._closing:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _working(self) -> int:
        return sum(member not in self._parked for member in self._members)

    def _refill(self) -> None:
        if self._is_full:
            self.fill()
        else:
            self.spawn(self._notify())  # somebody may wait for a place to make one in

    def _trim(self) -> None:
        """End idle processes that took the place of parked ones, which are back."""
        for member in list(self._members):
            if self._working() > self._slots and member.is_idle:
                self._members.remove(member)
                member.kill()

    def _done(self, member: PoolMember, _: object) -> None:
        self._parked.discard(member)
        self._trim()
        self.spawn(self._notify())

    async def _keep(self, member: PoolMember) -> None:
        """Have another one in its place when it dies."""
        answer = await member.loaded()
        await self._notify()
        await member.wait_ended()
        if member not in self._members or self._closing:
            return
        self._members.remove(member)
        self._parked.discard(member)
        if "tasks" not in answer:  # a file that is being written; the watch will load it again
            await asyncio.sleep(_RESPAWN_SECONDS)
        self._refill()

    async def _retire(self, member: PoolMember) -> None:
        await member.loaded()
        async with self._changed:
            await self._changed.wait_for(lambda: member.is_idle or member.ended.is_set())
        member.kill()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
