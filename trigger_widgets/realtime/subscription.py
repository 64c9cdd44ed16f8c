"""Following a feed: by iterating over it, or by callbacks."""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from trigger_widgets.api.server import Server
from trigger_widgets.errors import ConfigurationError, ResultTimeoutError, TriggerError

from .connection import Connection
from .feed import Feed, Reader, Source
from .hub import Membership
from .loop import background_loop
from .mailbox import End, Mailbox
from .waiting import awaiting, wait_for

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Reading(Generic[T]):
    """What comes from a feed, one after the other: `for` and `async for`, `with` and `async with`.

    It connects when the first is asked for, and disconnects when it is stopped, left or
    forgotten. Iterating raises the feed's error, or `ResultTimeoutError` when `timeout` seconds
    have passed since it connected.
    """

    def __init__(
        self,
        join: Callable[[Mailbox[T]], Membership],
        *,
        until_final: bool,
        timeout: float | None,
        doing: str,
        subject: str,
    ) -> None:
        self._join = join
        self._doing = doing
        self._subject = subject
        self._timeout = timeout
        self._deadline: float | None = None
        self._mailbox: Mailbox[T] = Mailbox(until_final=until_final)
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

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        if background_loop().is_current():
            raise ConfigurationError(
                f"{self._doing} cannot wait here, in a callback of the feeds' own thread: "
                "it would wait for itself; use async for, or another thread."
            )
        self._connect()
        try:
            arrived = wait_for(self._mailbox.event, self._left())
        except BaseException:
            self.stop()
            raise
        value = self._take(arrived=arrived)
        if isinstance(value, End):
            raise StopIteration
        return value

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        self._connect()
        try:
            with awaiting():
                arrived = await self._mailbox.wait(self._left())
        except BaseException:
            self.stop()
            raise
        value = self._take(arrived=arrived)
        if isinstance(value, End):
            raise StopAsyncIteration
        return value

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
        membership = self._join(self._mailbox)
        # a subscription that is forgotten in the middle (`for … break`) must not poll on
        self._leave = weakref.finalize(self, membership.leave)

    def _left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _take(self, *, arrived: bool) -> T | End:
        if not arrived:
            self.stop()
            raise ResultTimeoutError(
                f"{self._subject} has not ended after {self._timeout:g} s; it goes on, "
                "and can be waited for again."
            )
        return self._mailbox.take()


class Subscription(Reading[T]):
    """The states of a feed. A reader who is slow skips states, never the last one."""

    def __init__(
        self,
        source: Source[T],
        server: Server,
        *,
        stop_on_completion: bool = True,
        timeout: float | None = None,
    ) -> None:
        super().__init__(
            lambda mailbox: join_feed(source, server, mailbox),
            until_final=stop_on_completion,
            timeout=timeout,
            doing=source.doing,
            subject=source.subject,
        )

    def poll(self, seconds: float | None) -> T | End | None:
        """The next state, or None if there is none within `seconds`. As in `for`, else."""
        self._connect()
        try:
            arrived = wait_for(self._mailbox.event, self._sooner(seconds))
        except BaseException:
            self.stop()
            raise
        return self._polled(arrived=arrived)

    async def poll_async(self, seconds: float | None) -> T | End | None:
        """As `poll`, on any event loop."""
        self._connect()
        try:
            with awaiting():
                arrived = await self._mailbox.wait(self._sooner(seconds))
        except BaseException:
            self.stop()
            raise
        return self._polled(arrived=arrived)

    def _sooner(self, seconds: float | None) -> float | None:
        left = self._left()
        if seconds is None or left is None:
            return left if seconds is None else seconds
        return min(seconds, left)

    def _polled(self, *, arrived: bool) -> T | End | None:
        if not arrived and self._left() != 0:
            return None
        return self._take(arrived=arrived)


def join_feed(source: Source[T], server: Server, reader: Reader[T]) -> Membership:
    """Follow a feed, over the connection of whoever follows the same one."""
    key = (server.key, source.path, tuple(sorted(source.params.items())), source.variant)
    return Membership(key, lambda: Feed(source, server), reader)


class Watching:
    """Callbacks on the background loop's thread.

    They are called in order, must return soon, and may be called before this object is returned.
    An exception in one is logged and does not end the watch.
    """

    def __init__(
        self,
        join: Callable[[Self], Membership],
        *,
        on_connection: Callable[[Connection], object] | None,
        until_final: bool = True,
    ) -> None:
        self.until_final = until_final
        self.patient = True
        self._on_connection = on_connection
        self._stopped = False
        self._membership = join(self)

    def stop(self) -> None:
        """Disconnect. No callback is called after this, except one that is running."""
        self._stopped = True
        self._membership.leave()

    def wake(self) -> None:
        """If it is waiting to try again: try now."""
        self._membership.wake()

    def connection(self, connection: Connection) -> None:
        """From the feed."""
        self._call(self._on_connection, connection)

    def ended(self, error: TriggerError | None) -> None:
        """From the feed. The connection has already said so."""

    def _call(self, callback: Callable[..., object] | None, *arguments: object) -> None:
        if callback is None or self._stopped:
            return
        try:
            callback(*arguments)
        except Exception:
            _log.exception("a callback of a watch failed")


class Watch(Watching, Generic[T]):
    """Callbacks for each state of a feed and each change of its connection."""

    def __init__(
        self,
        source: Source[T],
        server: Server,
        *,
        on_value: Callable[[T], object],
        on_connection: Callable[[Connection], object] | None = None,
        stop_on_completion: bool = True,
    ) -> None:
        self._on_value = on_value
        super().__init__(
            lambda watch: join_feed(source, server, watch),
            on_connection=on_connection,
            until_final=stop_on_completion,
        )

    def value(self, value: T) -> None:
        """From the feed."""
        self._call(self._on_value, value)
