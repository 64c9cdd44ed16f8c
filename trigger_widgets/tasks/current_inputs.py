"""`streams.input`: what is sent to a running task from outside, piece by piece."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import json
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from trigger_widgets.api import streams as api
from trigger_widgets.api import wait as wait_api
from trigger_widgets.api.checks import sentence
from trigger_widgets.errors import ConfigurationError, WaitTimeoutError

from .outside import warn_once
from .results import Result
from .run_logger import logger
from .scope import RunScope, current_scope
from .steps import Steps, refuse_in_event_loop, run_awaiting, run_blocking
from .stopping import RunStopped
from .stream_ids import checked_id
from .waits import Duration, require_scope

T = TypeVar("T")


class InputError(ConfigurationError):
    """What was sent does not fit the type of its input stream."""


class Listening:
    """Calls a function for each piece that comes, until `off` or the end of the run."""

    def __init__(self) -> None:
        self.is_off = False
        """Whether it is called no more."""

    def off(self) -> None:
        """Call it no more."""
        self.is_off = True


class InputStream(Generic[T]):
    """An input stream by its id, with pieces of one type. Made by `streams.input`, for any run.

    Pieces come in the order in which they were sent, whenever that was, each to one `wait` or
    `once`, or to the functions given to `on` where nobody waits. An attempt that comes after gets
    them again from the first.
    """

    def __init__(self, stream: str, type: type[T] | Any = Any) -> None:  # noqa: A002 - as `define`
        self.id = checked_id(stream)
        self.type = type
        self._adapter: TypeAdapter[T] = TypeAdapter(type)

    def wait(
        self,
        timeout: Duration | datetime | None = None,
        *,
        idempotency_key: str | None = None,
        idempotency_key_ttl: Duration | None = None,
        tags: str | Iterable[str] = (),
    ) -> Result[T]:
        """Let the run wait for the next piece: it holds no slot meanwhile, as `wait.for_token`.

        The `Result` has a `WaitTimeoutError` if nothing came within `timeout`.
        """
        refuse_in_event_loop("streams.input")
        scope = require_scope("streams.input(…).wait")
        options = _options(timeout, idempotency_key, idempotency_key_ttl, tags)
        return run_blocking(self._wait(scope, options), scope.alarm)

    def once(self, timeout_ms: float | None = None) -> Result[T]:
        """Wait for the next piece right here, keeping the slot: for what comes soon."""
        refuse_in_event_loop("streams.input")
        scope = require_scope("streams.input(…).once")
        return run_blocking(self._once(scope, timeout_ms), scope.alarm)

    def on(self, callback: Callable[[T], Any]) -> Listening:
        """Call a function, in a thread of its own, for each piece that comes while the task runs.

        What it raises is logged. `.off()` of the answer ends it; the end of the run does too.
        """
        listening, scope = Listening(), current_scope()
        if scope is None:
            warn_once("streams do")
            return listening
        number = scope.inputs.input(self.id).position
        threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._listen, scope, listening, number, callback),
            name=f"input {self.id}",
            daemon=True,
        ).start()
        return listening

    def peek(self) -> T | None:
        """The piece that the next `once` gives, if it is here already. The first look asks for it,
        and so sees nothing.
        """
        scope = current_scope()
        if scope is None:
            warn_once("streams do")
            return None
        text = scope.inputs.input(self.id).peek()
        return None if text is None else self._checked(json.loads(text))

    def send(self, run: Any, data: T) -> None:
        """Send a piece to a run, from anywhere. Outside of a run it is the default client's."""
        refuse_in_event_loop("streams.input")
        request, scope = api.send(run, self.id, self._plain(data)), current_scope()
        if scope is None:
            from trigger_widgets.client import default_client

            default_client().streams.send(run, self.id, self._plain(data))
            return
        run_blocking(_send(scope, request), scope.alarm)

    def _plain(self, data: Any) -> Any:
        return self._adapter.dump_python(self._checked(data), mode="json")

    def _checked(self, data: Any) -> T:
        try:
            return self._adapter.validate_python(data)
        except ValidationError as e:
            who = f'the input stream "{self.id}"'
            raise InputError(sentence(e, "what was sent", who)) from None

    def _result(self, id: str, data: Any) -> Result[T]:  # noqa: A002 - as Result has it
        try:
            return Result(id, self._checked(data))
        except InputError as e:
            return Result(id, error=e)

    def _wait(self, scope: RunScope, options: dict[str, Any]) -> Steps[Result[T]]:
        if "idempotencyKey" not in options:
            key = scope.waits.key(scope.context.run.id, f"input:{self.id}")
            options = {**options, "idempotencyKey": key}
        with scope.waits.waiting(f'the input stream "{self.id}"'):
            found = yield from scope.inputs.input(self.id).wait({"streamId": self.id, **options})
        return self._result(found.id, found.output) if found.ok else found

    def _once(self, scope: RunScope, timeout_ms: float | None) -> Steps[Result[T]]:
        seconds = None if timeout_ms is None else timeout_ms / 1000
        text = yield from scope.inputs.input(self.id).take(timeout=seconds)
        if text is not None:
            return self._result(self.id, json.loads(text))
        words = f'nothing was sent to the input stream "{self.id}" within {timeout_ms:g} ms'
        return Result(self.id, error=WaitTimeoutError(words))

    def _listen(
        self, scope: RunScope, listening: Listening, number: int, callback: Callable[[T], Any]
    ) -> None:
        source = scope.inputs.input(self.id)
        try:
            while not (listening.is_off or scope.alarm.rung):
                text = run_blocking(source.take(number), scope.alarm)
                if text is None or listening.is_off:
                    return
                number += 1
                self._tell(callback, text)
        except (RunStopped, ConfigurationError):
            return

    def _tell(self, callback: Callable[[T], Any], text: str) -> None:
        try:
            result = callback(self._checked(json.loads(text)))
            if inspect.iscoroutine(result):
                asyncio.run(result)
        except Exception as e:
            logger.exception(f'what was sent to the input stream "{self.id}" was not taken: {e}')

    def __repr__(self) -> str:
        return f"<input stream {self.id}; .send(run, data) writes to it, .wait() reads in the run>"


class AsyncInputStream(InputStream[T]):
    """The twin for coroutines. The function given to `on` is called in a thread, too."""

    async def wait(  # type: ignore[override]
        self,
        timeout: Duration | datetime | None = None,  # noqa: ASYNC109 - the run's, not the call's
        *,
        idempotency_key: str | None = None,
        idempotency_key_ttl: Duration | None = None,
        tags: str | Iterable[str] = (),
    ) -> Result[T]:
        """As its twin."""
        scope = require_scope("streams.input(…).wait")
        options = _options(timeout, idempotency_key, idempotency_key_ttl, tags)
        return await run_awaiting(self._wait(scope, options))

    async def once(self, timeout_ms: float | None = None) -> Result[T]:  # type: ignore[override]
        """As its twin."""
        scope = require_scope("streams.input(…).once")
        return await run_awaiting(self._once(scope, timeout_ms))

    async def send(self, run: Any, data: T) -> None:  # type: ignore[override]
        """As its twin."""
        scope = require_scope("aio.streams.input(…).send")
        await run_awaiting(_send(scope, api.send(run, self.id, self._plain(data))))


def _options(timeout: Any, key: str | None, key_ttl: Any, tags: Any) -> dict[str, Any]:
    """A token takes the same."""
    request = wait_api.create_token(
        timeout=timeout, tags=tags, idempotency_key=key, idempotency_key_ttl=key_ttl
    )
    return dict(request.body)


def _send(scope: RunScope, request: Any) -> Steps[None]:
    yield scope.link.call(request.method, request.path, request.body, patient=True)
