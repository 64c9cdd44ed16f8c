"""How many runs a worker executes at once."""

from __future__ import annotations

import asyncio
import os
from collections import deque

from trigger_widgets.errors import ConfigurationError

VARIABLE = "TRIGGER_WIDGETS_CONCURRENCY"
_LEAST = 2


def default_slots() -> int:
    """`TRIGGER_WIDGETS_CONCURRENCY`, or the number of cores but at least 2: a run that waits for
    another one must not keep it from running.
    """
    return whole_number(VARIABLE, 1) or max(_LEAST, os.cpu_count() or _LEAST)


def whole_number(variable: str, least: int) -> int | None:
    """What an environment variable says, None if it is not set."""
    text = os.environ.get(variable)
    if not text:
        return None
    if not text.isdecimal() or int(text) < least:
        raise ConfigurationError(
            f'{variable} is "{text}"; it must be a whole number, at least {least}.'
        )
    return int(text)


class Slots:
    """Held by runs while they execute, and not while they wait. For one event loop.

    Runs that go on come before new ones, in the order they asked. Asking the server for runs
    takes no slot, so runs that go on in the meantime may have the last ones; those that come then
    are more than there should be, for once.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._asking: deque[asyncio.Future[None]] = deque()
        self._changed = asyncio.Event()

    @property
    def free(self) -> int:
        """How many new runs there is room for."""
        return max(self._free, 0)

    @property
    def wanted(self) -> bool:
        """Whether a run that goes on waits for one."""
        return bool(self._asking)

    async def available(self) -> None:
        """Until there is a slot for a new run."""
        while self._free <= 0:
            self._changed.clear()
            await self._changed.wait()

    def take(self) -> None:
        """Have a slot now, even if there is none."""
        self._free -= 1

    async def acquire(self) -> None:
        """Have a slot as soon as there is one."""
        if self._free > 0:
            self._free -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._asking.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give a slot back."""
        self._free += 1
        while self._free > 0 and self._asking:
            asks = self._asking.popleft()
            if not asks.done():
                self._free -= 1
                asks.set_result(None)
        self._changed.set()
