"""Wake-ups in memory: whoever waits for something hears of it in the moment it is committed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

QUEUE = "queue"
"""Somebody who stands by for runs may have one now; those who wait for them listen to HELD."""
HELD = "held"
TIMERS = "timers"
_RUN = "run:"
ANY_RUN = "run:*"


def run_topic(run_id: str) -> str:
    """The topic of everything that happens to one run (the bare cuid)."""
    return f"{_RUN}{run_id}"


def stream_topic(run_id: str, stream: str) -> str:
    """The topic of the parts of one stream of a run."""
    return f"{_RUN}{run_id}/{stream}"


def tag_topic(tag: str) -> str:
    """The topic of everything that happens to the runs with a tag."""
    return f"{_RUN}tag:{tag}"


def batch_topic(batch_id: str) -> str:
    """The topic of a batch and of everything that happens to its runs."""
    return f"{_RUN}batch:{batch_id}"


class Listener:
    """Listen first, look second, wait third: then no wake-up falls between."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Let `wait` return, now or the next time it is called."""
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """True if woken, False when `seconds` are over. Once the hub is closed, always False."""
        if self._hub.closed or seconds <= 0:
            return False
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return not self._hub.closed


class Hub:
    """Topics and who listens to them. Belongs to one event loop."""

    def __init__(self) -> None:
        self.closed = False
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)

    @property
    def holds(self) -> int:
        """How many requests are being held for something to happen to a run."""
        return sum(len(found) for topic, found in self._listeners.items() if topic.startswith(_RUN))

    @contextmanager
    def listen(self, *topics: str) -> Iterator[Listener]:
        """A listener to all of `topics`, from this moment on."""
        listener = Listener(self)
        for topic in topics:
            self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            for topic in set(topics):
                self._listeners[topic].discard(listener)
                if not self._listeners[topic]:
                    del self._listeners[topic]

    def notify(self, topics: Iterable[str]) -> None:
        """Wake everybody who listens to one of `topics`."""
        for topic in topics:
            for listener in self._listeners.get(topic, ()):
                listener.wake()

    def close(self) -> None:
        """Let every wait end, now and from now on."""
        self.closed = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.wake()
