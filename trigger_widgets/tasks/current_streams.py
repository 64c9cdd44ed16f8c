"""`streams`: what a running task writes part by part, seen as it comes by everyone who reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pydantic import TypeAdapter, ValidationError

from trigger_widgets.api.checks import sentence
from trigger_widgets.api.runs import run_id
from trigger_widgets.errors import ConfigurationError
from trigger_widgets.jsonable import dumps

from .chat_chunks import is_chunk, text_of
from .context import RunInfo
from .current_inputs import AsyncInputStream, InputStream
from .outside import warn_once
from .run_streams import LARGEST_PART
from .scope import current_scope
from .steps import Steps, refuse_in_event_loop, run_awaiting, run_blocking
from .stopping import Alarm
from .stream_ids import checked_id

if TYPE_CHECKING:
    from trigger_widgets.realtime.stream_reader import StreamReader

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

    def append(self, part: T, *, target: Any = "self") -> None:
        """Write one part. It is sent in the background, before the run ends; what the server
        says against it is raised by what is written next, or fails the run.

        `target` is whose stream it is: "self", "parent", "root", or a run.
        """
        _Writing(self, target).add(part)

    def pipe(
        self, source: Iterable[Any] | AsyncIterable[Any], *, target: Any = "self"
    ) -> StreamResult:
        """Write each item as it comes, and give what was written once the server has all of it.

        The chat stream of an OpenAI-compatible client is a source like any other: of its chunks a
        stream of `str` gets the text. An exception of the source is raised after the parts that
        came before it were written. `target` as that of `append`. A coroutine uses `aio.streams`.
        """
        refuse_in_event_loop("streams.pipe")
        with self.writer(target=target) as writer:
            writer.merge(source)
        return writer.result()

    def writer(self, *, target: Any = "self") -> Writer[T]:
        """To write from several places: `with stream.writer() as writer: writer.write(part)`. At
        its end the server has everything.
        """
        return Writer(_Writing(self, target))

    def read(self, run: Any = None, **options: Any) -> StreamReader[T]:
        """The parts of this stream of a run as they come, for `for` and `async for`; inside of a
        run by default its own. `options` are those of `client.streams.read`.
        """
        from trigger_widgets.client import default_client

        scope = current_scope()
        if run is None and scope is None:
            raise ConfigurationError(f'whose stream "{self.id}" is to be read? Give read(run).')
        found = scope.context.run.id if run is None and scope is not None else run
        return default_client().streams.read(found, self, **options)

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


class Writer(Generic[T]):
    """Writes parts to a stream until its `with` block ends."""

    def __init__(self, writing: _Writing) -> None:
        self._writing = writing

    def write(self, part: T) -> None:
        """Write one part; waits while too much is on its way."""
        self._writing.add(part)
        run_blocking(self._writing.room(), self._writing.alarm)

    def merge(self, source: Iterable[Any] | AsyncIterable[Any]) -> None:
        """Write each item as it comes."""
        if isinstance(source, AsyncIterable):
            _run(self._writing.merge(source), self._writing.alarm)
            return
        for item in source:
            self._writing.add_item(item)
            run_blocking(self._writing.room(), self._writing.alarm)

    def result(self) -> StreamResult:
        """What was written so far."""
        return self._writing.result()

    def __enter__(self) -> Self:
        refuse_in_event_loop("streams.writer")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, Exception):
            run_blocking(self._writing.stored(), self._writing.alarm)


class AsyncWriter(Generic[T]):
    """The twin, for `async with`."""

    def __init__(self, writing: _Writing) -> None:
        self._writing = writing

    async def write(self, part: T) -> None:
        """As its twin."""
        self._writing.add(part)
        await run_awaiting(self._writing.room())

    async def merge(self, source: Iterable[Any] | AsyncIterable[Any]) -> None:
        """As its twin. An iterable that is not async is consumed on the event loop."""
        await self._writing.merge(source)

    def result(self) -> StreamResult:
        """As its twin."""
        return self._writing.result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, Exception):
            await run_awaiting(self._writing.stored())


class AsyncStreamDefinition(StreamDefinition[T]):
    """The twin for coroutines."""

    async def append(self, part: T, *, target: Any = "self") -> None:  # type: ignore[override]
        """As its twin; waits while too much is on its way."""
        writing = _Writing(self, target)
        writing.add(part)
        await run_awaiting(writing.room())

    async def pipe(  # type: ignore[override]
        self, source: Iterable[Any] | AsyncIterable[Any], *, target: Any = "self"
    ) -> StreamResult:
        """As its twin. An iterable that is not async is consumed on the event loop."""
        async with self.writer(target=target) as writer:
            await writer.merge(source)
        return writer.result()

    def writer(self, *, target: Any = "self") -> AsyncWriter[T]:  # type: ignore[override]
        """As its twin, for `async with`."""
        return AsyncWriter(_Writing(self, target))


class _Writing:
    """What one call writes to a stream; outside of a run to nowhere."""

    def __init__(self, stream: StreamDefinition[Any], target: Any) -> None:
        self._stream = stream
        scope = current_scope()
        if scope is None:
            warn_once("streams do")
        self.alarm = Alarm() if scope is None else scope.alarm
        whose = None if scope is None else _target(scope.context.run, target)
        self._buffer = None if scope is None else scope.streams.buffer(stream.id, whose)
        self._parts = 0
        self._text: list[str] = []

    def add_item(self, item: Any) -> None:
        """A part, or a chunk that has text for a stream of text."""
        if self._stream.type is str and is_chunk(item):
            item = text_of(item)
            if not item:
                return
        self.add(item)

    def add(self, part: Any) -> None:
        checked, text = self._stream.encode(part)
        if self._buffer is not None:
            self._buffer.add(text)
        self._parts += 1
        if isinstance(checked, str):
            self._text.append(checked)

    async def merge(self, source: Iterable[Any] | AsyncIterable[Any]) -> None:
        async for item in _each(source):
            self.add_item(item)
            await run_awaiting(self.room())

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


def _target(run: RunInfo, target: Any) -> str:
    """The id of the run whose stream is meant."""
    if target in ("self", "parent", "root"):
        relatives = {"parent": run.parent_task_run_id, "root": run.root_task_run_id}
        return relatives.get(target) or run.id
    return run_id(target)


def _run(coroutine: Coroutine[Any, Any, None], alarm: Alarm) -> None:
    async def main() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine is run by one
        with alarm.wakes(lambda: loop.call_soon_threadsafe(task.cancel)):
            await coroutine

    with asyncio.Runner() as runner:
        runner.run(main())


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

    def pipe(
        self, stream: str, source: Iterable[Any] | AsyncIterable[Any], *, target: Any = "self"
    ) -> StreamResult:
        """As `streams.define(stream, Any).pipe(source)`."""
        return StreamDefinition[Any](stream, Any).pipe(source, target=target)

    def append(self, stream: str, part: Any, *, target: Any = "self") -> None:
        """As `streams.define(stream, Any).append(part)`."""
        StreamDefinition[Any](stream, Any).append(part, target=target)

    def writer(self, stream: str, *, target: Any = "self") -> Writer[Any]:
        """As `streams.define(stream, Any).writer()`."""
        return StreamDefinition[Any](stream, Any).writer(target=target)

    def read(self, run: Any, stream: str, **options: Any) -> StreamReader[Any]:
        """As `streams.define(stream, Any).read(run)`."""
        return StreamDefinition[Any](stream, Any).read(run, **options)


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

    async def pipe(
        self, stream: str, source: Iterable[Any] | AsyncIterable[Any], *, target: Any = "self"
    ) -> StreamResult:
        """As `streams.pipe`."""
        return await AsyncStreamDefinition[Any](stream, Any).pipe(source, target=target)

    async def append(self, stream: str, part: Any, *, target: Any = "self") -> None:
        """As `streams.append`."""
        await AsyncStreamDefinition[Any](stream, Any).append(part, target=target)

    def writer(self, stream: str, *, target: Any = "self") -> AsyncWriter[Any]:
        """As `streams.writer`, for `async with`."""
        return AsyncStreamDefinition[Any](stream, Any).writer(target=target)

    def read(self, run: Any, stream: str, **options: Any) -> StreamReader[Any]:
        """As `streams.read`: for `async for`."""
        return AsyncStreamDefinition[Any](stream, Any).read(run, **options)
