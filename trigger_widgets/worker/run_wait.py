"""What a run waits for: asked of the server, and heard of through the watch of its snapshots.

A run is blocked by one request and unblocked by a later snapshot, which lists what it has waited
for (worker-protocol.md §6 and §7). Both survive the server: a lost request is repeated, and the
latest snapshot says it all again.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from trigger_widgets.errors import ConfigurationError, ProtocolError
from trigger_widgets.tasks.link import WaitFor

from .protocol import WorkerApi

_BRIEFLY_SECONDS = 0.1
"""What a run keeps its slot for: most likely the token was completed before."""


class Place(Protocol):
    """Where a run executes: a slot, and in a pool a process that others could use meanwhile."""

    def leave(self) -> None:
        """The run computes nothing for now."""

    async def come_back(self) -> None:
        """It goes on as soon as there is room."""

    def come_back_now(self) -> None:
        """It goes on already."""


class RunWait:
    """The waits of one run, one at a time. On the worker's loop."""

    def __init__(self, api: WorkerApi, place: Place) -> None:
        self._api = api
        self._place = place
        self._waiting = False
        self._completed: dict[str, dict[str, Any]] = {}
        self._heard = asyncio.Event()

    def hear(self, execution: dict[str, Any]) -> None:
        """The latest execution, as the server gives it."""
        if self._waiting:
            for waitpoint in execution.get("completedWaitpoints") or ():
                self._completed[_name(waitpoint)] = waitpoint
            self._heard.set()

    async def wait(self, what: WaitFor) -> dict[str, Any]:
        """Block the run; gives the completed waitpoint."""
        if self._waiting:
            raise ConfigurationError("this run waits already; a run waits for one thing at a time.")
        self._waiting = True
        self._completed = {}
        try:
            waitpoint = await self._block(what)
            try:
                async with asyncio.timeout(_BRIEFLY_SECONDS):
                    return await self._completion(waitpoint)
            except TimeoutError:
                return await self._elsewhere(waitpoint)
        finally:
            self._waiting = False

    async def _elsewhere(self, waitpoint: str) -> dict[str, Any]:
        self._place.leave()
        try:
            completed = await self._completion(waitpoint)
            await self._place.come_back()
        except asyncio.CancelledError:  # the task has given up, and goes on as it is
            self._place.come_back_now()
            raise
        return completed

    async def _completion(self, waitpoint: str) -> dict[str, Any]:
        while waitpoint not in self._completed:
            self._heard.clear()
            await self._heard.wait()
        return self._completed[waitpoint]

    async def _block(self, what: WaitFor) -> str:
        answer = await self._api.ask("POST", what.path, what.body)
        if what.waitpoint is not None:
            return what.waitpoint
        named: Any = answer.json()
        for key in what.named_at:
            named = named.get(key) if isinstance(named, dict) else None
        if not isinstance(named, str):
            raise ProtocolError(f"{what.path} let a run wait without saying for what.")
        return named


def _name(waitpoint: dict[str, Any]) -> str:
    child = waitpoint.get("completedByTaskRun")
    return str(child["friendlyId"] if child else waitpoint["friendlyId"])
