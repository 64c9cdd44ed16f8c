"""`client.streams`."""

from __future__ import annotations

from typing import Any, TypedDict, TypeVar, Unpack, overload

from trigger_widgets.api import streams
from trigger_widgets.api.refs import Ref
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.realtime.stream_reader import StreamReader
from trigger_widgets.realtime.typed import Definition

from .resource import Call, Resource, X

T = TypeVar("T")


class _ReadOptions(TypedDict, total=False):
    start_index: int
    timeout: float | None
    stop_on_completion: bool


class _Streams(Resource[X]):
    append = Call(streams.append)
    send = Call(streams.send)

    @overload
    def read(
        self, run: Ref, stream: Definition[T], **options: Unpack[_ReadOptions]
    ) -> StreamReader[T]: ...
    @overload
    def read(
        self,
        run: Ref,
        stream: str | Definition[Any] = ...,
        *,
        type: type[T],
        **options: Unpack[_ReadOptions],
    ) -> StreamReader[T]: ...
    @overload
    def read(
        self,
        run: Ref,
        stream: str = ...,
        *,
        type: Any = None,
        **options: Unpack[_ReadOptions],
    ) -> StreamReader[Any]: ...
    def read(
        self,
        run: Ref,
        stream: str | Definition[Any] = streams.DEFAULT_STREAM,
        *,
        type: Any = None,  # noqa: A002 - as in streams.define
        start_index: int = 0,
        timeout: float | None = None,
        stop_on_completion: bool = True,
    ) -> StreamReader[Any]:
        """The parts of a stream as they come, from the `start_index`th on, for `for` and
        `async for`. Ends when the run has ended and all parts have come. They are of the type that
        `type`, or the stream's definition, says; a part that does not fit is a `MismatchError`.
        """
        return StreamReader(
            run,
            stream,
            self._transport.server,
            type=type,
            start_index=start_index,
            timeout=timeout,
            stop_on_completion=stop_on_completion,
        )


class Streams(_Streams[Transport]):
    """A stream is named by its run and its id."""


class AsyncStreams(_Streams[AsyncTransport]):
    """As `Streams`, for asyncio."""
