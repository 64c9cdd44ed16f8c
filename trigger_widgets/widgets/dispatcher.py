"""Where the code of others runs: observers and callbacks, in order, off the event loop."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from trigger_widgets.lock import Lock
from trigger_widgets.realtime.waiting import Event

log = logging.getLogger("trigger_widgets")


class Dispatcher:
    """A thread that does one thing after the other; what one raises is logged."""

    def __init__(self, name: str) -> None:
        self._name = f"trigger-widgets-{name}"
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = Lock()
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Do `job` after everything that was submitted before it."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # also after a fork
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        self._jobs.put(job)

    def catch_up(self, seconds: float = 5.0) -> None:
        """Wait until what was submitted so far is done; at once if this is such a job itself."""
        if threading.current_thread() is not self._thread:
            done = Event()
            self.submit(done.set)
            done.wait(seconds)

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception:  # the jobs after it are others' business
                log.exception("a callback failed")


dispatcher = Dispatcher("callbacks")
"""The dispatcher of this process."""
