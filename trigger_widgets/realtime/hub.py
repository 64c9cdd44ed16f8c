"""Who reads which feed: readers of the same one share a connection."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from .driver import AnyReader, Driver
from .loop import BackgroundLoop, background_loop

R = TypeVar("R", bound=AnyReader)


class Hub:
    """The feeds of one background loop. Its methods run on that loop."""

    def __init__(self) -> None:
        self._feeds: dict[Hashable, tuple[Driver[Any], asyncio.Task[None]]] = {}

    def join(self, key: Hashable, make: Callable[[], Driver[R]], reader: R) -> None:
        """Add a reader to the feed, which is made for its first reader."""
        if key not in self._feeds or self._feeds[key][0].is_closed:
            feed = make()
            task = asyncio.get_running_loop().create_task(feed.run())
            self._feeds[key] = feed, task
            task.add_done_callback(lambda task: self._ended(key, task))
        self._feeds[key][0].add(reader)
        self._close_if_unread(key)

    def leave(self, key: Hashable, reader: AnyReader) -> None:
        """Take a reader away; the feed ends with its last one."""
        if key in self._feeds:
            self._feeds[key][0].remove(reader)
            self._close_if_unread(key)

    def wake(self, key: Hashable) -> None:
        """Let the feed try again now."""
        if key in self._feeds:
            self._feeds[key][0].wake()

    @property
    def feeds(self) -> int:
        """How many feeds, and so connections, there are."""
        return len(self._feeds)

    def _close_if_unread(self, key: Hashable) -> None:
        feed, task = self._feeds[key]
        if not feed.is_read:
            del self._feeds[key]
            task.cancel()

    def _ended(self, key: Hashable, task: asyncio.Task[None]) -> None:
        if key in self._feeds and self._feeds[key][1] is task:
            del self._feeds[key]


_hubs: weakref.WeakKeyDictionary[BackgroundLoop, Hub] = weakref.WeakKeyDictionary()


def current_hub() -> tuple[BackgroundLoop, Hub]:
    """The background loop and its hub."""
    loop = background_loop()
    return loop, _hubs.setdefault(loop, Hub())


class Membership:
    """A reader's place in a feed, from any thread."""

    def __init__(self, key: Hashable, make: Callable[[], Driver[R]], reader: R) -> None:
        self._loop, self._hub = current_hub()
        self._key = key
        self._reader = reader
        self._loop.call(self._hub.join, key, make, reader)

    def leave(self) -> None:
        """Read no more. Leaving twice is nothing."""
        self._loop.call(self._hub.leave, self._key, self._reader)

    def wake(self) -> None:
        """Try again now instead of when the backoff is over."""
        self._loop.call(self._hub.wake, self._key)
