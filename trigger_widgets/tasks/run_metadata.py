"""The metadata of one run while its task executes: changed here at once, sent in the background."""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from uuid import uuid4

from trigger_widgets.api.requests import Answer
from trigger_widgets.errors import APIStatusError
from trigger_widgets.packets import decode_packet

from .flusher import Sender, flusher
from .metadata_buffer import MetadataBuffer, Operation
from .steps import Steps

Call = Callable[..., Future[Any]]
Operations = dict[str, list[Operation]]
OWN, PARENT, ROOT = "operations", "parentOperations", "rootOperations"
_TOO_LARGE = 413


class RunMetadata(Sender):
    """Safe to use from any thread of the task.

    What is not known to have arrived is sent again: of the run itself as the values that its
    operations have led to, of its parent and root as it was, with the key of its first request.
    """

    def __init__(self, run_id: str, call: Call, initial: dict[str, Any] | None) -> None:
        super().__init__()
        self._path = f"/api/v1/runs/{run_id}/metadata"
        self._call = call
        self._buffer = MetadataBuffer(initial)
        self._sent: list[Operation] = []
        self._request: tuple[list[Operation], str] = [], ""
        self._relatives: Operations = {}
        self._unanswered: dict[str, Any] = {}
        self._refused: APIStatusError | None = None

    def change(self, kind: str, key: str | None, value: Any = None) -> None:
        """One operation of `MetadataBuffer.apply`; after the run's end it does nothing."""
        with self.lock:
            if self.closed:
                return
            self._buffer.apply(kind, key, value)
        flusher.wake(self)

    def change_relative(self, whose: str, kind: str, key: str | None, value: Any = None) -> None:
        """One operation on the run of `PARENT` or `ROOT`, whose values are not known here. Raises
        what the server has said against an earlier one.
        """
        scratch = MetadataBuffer()
        scratch.apply(kind, key, value)
        with self.lock:
            refused, self._refused = self._refused, None
            if refused is not None:
                raise refused
            if self.closed:
                return
            self._relatives.setdefault(whose, []).extend(scratch.take())
        flusher.wake(self)

    def values(self) -> dict[str, Any]:
        """A copy of everything."""
        with self.lock:
            return copy.deepcopy(self._buffer.values)

    def refresh(self) -> Steps[None]:
        """Take over what others have changed on the server; our own changes stay."""
        answer: Answer = yield self._call("GET", self._path, None, patient=True)
        packet = answer.object()
        values = decode_packet(packet.get("metadata"), packet.get("metadataType") or "")
        with self.lock:
            self._buffer.rebase(values if isinstance(values, dict) else {}, self._sent)

    def close(self, timeout: float) -> dict[str, Any]:
        """Take no more changes and give the operations that are not known to have arrived, as
        the body of a request; `unanswered` are those that have a key of theirs.
        """
        self.wait_idle(timeout)
        with self.lock:
            self.closed = True
            if self.in_flight is not None:
                self.in_flight = None
                self._buffer.give_back(self._sent)
            left = {OWN: self._buffer.take(), **self._relatives, "unanswered": self._unanswered}
            return {name: value for name, value in left.items() if value}

    def has_pending(self) -> bool:
        return bool(self._buffer.pending or self._relatives or self._unanswered)

    def _take(self) -> Future[Any] | None:
        if not self.has_pending():
            return None
        self._sent = self._buffer.take()
        if not self._unanswered and self._relatives:
            self._unanswered, self._relatives = {**self._relatives, "key": str(uuid4())}, {}
        if self._request[0] != self._sent:  # the very same request again keeps its key
            self._request = self._sent, str(uuid4())
        body = {OWN: self._sent, **self._unanswered}
        return self._call("PUT", self._path, body, key=body.pop("key", self._request[1]))

    def _arrived(self) -> None:
        self._sent, self._request, self._unanswered = [], ([], ""), {}

    def _failed(self, error: BaseException) -> None:
        if self._unanswered and isinstance(error, APIStatusError) and error.status == _TOO_LARGE:
            self._unanswered, self._refused = {}, error
        self._buffer.give_back(self._sent)
        self._sent = []
