"""One thread that looks again and again at what no feed tells: the state of wait tokens."""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from trigger_widgets.config import unattended
from trigger_widgets.lock import Lock
from trigger_widgets.realtime.waiting import Event

log = logging.getLogger("trigger_widgets")

EVERY_SECONDS = 1.0


class Polled(Protocol):
    """What wants to be looked at."""

    def poll(self) -> bool:
        """Look once; False if there is no need to look again."""


class Poller:
    """Asks everybody in turn, once a second. It ends when nobody is left."""

    def __init__(self, every: float = EVERY_SECONDS) -> None:
        self._every = every
        self._lock = Lock()
        self._members: dict[Polled, object] = {}
        self._thread: threading.Thread | None = None
        self._hurry = Event()

    def add(self, member: Polled) -> None:
        """Poll `member` now and from now on."""
        with self._lock:
            self._members[member] = object()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="trigger-widgets-poller", daemon=True
                )
                self._thread.start()
        self._hurry.set()

    def remove(self, member: Polled) -> None:
        """Do not poll it any more."""
        with self._lock:
            self._members.pop(member, None)

    def _run(self) -> None:
        while True:
            self._hurry.clear()
            with self._lock:
                members = list(self._members.items())
                if not members:
                    self._thread = None
                    return
            for member, turn in members:
                if not self._look(member):
                    with self._lock:  # unless it was added again meanwhile
                        if self._members.get(member) is turn:
                            del self._members[member]
            self._hurry.wait(self._every)

    def _look(self, member: Polled) -> bool:
        unattended.set(True)  # to look again is no reason to start an engine that was stopped
        try:
            return member.poll()
        except Exception:
            log.exception("looking at a wait token failed")
            return False


_pollers: dict[str, Poller] = {}


def poller_of(server: str) -> Poller:
    """The one poller of a server: one that is slow to answer holds up nobody else's tokens."""
    return _pollers.setdefault(server, Poller())
