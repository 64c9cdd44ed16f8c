"""Executes tasks in files, in a pool of warm processes: parallel, killable, and reloaded.

A process loads the files once. When a file changes, a process with the new code is tried first;
once it has loaded, the idle ones are replaced, and busy ones when they are done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trigger_widgets.config import Locate
from trigger_widgets.tasks.link import RunLink
from trigger_widgets.tasks.manifest import TaskManifest
from trigger_widgets.tasks.options import QueueOptions, RetryOptions, TaskOptions

from .jobs import Job
from .pool import Pool, PoolExecution
from .pool_member import PoolMember
from .pool_pipes import Output
from .slots import default_ahead, default_slots
from .stamps import Stamps, stamps

_LOOK_SECONDS = 0.4


@dataclass(frozen=True)
class PoolEvents:
    """What the pool tells its owner, on the worker's loop.

    `loaded` hears the tasks each time that they were loaded; `problem` hears one sentence when
    they could not be, and whether that was the first time, so that there is nothing to run.
    """

    loaded: Callable[[list[TaskManifest]], None]
    problem: Callable[[str, bool], None]
    output: Output


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
        self._pool = Pool(self._new_member, self._slots, self.ahead)
        self._link: RunLink | None = None
        self._seen: Stamps = {}
        self._loaded = False
        self._failed = False

    @property
    def slots(self) -> int:
        return self._slots

    @property
    def ahead(self) -> int:
        """One a process, unless somebody said how many runs there are to be at once."""
        return default_ahead(self._slots)

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return self._pool.pids

    async def open(self, link: RunLink) -> None:
        """Start loading; `events` hears how it went."""
        self._link = link
        self._pool.spawn(self._load_and_watch())

    async def begin(self, job: Job) -> PoolExecution:
        """Give the job to an idle process."""
        return await self._pool.begin(job)

    async def close(self) -> None:
        """Kill every process."""
        await self._pool.close()

    async def _load_and_watch(self) -> None:
        await self._load()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._look() != self._seen:
                await self._load()

    async def _load(self) -> None:
        """Try the files in a new process; if they load, it is the first of a new pool."""
        self._seen = self._look()
        member = self._new_member(is_first=True)
        self._pool.own(member)
        answer = await member.loaded()
        self._failed = "tasks" not in answer
        if self._failed:
            self._seen = {**self._look(), **self._seen}
            await member.wait_ended()
            self._events.problem(answer["message"], not self._loaded)
            return
        self._loaded = True
        # what is saved while it loads is loaded again: the stamps from before count
        known = {file: stamp for file, stamp in self._seen.items() if file in member.sources}
        self._seen = {**member.sources, **known}
        for outdated in self._pool.members:
            self._pool.retire(outdated)
        self._pool.add(member)
        self._pool.fill()
        self._events.loaded([_manifest(data) for data in answer["tasks"]])

    def _look(self) -> Stamps:
        """What is watched: all that was imported; after a failure also what might repair it."""
        files = {str(file.resolve()) for file in self._files}
        if self._failed:
            folders = {Path(file).parent for file in files}
            files |= {str(path) for folder in folders for path in folder.glob("*.py")}
        return stamps(files | self._seen.keys())

    def _new_member(self, *, is_first: bool = False) -> PoolMember:
        assert self._link is not None  # noqa: S101 - opened before

        def output(stream: str, text: str) -> None:
            # what files print when they are loaded is worth reading once, not once a process
            if is_first or member.ready.done():
                self._events.output(stream, text)

        member = PoolMember(self._files, self._link, self._locate, output)
        return member


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
