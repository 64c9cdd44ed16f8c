"""Executes tasks in files, in a pool of warm processes: parallel, killable, and reloaded.

A process loads the files once and executes one run at a time. One whose run waits is parked and
another one takes its place. When a file changes, a process with
the new code is tried first; once it has loaded, the idle ones are replaced, and busy ones when
they are done.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from trigger_widgets.config import Locate
from trigger_widgets.tasks.link import RunLink
from trigger_widgets.tasks.manifest import TaskManifest
from trigger_widgets.tasks.options import QueueOptions, RetryOptions, TaskOptions

from .jobs import Job
from .outcomes import Outcome
from .pool_member import Output, PoolMember
from .slots import default_slots, whole_number

PARKED_VARIABLE = "TRIGGER_WIDGETS_PARKED"
MOST_PARKED = 20
"""Processes whose runs wait; what waits beyond them keeps its slot. The variable says otherwise."""
_LOOK_SECONDS = 0.4
_RESPAWN_SECONDS = 0.5

Stamps = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class PoolEvents:
    """What the pool tells its owner, on the worker's loop.

    `loaded` hears the tasks each time that they were loaded; `problem` hears one sentence when
    they could not be, and whether that was the first time, so that there is nothing to run.
    """

    loaded: Callable[[list[TaskManifest]], None]
    problem: Callable[[str, bool], None]
    output: Output


class PoolExecution:
    """A job in a pool process."""

    def __init__(self, pool: PoolExecutor, member: PoolMember, job: Job) -> None:
        self._pool = pool
        self._member = member
        self._job = job
        self.outcome: asyncio.Future[Outcome] = member.begin(job)

    def stop(self) -> None:
        """Politely, then by force."""
        self._member.stop(self._job)

    def park(self) -> bool:
        """Have another process take its place, if there are not too many that wait."""
        return self._pool.park(self._member)

    def unpark(self) -> None:
        """It works again; there is one process more than needed for a while."""
        self._pool.unpark(self._member)


class PoolExecutor:
    """`slots` processes for `files`."""

    def __init__(
        self,
        files: Sequence[Path],
        locate: Locate,
        events: PoolEvents,
        slots: int | None = None,
    ) -> None:
        self._files = list(files)
        self._locate = locate
        self._events = events
        self._slots = slots or default_slots()
        most = whole_number(PARKED_VARIABLE, 0)
        self._most_parked = MOST_PARKED if most is None else most
        self._parked: set[PoolMember] = set()
        self._link: RunLink | None = None
        self._members: list[PoolMember] = []
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stamps: Stamps = {}
        self._loaded = False
        self._closing = False

    @property
    def slots(self) -> int:
        return self._slots

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return [member.pid for member in self._members]

    async def open(self, link: RunLink) -> None:
        """Start loading; `events` hears how it went."""
        self._link = link
        self._spawn(self._load_and_watch())

    async def begin(self, job: Job) -> PoolExecution:
        """Give the job to an idle process, waiting for one if need be."""
        async with self._changed:
            while True:
                for member in self._members:
                    if member.is_idle:
                        execution = PoolExecution(self, member, job)
                        execution.outcome.add_done_callback(partial(self._done, member))
                        return execution
                await self._changed.wait()

    def park(self, member: PoolMember) -> bool:
        """The run in this process waits for something; False if too many do already."""
        if member not in self._parked and len(self._parked) >= self._most_parked:
            return False
        self._parked.add(member)
        self._fill()
        return True

    def unpark(self, member: PoolMember) -> None:
        """Its run goes on."""
        self._parked.discard(member)
        self._trim()

    def _done(self, member: PoolMember, _: object) -> None:
        self._parked.discard(member)
        self._trim()
        self._spawn(self._notify())

    def _working(self) -> int:
        return sum(member not in self._parked for member in self._members)

    def _fill(self) -> None:
        while self._working() < self._slots:
            self._add_member()

    def _trim(self) -> None:
        """End idle processes that took the place of parked ones, which are back."""
        for member in list(self._members):
            if self._working() > self._slots and member.is_idle:
                self._members.remove(member)
                member.kill()

    async def close(self) -> None:
        """Kill every process; whoever wants their runs to end well stops these first."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        members, self._members = self._members, []
        for member in members:
            member.kill()
        for member in members:
            await member.wait_ended()

    async def _load_and_watch(self) -> None:
        await self._load()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if _stamps(self._stamps or map(str, self._files)) != self._stamps:
                await self._load()

    async def _load(self) -> None:
        """Try the files in a new process; if they load, it is the first of a new pool."""
        self._stamps = _stamps(self._stamps or [str(file.resolve()) for file in self._files])
        member = self._new_member(is_first=True)
        answer = await member.loaded()
        if "tasks" not in answer:
            await member.wait_ended()
            self._events.problem(answer["message"], not self._loaded)
            return
        self._loaded = True
        self._stamps = _stamps(answer["sources"])
        old, self._members = self._members, [member]
        self._spawn(self._keep(member))
        for outdated in old:
            self._spawn(self._retire(outdated))
        self._fill()
        self._events.loaded([_manifest(data) for data in answer["tasks"]])
        await self._notify()

    def _new_member(self, *, is_first: bool = False) -> PoolMember:
        assert self._link is not None  # noqa: S101 - opened before

        def output(stream: str, text: str) -> None:
            # what files print when they are loaded is worth reading once, not once a process
            if is_first or member.ready.done():
                self._events.output(stream, text)

        member = PoolMember(self._files, self._link, self._locate, output)
        return member

    def _add_member(self) -> None:
        member = self._new_member()
        self._members.append(member)
        self._spawn(self._keep(member))

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
        self._fill()

    async def _retire(self, member: PoolMember) -> None:
        """Let it finish its run, then end it."""
        await member.loaded()
        async with self._changed:
            await self._changed.wait_for(lambda: member.is_idle or member.ended.is_set())
        member.kill()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _spawn(self, work: Any) -> None:
        if self._closing:
            work.close()
            return
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _stamps(files: Any) -> Stamps:
    found: Stamps = {}
    for file in files:
        with contextlib.suppress(OSError):
            status = Path(file).stat()
            found[str(file)] = (status.st_mtime_ns, status.st_size)
    return found


def _manifest(data: dict[str, Any]) -> TaskManifest:
    options = data["options"]
    queue = options["queue"]
    return TaskManifest(
        id=data["id"],
        file_path=data["file_path"],
        export_name=data["export_name"],
        options=TaskOptions(
            retry=RetryOptions(**options["retry"]),
            queue=None if queue is None else QueueOptions(**queue),
            max_duration=options["max_duration"],
            description=options["description"],
        ),
        code=data["code"],
    )
