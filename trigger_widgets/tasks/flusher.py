"""The background thread that sends what tasks leave behind: metadata, log lines, stream parts.

The first change of a run goes at once; later ones are gathered for the sender's interval, so that
a tight loop costs ten requests a second and never blocks. A failed send is tried again, later
each time.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from contextvars import Context
from typing import Any

from trigger_widgets.lock import Lock

INTERVAL = 0.1
"""Seconds between two sends of a sender that names no other interval."""
_SLOWEST_RETRY = 2.0


class Sender:
    """Something that has parcels to send, one at a time and in order.

    Subclasses give `_take` (start sending; None if there is nothing) and `_failed`, both called
    under `self.lock`, which also guards what they keep.
    """

    interval: float = INTERVAL

    def __init__(self) -> None:
        self.lock = Lock()
        self.idle = threading.Condition(self.lock)
        self.in_flight: Future[Any] | None = None
        self.closed = False
        self._last = float("-inf")
        self._failures = 0

    def _take(self) -> Future[Any] | None:
        raise NotImplementedError

    def _failed(self, error: BaseException) -> None:
        raise NotImplementedError

    def _arrived(self) -> None:
        raise NotImplementedError

    def due(self) -> float:
        """When the next send may be, on the monotonic clock."""
        return self._last + min(self.interval * 2.0**self._failures, _SLOWEST_RETRY)

    def send(self) -> None:
        """Start sending what there is, unless something is on its way."""
        with self.lock:
            if self.in_flight is not None or self.closed:
                return
            future = self._take()
            if future is None:
                return
            self._last = time.monotonic()
            self.in_flight = future
        future.add_done_callback(self._done)

    def _done(self, future: Future[Any]) -> None:
        with self.lock:
            if self.in_flight is not future:
                return  # given up in the meantime
            self.in_flight = None
            error = future.exception() if not future.cancelled() else ConnectionError("given up")
            if error is None:
                self._failures = 0
                self._arrived()
            else:
                self._failures += 1
                self._failed(error)
            self.idle.notify_all()
        flusher.wake(self)

    def wait_idle(self, timeout: float) -> bool:
        """Wait until nothing is on its way, at most `timeout` seconds."""
        with self.lock:
            return self.idle.wait_for(lambda: self.in_flight is None, timeout)

    def has_pending(self) -> bool:
        """Whether there is something to send."""
        raise NotImplementedError

    def drain(self, timeout: float) -> bool:
        """Send everything now; False if it has not all arrived after `timeout` seconds."""
        end = time.monotonic() + timeout
        while True:
            self.send()
            if not self.wait_idle(max(0.0, end - time.monotonic())):
                return False
            with self.lock:
                if not self.has_pending():
                    return True
                if self._failures:
                    return False


class Flusher:
    """One daemon thread a process, started by the first change."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting: dict[Sender, float] = {}
        self._thread: threading.Thread | None = None

    def wake(self, sender: Sender) -> None:
        """`sender` may have something to send: do it as soon as it is due."""
        if sender.closed or not sender.has_pending():
            return
        with self._lock:
            if sender not in self._waiting:
                self._waiting[sender] = sender.due()
                self._changed.notify()
            if self._thread is None or not self._thread.is_alive():
                # an empty context: the thread serves every run and belongs to none
                self._thread = threading.Thread(
                    target=Context().run,
                    args=(self._run,),
                    name="trigger-widgets-flusher",
                    daemon=True,
                )
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                now = time.monotonic()
                due = [sender for sender, at in self._waiting.items() if at <= now]
                for sender in due:
                    del self._waiting[sender]
                if not due:
                    at = min(self._waiting.values(), default=None)
                    self._changed.wait(None if at is None else at - now)
            for sender in due:
                sender.send()


flusher = Flusher()
"""The flusher of this process."""
