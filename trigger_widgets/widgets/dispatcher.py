"""Where the code of others runs: observers and callbacks, in order, off the event loop."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Dispatcher:
    """A thread that does one thing after the other. An exception is the job's own business."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Do `job` after everything that was submitted before it."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # also after a fork
                self._thread = threading.Thread(
                    target=self._run, name="trigger-widgets-callbacks", daemon=True
                )
                self._thread.start()
        self._jobs.put(job)

    def catch_up(self, seconds: float = 5.0) -> None:
        """Wait until what was submitted so far is done; at once if this is such a job itself."""
        if threading.current_thread() is not self._thread:
            done = threading.Event()
            self.submit(done.set)
            done.wait(seconds)

    def _run(self) -> None:
        while True:
            self._jobs.get()()


dispatcher = Dispatcher()
"""The dispatcher of this process."""
