"""Following the states of a feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from trigger_widgets.api.server import Server

from .connection import Connection
from .feed import Feed, Reader, Source
from .hub import Membership
from .mailbox import End
from .reading import Reading
from .watching import Watching

T = TypeVar("T")


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
        return self._polled(arrived=self._wait(seconds))

    async def poll_async(self, seconds: float | None) -> T | End | None:
        """As `poll`, on any event loop."""
        return self._polled(arrived=await self._wait_async(seconds))

    def _polled(self, *, arrived: bool) -> T | End | None:
        if not arrived and self._left() != 0:
            return None
        return self._next() if self._take(arrived=arrived) else End.END


def join_feed(source: Source[T], server: Server, reader: Reader[T]) -> Membership:
    """Follow a feed, over the connection of whoever follows the same one."""
    key = (server.key, source.path, tuple(sorted(source.params.items())), source.variant)
    return Membership(key, lambda: Feed(source, server), reader)


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
