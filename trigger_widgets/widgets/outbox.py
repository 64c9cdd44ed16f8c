"""One outbox a kernel: what the widgets have to say, at most 60 messages a second.

The comm channel loses messages when it is flooded (above 1,000 a second by the server's own
limit), so changes are merged while they wait. After a pause some go at once: a change is often a
message and a few traits, and the change after it should not wait for them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger("trigger_widgets")

MESSAGES_PER_SECOND = 60
AT_ONCE = 10


class Sender(Protocol):
    """What has something to say."""

    def flush(self) -> int:
        """Send what has gathered; gives the number of messages that took."""


class Outbox:
    """A thread that lets its senders speak in turn. It sleeps while nobody has anything to say."""

    def __init__(
        self,
        rate: float = MESSAGES_PER_SECOND,
        at_once: int = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # a second has those that go at once and those that become free in it: together the rate
        self._interval = 1 / (rate - at_once)
        self._ahead = (at_once - 1) * self._interval
        self._clock = clock
        self._waiting: dict[Sender, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._free_at = 0.0

    def post(self, sender: Sender, delay: float = 0) -> None:
        """Let `sender` speak after `delay` seconds at the earliest; an earlier turn stays."""
        due = self._clock() + delay
        with self._changed:
            if due < self._waiting.get(sender, float("inf")):
                self._waiting[sender] = due
                self._changed.notify()
            if self._thread is None or not self._thread.is_alive():  # also after a fork
                self._thread = threading.Thread(
                    target=self._run, name="trigger-widgets-outbox", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while True:
            sender = self._next()
            try:
                messages = sender.flush()
            except Exception:  # one that cannot speak silences no other
                log.exception("a widget's message could not be sent")
                messages = 1
            self._free_at = max(self._clock(), self._free_at) + self._interval * messages

    def _next(self) -> Sender:
        with self._changed:
            while True:
                now = self._clock()
                if self._waiting:
                    sender = min(self._waiting, key=lambda each: self._waiting[each])
                    wait = max(self._waiting[sender], self._free_at - self._ahead) - now
                    if wait <= 0:
                        del self._waiting[sender]
                        return sender
                    self._changed.wait(wait)
                else:
                    self._changed.wait()


outbox = Outbox()
"""The outbox of this process."""
