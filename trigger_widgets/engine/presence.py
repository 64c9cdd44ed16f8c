"""Holding a request: until something happens, its time is over, or its client has left."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from starlette.requests import Request

from .hub import Listener


class Presence:
    """Use it as `async with`; read the request's body before, or what is left of it is lost.

    `gone` is true once the client has closed the connection.
    """

    def __init__(self, request: Request, seconds: float, listener: Listener) -> None:
        self.gone = False
        self._request = request
        self._listener = listener
        self._ends_at = time.monotonic() + seconds
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._watch_client())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def has_left(self) -> bool:
        """Whether the client has closed the connection, as far as this machine knows by now."""
        await asyncio.sleep(0)  # what the socket has to say is said in the loop's next round
        return self.gone

    async def wait(self) -> bool:
        """True if there is reason to look again, False if the hold is over."""
        return await self.wait_at_most(self._ends_at - time.monotonic())

    async def wait_at_most(self, seconds: float) -> bool:
        """As `wait`, for a hold that is longer than what is waited for now."""
        woken = await self._listener.wait(seconds)
        return woken and not self.gone

    async def _watch_client(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self._listener.wake()
