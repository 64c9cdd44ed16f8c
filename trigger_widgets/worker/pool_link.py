"""A pool process's way to the server: everything is asked of its worker, through their socket."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from pydantic import SecretStr

from trigger_widgets.api.requests import Answer
from trigger_widgets.config import Endpoint
from trigger_widgets.errors import APIConnectionError, APIStatusError, TriggerError
from trigger_widgets.tasks.link import Parts, WaitFor

from .frames import Channel

_LOCATE_SECONDS = 30.0


class PoolLink:
    """The `RunLink` of the runs of a pool process. Safe from any thread."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._answers: dict[int, tuple[Future[Any], Callable[[Any], Any]]] = {}
        self._numbers = itertools.count(1)

    def call(
        self, method: str, path: str, body: Any, *, key: str | None = None, patient: bool = False
    ) -> Future[Answer]:
        """A request that the worker makes."""
        request = {"method": method, "path": path, "body": body, "key": key, "patient": patient}
        return self._ask({"kind": "call", **request}, _answer)

    def write(self, run_id: str, parts: Parts) -> Future[None]:
        """Parts that the worker writes."""
        return self._ask({"kind": "write", "run": run_id, "parts": asdict(parts)})

    def read(self, run_id: str, stream: str, reader: str, start: int) -> Future[list[str]]:
        """An input stream that the worker reads."""
        what = {"run": run_id, "stream": stream, "reader": reader, "start": start}
        return self._ask({"kind": "read", **what})

    def wait(self, run_id: str, what: WaitFor) -> Future[dict[str, Any]]:
        """A wait that the worker sits out."""
        return self._ask({"kind": "wait", "run": run_id, "what": asdict(what)})

    def locate(self) -> Endpoint:
        """Where the server is now, for the client of a task that triggers others."""
        found = self._ask({"kind": "locate"}).result(_LOCATE_SECONDS)
        return Endpoint(found["api_url"], SecretStr(found["access_token"]), found["branch"])

    def hear(self, message: dict[str, Any]) -> None:
        """An answer of the worker."""
        future, decode = self._answers.pop(message["number"], (None, None))
        if future is None or decode is None or not future.set_running_or_notify_cancel():
            return
        if "error" not in message:
            future.set_result(decode(message.get("value")))
        elif message["status"]:
            status = message["status"]
            future.set_exception(APIStatusError.class_for(status)(message["error"], status=status))
        else:
            kind = APIConnectionError if message["lost"] else TriggerError
            future.set_exception(kind(message["error"]))

    def _ask(
        self, message: dict[str, Any], decode: Callable[[Any], Any] = lambda value: value
    ) -> Future[Any]:
        number, future = next(self._numbers), Future[Any]()
        self._answers[number] = future, decode
        try:
            self._channel.send({**message, "number": number})
        except OSError:
            future.set_exception(APIConnectionError("the worker has ended"))
        future.add_done_callback(lambda _: self._given_up(number))
        return future

    def _given_up(self, number: int) -> None:
        if self._answers.pop(number, None) is not None:
            with contextlib.suppress(OSError):
                self._channel.send({"kind": "give up", "number": number})


def _answer(value: dict[str, Any]) -> Answer:
    return Answer(value["status"], value["headers"], value["body"].encode())
