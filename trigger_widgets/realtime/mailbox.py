"""Where a feed leaves what has come for a reader in another thread or loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Generic, TypeVar

from trigger_widgets.errors import TriggerError
from trigger_widgets.lock import Lock

from .connection import Connection
from .waiting import Event

T = TypeVar("T")


class End(Enum):
    """What is taken when nothing will follow: None may be a part of a stream."""

    END = auto()


MOST_PARTS = 10_000
"""How many parts wait here for a slow reader; the rest waits where it is anyway, on the server."""


class Mailbox(Generic[T]):
    """A reader that never holds up another: of values a slow one gets the latest, of parts all.

    `event` is set while there is something to take. `malformed` counts the parts that nobody
    could read, and that were skipped.
    """

    def __init__(self, *, until_final: bool) -> None:
        self.until_final = until_final
        self.patient = False
        self.event = Event()
        self.state = Connection("connecting")
        self._lock = Lock()
        self._values: deque[T] = deque()
        self._is_over = False
        self._error: TriggerError | None = None
        self.malformed = 0
        self._when_room: list[Callable[[], object]] = []
        self._sleepers: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def value(self, value: T) -> None:
        """From the feed: a newer value replaces one that nobody took."""
        with self._lock:
            self._values.clear()
            self._values.append(value)
            self._wake()

    def parts(self, parts: Iterable[T]) -> None:
        """From a stream: parts wait until each has been taken."""
        with self._lock:
            self._values.extend(parts)
            self._wake()

    def between(self, value: T) -> None:
        """A value that stays in its place among the parts; the next one alone replaces it."""
        with self._lock:
            if self._values and type(self._values[-1]) is type(value):
                self._values.pop()
            self._values.append(value)
            self._wake()

    @property
    def is_full(self) -> bool:
        """Whether so many parts wait that no more should come for now."""
        return len(self._values) >= MOST_PARTS

    def when_room(self, call: Callable[[], object]) -> None:
        """Call this once when what waits has been taken: now, or on the reader's thread."""
        with self._lock:
            if self._values:
                self._when_room.append(call)
                return
        call()

    def connection(self, connection: Connection) -> None:
        """From the feed."""
        self.state = connection

    def ended(self, error: TriggerError | None) -> None:
        """From the feed, or from a reader who wants no more."""
        with self._lock:
            if not self._is_over:
                self._is_over, self._error = True, error
            self._wake()

    def take(self) -> deque[T] | End:
        """All that nobody has taken yet. `End`: nothing will follow, or the error is raised."""
        with self._lock:
            taken, self._values = self._values, deque()
            if not taken and self._is_over:
                if self._error is not None:
                    raise self._error
                return End.END
            if not self._is_over:
                self.event.clear()
            calls, self._when_room = self._when_room, []
        for call in calls:
            call()
        return taken

    async def wait(self, seconds: float | None) -> bool:
        """Wait on any event loop until there is something to take; False after `seconds`."""
        sleeper = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            if self.event.is_set():
                return True
            self._sleepers.append(sleeper)
        try:
            async with asyncio.timeout(seconds):
                await sleeper[1].wait()
        except TimeoutError:
            return self.event.is_set()
        finally:
            with self._lock:
                self._sleepers.remove(sleeper)
        return True

    def _wake(self) -> None:
        self.event.set()
        for loop, event in self._sleepers:
            with contextlib.suppress(RuntimeError):  # a loop that was closed sleeps for good
                loop.call_soon_threadsafe(event.set)
