"""What a task prints and logs, on its way to its run.

The route is this project's own (a real Trigger.dev answers 404 once, and is not asked again).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from uuid import uuid4

from trigger_widgets.errors import APIStatusError
from trigger_widgets.jsonable import JSON

from .flusher import Sender, flusher

Record = dict[str, Any]
Call = Callable[..., Future[Any]]

_MOST_KEPT = 10_000
_MOST_A_REQUEST = 1_000
_LONGEST_LINE = 64 * 1024
_NOT_THERE = (404, 405, 501)


class RunLog(Sender):
    """Safe to use from any thread. Bounded: a flood loses its oldest lines, and says so."""

    def __init__(self, run_id: str, call: Call) -> None:
        super().__init__()
        self._path = f"/engine/v1/runs/{run_id}/logs"
        self._call = call
        self._records: deque[Record] = deque()
        self._sent: list[Record] = []
        self._key = ""
        self._partial: dict[str, str] = {}
        self._dropped = 0
        self._refused = False

    def write(self, stream: str, text: str) -> None:
        """Text as it was written to `stdout` or `stderr`: kept until its line is complete."""
        with self.lock:
            *lines, rest = (self._partial.get(stream, "") + text).split("\n")
            self._partial[stream] = rest[-_LONGEST_LINE:]
            for line in lines:
                # a progress bar redraws its line: what was overwritten is not worth keeping
                self._add(stream, line.rstrip("\r").rpartition("\r")[2])
        flusher.wake(self)

    def record(self, text: str, level: str, properties: dict[str, JSON] | None = None) -> None:
        """One record of a logger."""
        with self.lock:
            self._add("log", text, level, properties)
        flusher.wake(self)

    def close(self, timeout: float) -> None:
        """Send everything, incomplete lines too; what does not arrive in time follows later."""
        with self.lock:
            for stream, rest in self._partial.items():
                if rest:
                    self._add(stream, rest.rpartition("\r")[2])
            self._partial.clear()
        self.drain(timeout)

    def has_pending(self) -> bool:
        return bool(self._records or self._sent) and not self._refused

    def _add(
        self,
        stream: str,
        text: str,
        level: str | None = None,
        properties: dict[str, JSON] | None = None,
    ) -> None:
        if self._refused:
            return
        record: Record = {"time": int(time.time() * 1000), "stream": stream}
        if level is not None:
            record["level"] = level
        record["text"] = text[:_LONGEST_LINE]
        if properties:
            record["properties"] = properties
        self._records.append(record)
        if len(self._records) > _MOST_KEPT:
            self._records.popleft()
            self._dropped += 1

    def _take(self) -> Future[Any] | None:
        if not self.has_pending():
            return None
        if not self._sent:  # what has failed goes again as it was: it may have arrived
            self._sent, self._key = self._next(), str(uuid4())
        return self._call("POST", self._path, {"records": self._sent}, key=self._key)

    def _next(self) -> list[Record]:
        if self._dropped:
            first = {"time": self._records[0]["time"], "stream": "log", "level": "WARNING"}
            first["text"] = f"{self._dropped} lines before this one came too fast and were dropped"
            self._records.appendleft(first)
            self._dropped = 0
        count = min(len(self._records), _MOST_A_REQUEST)
        return [self._records.popleft() for _ in range(count)]

    def _arrived(self) -> None:
        self._sent = []

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, APIStatusError) and error.status in _NOT_THERE:
            self._refused = True
            self._records.clear()
            self._sent = []
