"""Following a feed by iterating over it."""

from __future__ import annotations

import time
import weakref
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from trigger_widgets.errors import ConfigurationError, ResultTimeoutError

from .connection import Connection
from .loop import background_loop
from .mailbox import End, Mailbox
from .waiting import awaiting, wait_for

T = TypeVar("T")


class Place(Protocol):
    """Where a reader reads: what fills its mailbox."""

    def leave(self) -> None:
        """Read no more. Leaving twice is nothing."""

    def wake(self) -> None:
        """Try again now instead of when the backoff is over."""


class Reading(Generic[T]):
    """What comes from a feed, one after the other: `for` and `async for`, `with` and `async with`.

    It connects when the first is asked for, and disconnects when it is stopped, left or
    forgotten. Iterating raises the feed's error, or `ResultTimeoutError` when `timeout` seconds
    have passed since it connected.
    """

    def __init__(
        self,
        join: Callable[[Mailbox[Any]], Place],
        *,
        unpack: Callable[[Any], T] | None = None,
        until_final: bool,
        timeout: float | None,
        doing: str,
        subject: str,
    ) -> None:
        self._join = join
        self._unpack = unpack
        self._doing = doing
        self._subject = subject
        self._timeout = timeout
        self._deadline: float | None = None
        self._mailbox: Mailbox[Any] = Mailbox(until_final=until_final)
        self._ready: deque[Any] = deque()
        self._place: Place | None = None
        self._leave: Callable[[], Any] | None = None

    @property
    def connection(self) -> Connection:
        """How the feed is doing."""
        return self._mailbox.state

    def stop(self) -> None:
        """End the iteration, from any thread. What was not taken yet still can be."""
        self._mailbox.ended(None)
        if self._leave is not None:
            self._leave()

    def wake(self) -> None:
        """If it is waiting to try again: try now."""
        if self._place is not None:
            self._place.wake()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        while not self._ready:
            if not self._take(arrived=self._wait(None)):
                raise StopIteration
        return self._next()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            if not self._take(arrived=await self._wait_async(None)):
                raise StopAsyncIteration
        return self._next()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.stop()

    def _connect(self) -> None:
        if self._leave is not None or self._mailbox.event.is_set():
            return
        if self._timeout is not None:
            self._deadline = time.monotonic() + self._timeout
        self._place = self._join(self._mailbox)
        # a subscription that is forgotten in the middle (`for … break`) must not poll on
        self._leave = weakref.finalize(self, self._place.leave)

    def _wait(self, seconds: float | None) -> bool:
        """Whether there is something to take, within `seconds` and the time that is left."""
        if background_loop().is_current():
            raise ConfigurationError(
                f"{self._doing} cannot wait here, in a callback of the feeds' own thread: "
                "it would wait for itself; use async for, or another thread."
            )
        self._connect()
        try:
            return wait_for(self._mailbox.event, self._sooner(seconds))
        except BaseException:
            self.stop()
            raise

    async def _wait_async(self, seconds: float | None) -> bool:
        self._connect()
        try:
            with awaiting():
                return await self._mailbox.wait(self._sooner(seconds))
        except BaseException:
            self.stop()
            raise

    def _left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _sooner(self, seconds: float | None) -> float | None:
        left = self._left()
        if seconds is None or left is None:
            return left if seconds is None else seconds
        return min(seconds, left)

    def _next(self) -> T:
        value = self._ready.popleft()
        if self._unpack is not None:
            return self._unpack(value)
        as_it_came: T = value
        return as_it_came

    def _take(self, *, arrived: bool) -> bool:
        """Make ready what has come; False at the end."""
        if not arrived:
            self.stop()
            raise ResultTimeoutError(
                f"{self._subject} has not ended after {self._timeout:g} s; it goes on, "
                "and can be waited for again."
            )
        taken = self._mailbox.take()
        if isinstance(taken, End):
            return False
        self._ready = taken
        return True
