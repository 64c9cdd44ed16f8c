"""Executes tasks of this process: in threads, or in other processes where they ask for it."""

from __future__ import annotations

import asyncio

from trigger_widgets.config import Locate
from trigger_widgets.tasks.link import RunLink
from trigger_widgets.tasks.options import PROCESS
from trigger_widgets.tasks.registry import Registry

from .jobs import Execution, Job
from .outcomes import Outcome, failed
from .pool import Pool
from .pool_member import PoolMember
from .shipping import Shipment, ShippingError, ship
from .stamps import stamps
from .thread_executor import ThreadExecutor


class OwnExecutor:
    """For tasks defined in this process: a notebook's. The newest definition is what runs."""

    def __init__(self, registry: Registry, locate: Locate, slots: int | None = None) -> None:
        self._registry = registry
        self._locate = locate
        self._threads = ThreadExecutor(registry, slots)
        self._pool = Pool(self._new_member, self.slots)
        self._link: RunLink | None = None

    @property
    def slots(self) -> int:
        return self._threads.slots

    @property
    def ahead(self) -> int:
        """None: a thread begins at once."""
        return 0

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return self._pool.pids

    async def open(self, link: RunLink) -> None:
        """Processes are made when they are needed."""
        self._link = link
        await self._threads.open(link)

    async def begin(self, job: Job) -> Execution:
        """Start it where its task says."""
        task = self._registry.get(job.task_id)
        if task is None or task.options.isolation != PROCESS:
            return await self._threads.begin(job)
        try:
            # other threads go on meanwhile: what a notebook holds may be large
            shipment = await asyncio.to_thread(ship, task)
        except ShippingError as e:
            return _NotStarted(failed(type(e).__name__, str(e)))
        return await self._begin(job, shipment)

    async def _begin(self, job: Job, shipment: Shipment) -> Execution:
        for member in self._pool.members:
            if stamps(member.sources) != member.sources:  # it has imported what is no more
                self._pool.retire(member)
        return await self._pool.begin(job, shipment)

    async def close(self) -> None:
        """Ask all threads to stop, and kill the processes."""
        await self._threads.close()
        await self._pool.close()

    def _new_member(self) -> PoolMember:
        if self._link is None:
            raise RuntimeError("the executor is not open")
        return PoolMember((), self._link, self._locate, lambda *_: None)


class _NotStarted:
    """A job that could not begin."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.outcome.set_result(outcome)

    def stop(self) -> None:
        """There is nothing to stop."""

    def park(self) -> bool:
        """There is nothing that could wait."""
        return True

    def unpark(self) -> None:
        """Nothing was changed."""
