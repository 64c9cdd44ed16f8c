"""How many runs a worker executes at once."""

from __future__ import annotations

import asyncio
import os
from collections import deque

from trigger_widgets.errors import ConfigurationError

VARIABLE = "TRIGGER_WIDGETS_CONCURRENCY"
_LEAST = 2
_SHORT_SECONDS = 0.05
"""Such a run takes about as long as the server needs to hear of its end and to give the next."""


def default_slots() -> int:
    """`TRIGGER_WIDGETS_CONCURRENCY`, or the number of cores but at least 2: a run that waits for
    another one must not keep it from running.
    """
    return whole_number(VARIABLE, 1) or max(_LEAST, os.cpu_count() or _LEAST)


def default_ahead(slots: int) -> int:
    """How many runs a pool may have beyond its slots while they are short: as many again, and none
    where somebody said how many there are to be.
    """
    return 0 if whole_number(VARIABLE, 1) else slots


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

    While runs are short, there are slots for `ahead` more: they have come when others end.
    """

    def __init__(self, count: int, ahead: int = 0) -> None:
        self._free = count
        self._ahead = ahead
        self._short = False
        self._asking: deque[asyncio.Future[None]] = deque()
        self._changed = asyncio.Event()

    @property
    def free(self) -> int:
        """How many new runs there is room for."""
        return max(self._free, 0)

    @property
    def wanted(self) -> bool:
        """Whether there is a use for one that is given back, other than for a new run."""
        return bool(self._asking) or self._free < 0

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

    def took(self, seconds: float) -> None:
        """A run has computed for so long."""
        short = seconds < _SHORT_SECONDS
        if short is not self._short:
            self._short = short
            self._add(self._ahead if short else -self._ahead)

    def release(self) -> None:
        """Give a slot back."""
        self._add(1)

    def _add(self, count: int) -> None:
        self._free += count
        while self._free > 0 and self._asking:
            asks = self._asking.popleft()
            if not asks.done():
                self._free -= 1
                asks.set_result(None)
        self._changed.set()
