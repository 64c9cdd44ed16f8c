"""Stopping code that blocks: an exception in a thread is heard only when it stops blocking."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from trigger_widgets.lock import Lock


class RunStopped(BaseException):
    """Raised inside a task that is to stop. `except Exception` lets it pass; `finally` runs."""


class Alarm:
    """Wakes whoever blocks in a run that is to stop. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sleepers: dict[int, Callable[[], object]] = {}
        self._next = 0
        self.rung = False
        self.listeners: set[int] = set()
        """The threads that are in `listens`."""

    @contextmanager
    def ringing(self) -> Iterator[None]:
        """Wake everybody after this, and from now on; nobody stops listening meanwhile."""
        with self._lock:
            self.rung = True
            sleepers = list(self._sleepers.values())
            yield
        for wake in sleepers:
            wake()

    @contextmanager
    def listens(self) -> Iterator[None]:
        """Where this thread must not be stopped by an exception that comes anywhere.

        Ends with `RunStopped` if the alarm rang meanwhile.
        """
        thread, rung_before = threading.get_ident(), self.rung
        try:
            with self._lock:  # what is raised meanwhile is raised here, not in what follows
                self.listeners.add(thread)
            yield
        finally:
            with self._lock:
                self.listeners.discard(thread)
                rings = self.rung and not rung_before
            if rings:
                raise RunStopped

    @contextmanager
    def wakes(self, wake: Callable[[], object]) -> Iterator[None]:
        """Call `wake` if the alarm rings in here; at once if it has rung before."""
        with self._lock:
            number = self._next = self._next + 1
            self._sleepers[number] = wake
            rung = self.rung
        try:
            if rung:
                wake()
            yield
        finally:
            with self._lock:
                del self._sleepers[number]
