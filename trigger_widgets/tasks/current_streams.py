"""`streams`: what a running task writes part by part, seen as it comes by everyone who reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from trigger_widgets.api.checks import sentence
from trigger_widgets.errors import ConfigurationError
from trigger_widgets.jsonable import dumps

from .current_inputs import AsyncInputStream, InputStream
from .outside import warn_once
from .run_streams import LARGEST_PART
from .scope import current_scope
from .steps import Steps, refuse_in_event_loop, run_awaiting, run_blocking
from .stopping import Alarm
from .stream_ids import checked_id

T = TypeVar("T")


@dataclass(frozen=True)
class StreamResult:
    """What a pipe has written: how many parts, and the text of those that are text."""

    parts: int
    text: str


class PartError(ConfigurationError):
    """A part that does not fit the type of its stream, or is too large. It was not written."""


class StreamDefinition(Generic[T]):
    """A stream by its id, with parts of one type. Made by `streams.define`, for any run."""

    def __init__(self, stream: str, type: type[T] | Any = str) -> None:  # noqa: A002 - as the SDK's
        self.id = checked_id(stream)
        self.type = type
        self._adapter: TypeAdapter[T] = TypeAdapter(type)

    def append(self, part: T) -> None:
        """Write one part. It is sent in the background, before the run ends; what the server
        says against it is raised by what is written next, or fails the run.
        """
        _Writing(self).add(part)

    def pipe(self, source: Iterable[T] | AsyncIterable[T]) -> StreamResult:
        """Write each item as it comes, and give what was written once the server has all of it.

        An exception of the source is raised after the parts that came before it were written.
        A coroutine uses `aio.streams`.
        """
        refuse_in_event_loop("streams.pipe")
        writing = _Writing(self)
        if isinstance(source, AsyncIterable):
            return _run(writing.pipe(source), writing.alarm)
        try:
            for item in source:
                writing.add(item)
                run_blocking(writing.room(), writing.alarm)
        except Exception:
            run_blocking(writing.stored(), writing.alarm)
            raise
        run_blocking(writing.stored(), writing.alarm)
        return writing.result()

    def encode(self, part: Any) -> tuple[T, str]:
        """A part as its type has it, and as JSON text; `PartError`, `UnserializableError`."""
        who = f'the stream "{self.id}"'
        try:
            checked = self._adapter.validate_python(part)
        except ValidationError as e:
            raise PartError(sentence(e, "part", who)) from None
        text = dumps(checked, what=f"a part of {who}")
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:  # half a surrogate pair is not UTF-8; JSON can escape it
                text = json.dumps(json.loads(text))
        size = len(text.encode())
        if size > LARGEST_PART:
            raise PartError(
                f"a part of {who} has {size / 1000:,.0f} KB of JSON, and a part may have "
                f"{LARGEST_PART // 1000} KB; write it in pieces, or keep it in a file."
            )
        return checked, text

    def __repr__(self) -> str:
        return f"<stream {self.id}; .pipe(…) and .append(part) write to it in a run>"


class AsyncStreamDefinition(StreamDefinition[T]):
    """The twin for coroutines."""

    async def append(self, part: T) -> None:  # type: ignore[override]
        """As its twin; waits while too much is on its way."""
        writing = _Writing(self)
        writing.add(part)
        await run_awaiting(writing.room())

    async def pipe(self, source: Iterable[T] | AsyncIterable[T]) -> StreamResult:  # type: ignore[override]
        """As its twin. An iterable that is not async is consumed on the event loop."""
        return await _Writing(self).pipe(source)


class _Writing:
    """What one call writes to a stream; outside of a run to nowhere."""

    def __init__(self, stream: StreamDefinition[Any]) -> None:
        self._stream = stream
        scope = current_scope()
        if scope is None:
            warn_once("streams do")
        self.alarm = Alarm() if scope is None else scope.alarm
        self._buffer = None if scope is None else scope.streams.buffer(stream.id)
        self._parts = 0
        self._text: list[str] = []

    def add(self, part: Any) -> None:
        checked, text = self._stream.encode(part)
        if self._buffer is not None:
            self._buffer.add(text)
        self._parts += 1
        if isinstance(checked, str):
            self._text.append(checked)

    async def pipe(self, source: Iterable[Any] | AsyncIterable[Any]) -> StreamResult:
        try:
            async for item in _each(source):
                self.add(item)
                await run_awaiting(self.room())
        except Exception:
            await run_awaiting(self.stored())
            raise
        await run_awaiting(self.stored())
        return self.result()

    def room(self) -> Steps[None]:
        if self._buffer is not None:
            yield from self._buffer.room()

    def stored(self) -> Steps[None]:
        if self._buffer is not None:
            yield from self._buffer.stored()

    def result(self) -> StreamResult:
        return StreamResult(self._parts, "".join(self._text))


async def _each(source: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    if isinstance(source, AsyncIterable):
        async for item in source:
            yield item
        return
    for item in source:
        yield item


def _run(coroutine: Coroutine[Any, Any, StreamResult], alarm: Alarm) -> StreamResult:
    async def main() -> StreamResult:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine is run by one
        with alarm.wakes(lambda: loop.call_soon_threadsafe(task.cancel)):
            return await coroutine

    with asyncio.Runner() as runner:
        return runner.run(main())


class Streams:
    """The streams of the run that the calling code belongs to, as the SDK's `streams`.

    Outside of a run everything here does nothing, with one warning.
    """

    def define(self, stream: str, type: type[T] | Any = str) -> StreamDefinition[T]:  # noqa: A002
        """A stream whose parts are of `type`, checked by pydantic."""
        return StreamDefinition(stream, type)

    def input(self, stream: str, type: type[T] | Any = Any) -> InputStream[T]:  # noqa: A002
        """A stream that others write to and the run reads, with pieces of `type`."""
        return InputStream(stream, type)

    def pipe(self, stream: str, source: Iterable[Any] | AsyncIterable[Any]) -> StreamResult:
        """As `streams.define(stream, Any).pipe(source)`."""
        return StreamDefinition[Any](stream, Any).pipe(source)

    def append(self, stream: str, part: Any) -> None:
        """As `streams.define(stream, Any).append(part)`."""
        StreamDefinition[Any](stream, Any).append(part)


streams = Streams()
"""The streams of the current run."""


class AsyncStreams:
    """The twin of `streams` for coroutines."""

    def define(self, stream: str, type: type[T] | Any = str) -> AsyncStreamDefinition[T]:  # noqa: A002
        """As `streams.define`."""
        return AsyncStreamDefinition(stream, type)

    def input(self, stream: str, type: type[T] | Any = Any) -> AsyncInputStream[T]:  # noqa: A002
        """As `streams.input`."""
        return AsyncInputStream(stream, type)

    async def pipe(self, stream: str, source: Iterable[Any] | AsyncIterable[Any]) -> StreamResult:
        """As `streams.pipe`."""
        return await AsyncStreamDefinition[Any](stream, Any).pipe(source)

    async def append(self, stream: str, part: Any) -> None:
        """As `streams.append`."""
        await AsyncStreamDefinition[Any](stream, Any).append(part)
