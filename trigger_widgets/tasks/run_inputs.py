"""What has been sent to a run, as its task sees it: each input stream in order, from its start."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import Future
from typing import Any
from urllib.parse import quote

from trigger_widgets.api.requests import Answer
from trigger_widgets.errors import APIConnectionError, ServerError, WaitTimeoutError
from trigger_widgets.lock import Lock
from trigger_widgets.packets import JSON_TYPE, decode_packet

from .link import RunLink, WaitFor
from .results import Result
from .steps import Steps

_TRY_AGAIN_SECONDS = 1.0


class RunInput:
    """One input stream of one attempt. Safe to use from any thread of the task.

    `position` is the number of the piece that comes next to whoever asks; an attempt that comes
    after begins at the first again, and so gets the same in the same order.
    """

    def __init__(self, run_id: str, stream: str, link: RunLink) -> None:
        self.position = 0
        self._run_id = run_id
        self._stream = stream
        self._link = link
        self._reader = secrets.token_hex(4)
        self._lock = Lock()
        self._texts: list[str] = []
        self._waiters: list[tuple[int, Future[bool]]] = []
        self._is_reading = False
        self._closed = False
        self._error: BaseException | None = None

    def peek(self) -> str | None:
        """The next piece if it is here; asks for it if not."""
        with self._lock:
            if self.position < len(self._texts):
                return self._texts[self.position]
        self._read()
        return None

    def take(self, number: int | None = None, timeout: float | None = None) -> Steps[str | None]:
        """Wait for a piece, by default the next one, and have it; None after `timeout` seconds."""
        number = self.position if number is None else number
        future: Future[bool] = Future()
        with self._lock:
            self._waiters.append((number, future))
        self._settle()
        self._read()
        timer = None
        if timeout is not None:
            timer = threading.Timer(timeout, _resolve, (future, False))
            timer.daemon = True
            timer.start()
        try:
            arrived = yield future
        finally:
            if timer is not None:
                timer.cancel()
            with self._lock:
                self._waiters = [(n, f) for n, f in self._waiters if f is not future]
        if not arrived:
            return None
        self.passed(number)
        return self._texts[number]

    def passed(self, number: int) -> None:
        """Somebody has had this piece."""
        with self._lock:
            self.position = max(self.position, number + 1)

    def close(self) -> None:
        """The run has ended: who still waits gets nothing."""
        with self._lock:
            self._closed = True
            waiters = [future for _, future in self._waiters]
        for future in waiters:
            _resolve(future, False)

    def _read(self) -> None:
        with self._lock:
            if self._is_reading or self._closed:
                return
            self._is_reading = True
            start = len(self._texts)
        future = self._link.read(self._run_id, self._stream, self._reader, start)
        future.add_done_callback(self._heard)

    def _heard(self, future: Future[list[str]]) -> None:
        error = None if future.cancelled() else future.exception()
        passing = isinstance(error, APIConnectionError | ServerError)
        with self._lock:
            self._is_reading = False
            if error is None and not future.cancelled():
                self._texts += future.result()
            elif not passing:
                self._error = error
        self._settle()
        with self._lock:
            goes_on = bool(self._waiters)
        if goes_on and passing:
            again = threading.Timer(_TRY_AGAIN_SECONDS, self._read)
            again.daemon = True
            again.start()
        elif goes_on:
            self._read()

    def _settle(self) -> None:
        with self._lock:
            error, self._error = self._error, None
            over = [f for n, f in self._waiters if n < len(self._texts) or error is not None]
            self._waiters = [(n, f) for n, f in self._waiters if f not in over]
        for future in over:
            if error is None:
                _resolve(future, True)
            elif future.set_running_or_notify_cancel():
                future.set_exception(error)

    def wait(self, request: dict[str, Any]) -> Steps[Result[Any]]:
        """Let the run wait for the next piece, holding no slot."""
        number = self.position
        if number:
            request = {**request, "lastSeqNum": number - 1}
        run = quote(self._run_id, safe="")
        path = f"/api/v1/runs/{run}/input-streams/wait"
        answer: Answer = yield self._link.call("POST", path, request, patient=True)
        token = str(answer.object()["waitpointId"])
        path = f"/engine/v1/runs/{run}/waitpoints/tokens/{quote(token, safe='')}/wait"
        completed = yield self._link.wait(self._run_id, WaitFor(path, {}, waitpoint=token))
        output = decode_packet(completed.get("output"), completed.get("outputType") or JSON_TYPE)
        if completed.get("outputIsError"):
            said = output.get("message") if isinstance(output, dict) else output
            words = f'nothing was sent to the input stream "{self._stream}" in time: {said}'
            return Result(token, error=WaitTimeoutError(words))
        self.passed(number)
        return Result(token, output)


def _resolve(future: Future[bool], value: bool) -> None:
    if not future.done() and future.set_running_or_notify_cancel():
        future.set_result(value)


class RunInputs:
    """The input streams of one attempt, by their id."""

    def __init__(self, run_id: str, link: RunLink) -> None:
        self._run_id = run_id
        self._link = link
        self._lock = Lock()
        self._inputs: dict[str, RunInput] = {}

    def input(self, stream: str) -> RunInput:
        """An input stream."""
        with self._lock:
            if stream not in self._inputs:
                self._inputs[stream] = RunInput(self._run_id, stream, self._link)
            return self._inputs[stream]

    def close(self) -> None:
        """The run has ended."""
        with self._lock:
            inputs = list(self._inputs.values())
        for one in inputs:
            one.close()
