"""When the copies of a widget in its notebook are brought up to date: rarely, and at the end."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from trigger_widgets.lock import Lock

EVERY_SECONDS = 10.0
_FINAL_GAP_SECONDS = 0.5


class Saver:
    """Calls `save` at once for the first change and for a final one, else at most every 10 s.

    The last change is always followed by a save. Finals that come in a row (the runs of a table)
    share one.
    """

    def __init__(
        self,
        save: Callable[[], None],
        every: float = EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._save = save
        self._every = every
        self._clock = clock
        self._lock = Lock()
        self._saved_at = self._final_at = -math.inf
        self._due = math.inf
        self._timer: threading.Timer | None = None

    def changed(self, *, final: bool = False) -> None:
        """Something has changed that should be in the copies."""
        with self._lock:
            now = self._clock()
            wait = self._final_at + _FINAL_GAP_SECONDS if final else self._saved_at + self._every
            due = max(now, wait)
            if due >= self._due:
                return
            if final:
                self._final_at = due
            self._cancel()
            if due > now:
                self._due = due
                self._timer = threading.Timer(due - now, self._on_time)
                self._timer.daemon = True
                self._timer.start()
                return
            self._saved_at = now
        self._save()

    def stop(self) -> None:
        """Save no more."""
        with self._lock:
            self._cancel()

    def _on_time(self) -> None:
        with self._lock:
            self._due, self._timer = math.inf, None
            self._saved_at = self._clock()
        self._save()

    def _cancel(self) -> None:
        self._due = math.inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
