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
        self._open: dict[Hashable, Driver[Any]] = {}
        self._tasks: dict[Driver[Any], asyncio.Task[None]] = {}
        # weak: who was told the end need not leave
        self._places: weakref.WeakKeyDictionary[object, Driver[Any]] = weakref.WeakKeyDictionary()

    def join(self, place: object, key: Hashable, make: Callable[[], Driver[R]], reader: R) -> None:
        """Add a reader to the feed, which is made for its first reader."""
        feed = self._open.get(key)
        if feed is None or not feed.takes_readers:
            feed = self._open[key] = make()
            task = asyncio.get_running_loop().create_task(feed.run())
            self._tasks[feed] = task
            task.add_done_callback(lambda _task: self._ended(key, feed))
        self._places[place] = feed
        feed.add(reader)
        self._close_if_unread(feed)

    def leave(self, place: object, reader: AnyReader) -> None:
        """Take a reader away; the feed ends with its last one."""
        feed = self._places.pop(place, None)
        if feed is not None:
            feed.remove(reader)
            self._close_if_unread(feed)

    def wake(self, place: object) -> None:
        """Let the feed try again now."""
        if place in self._places:
            self._places[place].wake()

    @property
    def feeds(self) -> int:
        """How many feeds, and so connections, there are."""
        return len(self._tasks)

    def _close_if_unread(self, feed: Driver[Any]) -> None:
        if not feed.is_read and feed in self._tasks:
            feed.close()
            self._tasks.pop(feed).cancel()

    def _ended(self, key: Hashable, feed: Driver[Any]) -> None:
        self._tasks.pop(feed, None)
        if self._open.get(key) is feed:
            del self._open[key]


_hubs: weakref.WeakKeyDictionary[BackgroundLoop, Hub] = weakref.WeakKeyDictionary()


def current_hub() -> tuple[BackgroundLoop, Hub]:
    """The background loop and its hub."""
    loop = background_loop()
    return loop, _hubs.setdefault(loop, Hub())


class Membership:
    """A reader's place in a feed, from any thread."""

    def __init__(self, key: Hashable, make: Callable[[], Driver[R]], reader: R) -> None:
        self._loop, self._hub = current_hub()
        self._reader = reader
        self._loop.call(self._hub.join, self, key, make, reader)

    def leave(self) -> None:
        """Read no more. Leaving twice is nothing."""
        self._loop.call(self._hub.leave, self, self._reader)

    def wake(self) -> None:
        """Try again now instead of when the backoff is over."""
        self._loop.call(self._hub.wake, self)
