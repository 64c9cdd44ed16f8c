"""Reading a stream: by iterating over its parts, or by callbacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trigger_widgets.api.server import Server
from trigger_widgets.errors import TriggerError
from trigger_widgets.models import Run

from . import stream_feed
from .connection import Connection
from .hub import Membership
from .stream_feed import StreamFeed, StreamSource
from .subscription import Reading, Watching


class StreamReader(Reading[Any]):
    """The parts of a stream as they come: `for` and `async for`, `with` and `async with`.

    A slow reader misses none. It ends when the run has ended and all parts have come.
    """

    def __init__(
        self,
        run: Any,
        stream: Any,
        server: Server,
        *,
        start_index: int = 0,
        timeout: float | None = None,
        stop_on_completion: bool = True,
    ) -> None:
        source = StreamSource.of(run, stream, start_index)
        super().__init__(
            lambda mailbox: _join(source, server, mailbox),
            until_final=stop_on_completion,
            timeout=timeout,
            doing=source.doing,
            subject=f"the stream {source.stream} of {source.run_id}",
        )


class StreamWatch(Watching):
    """Callbacks for the parts of a stream, its run, its connection, and its end."""

    def __init__(
        self,
        run: Any,
        stream: Any,
        server: Server,
        *,
        on_parts: Callable[[Sequence[Any]], object],
        on_run: Callable[[Run], object] | None = None,
        on_connection: Callable[[Connection], object] | None = None,
        on_end: Callable[[TriggerError | None], object] | None = None,
        start_index: int = 0,
    ) -> None:
        source = StreamSource.of(run, stream, start_index)
        self._on_parts, self._on_run, self._on_end = on_parts, on_run, on_end
        super().__init__(lambda watch: _join(source, server, watch), on_connection=on_connection)

    def parts(self, parts: Sequence[Any]) -> None:
        """From the feed."""
        self._call(self._on_parts, parts)

    def run(self, run: Run) -> None:
        """From the feed."""
        self._call(self._on_run, run)

    def ended(self, error: TriggerError | None) -> None:
        """From the feed."""
        self._call(self._on_end, error)


def _join(source: StreamSource, server: Server, reader: stream_feed.StreamReader) -> Membership:
    """Read a stream, over the connection of whoever reads the same one."""
    return Membership((server.key, source), lambda: StreamFeed(source, server), reader)
