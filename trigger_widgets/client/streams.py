"""`client.streams`."""

from __future__ import annotations

from trigger_widgets.api import streams
from trigger_widgets.api.refs import Ref
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.realtime.stream_reader import StreamReader

from .resource import Call, Resource, X


class _Streams(Resource[X]):
    append = Call(streams.append)
    send = Call(streams.send)

    def read(
        self,
        run: Ref,
        stream: str = streams.DEFAULT_STREAM,
        *,
        start_index: int = 0,
        timeout: float | None = None,
        stop_on_completion: bool = True,
    ) -> StreamReader:
        """The parts of a stream as they come, from the `start_index`th on, for `for` and
        `async for`. Ends when the run has ended and all parts have come.
        """
        return StreamReader(
            run,
            stream,
            self._transport.server,
            start_index=start_index,
            timeout=timeout,
            stop_on_completion=stop_on_completion,
        )


class Streams(_Streams[Transport]):
    """A stream is named by its run and its id."""


class AsyncStreams(_Streams[AsyncTransport]):
    """As `Streams`, for asyncio."""
