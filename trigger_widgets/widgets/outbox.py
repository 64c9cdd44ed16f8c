"""One outbox a kernel: what the widgets have to say, at most 60 messages a second.

The comm channel loses messages when it is flooded (Jupyter's server drops what is more than a
thousand messages or a megabyte a second, over three seconds), so changes are merged while they
wait. After a pause some go at once: a change is often a message and a few traits, and the change
after it should not wait for them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from trigger_widgets.lock import Lock

log = logging.getLogger("trigger_widgets")

MESSAGES_PER_SECOND = 60
AT_ONCE = 10
BYTES_PER_SECOND = 700_000
BYTES_AT_ONCE = 250_000


class Sent(NamedTuple):
    """What a turn took; `size` is in bytes."""

    messages: int
    size: int = 0


class Sender(Protocol):
    """What has something to say."""

    def flush(self) -> Sent:
        """Send what has gathered."""


class Pace:
    """So much a second, and so much ahead of that after a pause."""

    def __init__(self, rate: float, ahead: float) -> None:
        self._rate, self._ahead = rate, ahead / rate
        self._paid_at = 0.0

    @property
    def free_at(self) -> float:
        """When there may be more."""
        return self._paid_at - self._ahead

    def spend(self, amount: float, now: float) -> None:
        """So much has been sent."""
        self._paid_at = max(now, self._paid_at) + amount / self._rate


class Outbox:
    """A thread that lets its senders speak in turn. It sleeps while nobody has anything to say."""

    def __init__(
        self,
        rate: float = MESSAGES_PER_SECOND,
        at_once: int = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # a second has those that go at once and those that become free in it: together the rate
        self._messages = Pace(rate - at_once, at_once - 1)
        self._bytes = Pace(BYTES_PER_SECOND, BYTES_AT_ONCE)
        self._clock = clock
        self._waiting: dict[Sender, float] = {}
        self._lock = Lock()
        self._changed = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None

    def post(self, sender: Sender, delay: float = 0) -> None:
        """Let `sender` speak after `delay` seconds at the earliest; an earlier turn stays."""
        due = self._clock() + delay
        with self._lock:
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
                sent = sender.flush()
            except Exception:  # one that cannot speak silences no other
                log.exception("a widget's message could not be sent")
                sent = Sent(1)
            now = self._clock()
            self._messages.spend(sent.messages, now)
            self._bytes.spend(sent.size, now)

    def _next(self) -> Sender:
        with self._lock:
            while True:
                now = self._clock()
                if self._waiting:
                    sender = min(self._waiting, key=lambda each: self._waiting[each])
                    due = max(self._waiting[sender], self._messages.free_at, self._bytes.free_at)
                    wait = due - now
                    if wait <= 0:
                        del self._waiting[sender]
                        return sender
                    self._changed.wait(wait)
                else:
                    self._changed.wait()


outbox = Outbox()
"""The outbox of this process."""
