"""The streams of one run while its task executes: parts wait here until the server has them."""

from __future__ import annotations

import secrets
from collections import deque
from concurrent.futures import Future
from typing import Any

from trigger_widgets.errors import APIConnectionError, APIStatusError, ServerError, TriggerError
from trigger_widgets.lock import Lock

from .flusher import Sender, flusher
from .link import Parts, RunLink
from .steps import Steps

_MOST_A_REQUEST = 1_000
_BYTES_A_REQUEST = 900_000
"""A server of v2 streams takes 1,000 records and 1 MiB at once."""
_SIZE_WAITING = 4_000_000
"""Characters of JSON. A task that writes faster than its server stores is held up from here on."""
_PASSING = (408, 425, 429)

LARGEST_PART = _BYTES_A_REQUEST
"""Bytes of JSON."""


class StreamBuffer(Sender):
    """The parts of one stream on their way. Safe to use from any thread of the task.

    They are sent in order, one request after the other, and each one until it has arrived.
    """

    interval = 0.03

    def __init__(self, run_id: str, stream: str, link: RunLink, target: str | None = None) -> None:
        super().__init__()
        self._run_id = run_id
        self._target = target
        self._stream = stream
        self._link = link
        self._writer = secrets.token_hex(4)
        self._texts: deque[str] = deque()
        self._first = 0
        self._sending = 0
        self._size = 0
        self._refused: BaseException | None = None
        self._waiters: list[tuple[int, Future[None]]] = []

    def add(self, text: str) -> None:
        """One part, as JSON text. Raises what the server has said against an earlier one."""
        with self.lock:
            if self._refused is not None:
                raise self._refused
            if self.closed:
                return
            self._texts.append(text)
            self._size += len(text)
        flusher.wake(self)

    def room(self) -> Steps[None]:
        """Until more parts may be added."""
        if self._size > _SIZE_WAITING:
            yield self._below(_SIZE_WAITING // 2)

    def stored(self) -> Steps[None]:
        """Until the server has everything; raises what it has said against it."""
        yield self._below(0)

    def has_pending(self) -> bool:
        return bool(self._texts)

    def _below(self, size: int) -> Future[None]:
        future: Future[None] = Future()
        with self.lock:
            self._waiters.append((size, future))
            settled = self._settled()
        _settle(settled, self._refused)
        return future

    def _settled(self) -> list[Future[None]]:
        """Those whose wait is over; they wait no more."""
        size = 0 if self._refused is not None else self._size
        over = [future for most, future in self._waiters if size <= most]
        self._waiters = [(most, future) for most, future in self._waiters if size > most]
        return over

    def _take(self) -> Future[Any] | None:
        texts: list[str] = []
        size = 0
        for text in self._texts:
            size += len(text.encode())
            if texts and (size > _BYTES_A_REQUEST or len(texts) == _MOST_A_REQUEST):
                break
            texts.append(text)
        if not texts:
            return None
        self._sending = len(texts)
        parts = Parts(self._stream, self._writer, self._first, texts, self._target)
        return self._link.write(self._run_id, parts)

    def _arrived(self) -> None:
        for _ in range(self._sending):
            self._size -= len(self._texts.popleft())
        self._first += self._sending
        _settle(self._settled(), None)

    def _failed(self, error: BaseException) -> None:
        passing = isinstance(error, APIConnectionError | ServerError) or (
            isinstance(error, APIStatusError) and error.status in _PASSING
        )
        if not passing:
            self._refused = error if isinstance(error, TriggerError) else TriggerError(str(error))
            self._texts.clear()
            self._size = 0
            _settle(self._settled(), self._refused)


def _settle(futures: list[Future[None]], error: BaseException | None) -> None:
    for future in futures:
        if future.set_running_or_notify_cancel():
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)


class RunStreams:
    """The buffers of one attempt, by the stream's id."""

    def __init__(self, run_id: str, link: RunLink) -> None:
        self._run_id = run_id
        self._link = link
        self._lock = Lock()
        self._buffers: dict[tuple[str, str | None], StreamBuffer] = {}

    def buffer(self, stream: str, target: str | None = None) -> StreamBuffer:
        """The buffer of a stream, of another run if there is a `target`."""
        key = (stream, None if target == self._run_id else target)
        with self._lock:
            if key not in self._buffers:
                self._buffers[key] = StreamBuffer(self._run_id, stream, self._link, key[1])
            return self._buffers[key]

    def stored(self) -> Steps[None]:
        """Until the server has every part; raises what it has said against one."""
        for buffer in list(self._buffers.values()):
            yield from buffer.stored()

    def close(self, timeout: float) -> None:
        """Take no more parts; what has not arrived after `timeout` seconds is given up."""
        for buffer in list(self._buffers.values()):
            buffer.drain(timeout)
            with buffer.lock:
                buffer.closed = True
