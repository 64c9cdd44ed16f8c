"""The metadata of one run while its task executes: changed here at once, sent in the background."""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from uuid import uuid4

from .flusher import Sender, flusher
from .metadata_buffer import MetadataBuffer, Operation

Call = Callable[..., Future[Any]]


class RunMetadata(Sender):
    """Safe to use from any thread of the task."""

    def __init__(self, run_id: str, call: Call, initial: dict[str, Any] | None) -> None:
        super().__init__()
        self._path = f"/api/v1/runs/{run_id}/metadata"
        self._call = call
        self._buffer = MetadataBuffer(initial)
        self._sent: list[Operation] = []
        self._request: tuple[list[Operation], str] = [], ""

    def change(self, kind: str, key: str | None, value: Any = None) -> None:
        """One operation of `MetadataBuffer.apply`; after the run's end it does nothing."""
        with self.lock:
            if self.closed:
                return
            self._buffer.apply(kind, key, value)
        flusher.wake(self)

    def values(self) -> dict[str, Any]:
        """A copy of everything."""
        with self.lock:
            return copy.deepcopy(self._buffer.values)

    def close(self, timeout: float) -> list[Operation]:
        """Take no more changes and give those that are not known to have arrived."""
        self.wait_idle(timeout)
        with self.lock:
            self.closed = True
            if self.in_flight is not None:
                self.in_flight = None
                self._buffer.give_back(self._sent)
            return self._buffer.take()

    def has_pending(self) -> bool:
        return bool(self._buffer.pending)

    def _take(self) -> Future[Any] | None:
        self._sent = self._buffer.take()
        if not self._sent:
            return None
        if self._request[0] != self._sent:  # the very same request again keeps its key
            self._request = self._sent, str(uuid4())
        return self._call("PUT", self._path, {"operations": self._sent}, key=self._request[1])

    def _arrived(self) -> None:
        self._sent, self._request = [], ([], "")

    def _failed(self, error: BaseException) -> None:  # noqa: ARG002 - whatever it was
        self._buffer.give_back(self._sent)
        self._sent = []
