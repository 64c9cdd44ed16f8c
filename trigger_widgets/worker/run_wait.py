"""What a run waits for: asked of the server, and heard of through the watch of its snapshots.

A run is blocked by one request and unblocked by a later snapshot, which lists what it has waited
for (worker-protocol.md §6 and §7). Both survive the server: a lost request is repeated, and the
latest snapshot says it all again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from trigger_widgets.api import batches
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
            names = [f"{waitpoint}_{i}" for i in range(len(what.items))] or [waitpoint]
            try:
                async with asyncio.timeout(_BRIEFLY_SECONDS):
                    await self._completion(names)
            except TimeoutError:
                await self._elsewhere(names)
        finally:
            self._waiting = False
        found = [self._completed[name] for name in names]
        return {"items": found} if what.items else found[0]

    async def _elsewhere(self, names: list[str]) -> None:
        self._place.leave()
        try:
            await self._completion(names)
            await self._place.come_back()
        except asyncio.CancelledError:  # the task has given up, and goes on as it is
            self._place.come_back_now()
            raise

    async def _completion(self, names: list[str]) -> None:
        while not self._completed.keys() >= set(names):
            self._heard.clear()
            await self._heard.wait()

    async def _block(self, what: WaitFor) -> str:
        answer = await self._api.ask("POST", what.path, what.body)
        if what.waitpoint is not None:
            return what.waitpoint
        named: Any = answer.json()
        for key in what.named_at:
            named = named.get(key) if isinstance(named, dict) else None
        if not isinstance(named, str):
            raise ProtocolError(f"{what.path} let a run wait without saying for what.")
        if what.items:
            await self._send_items(named, what.items)
        return named

    async def _send_items(self, batch: str, items: Sequence[str]) -> None:
        sealed = False
        for lines in batches.bodies(item.encode() for item in items):
            request = batches.send_items(batch, lines)
            answer = await self._api.ask(
                request.method,
                request.path,
                content=request.raw,
                headers={"content-type": request.content_type or ""},
                doing=request.doing,
            )
            sealed = request.decode(answer).sealed
        if not sealed:
            raise ProtocolError(f"the server did not take all {len(items):,} items of {batch}.")


def _name(waitpoint: dict[str, Any]) -> str:
    child = waitpoint.get("completedByTaskRun")
    if child and child.get("batch"):  # the same run may be of several items
        return f"{child['batch']['friendlyId']}_{waitpoint.get('index')}"
    return str(child["friendlyId"] if child else waitpoint["friendlyId"])
