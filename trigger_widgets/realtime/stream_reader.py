"""Reading a stream: by iterating over its parts, or by callbacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from trigger_widgets.api.server import Server
from trigger_widgets.errors import TriggerError
from trigger_widgets.models import Run

from .connection import Connection
from .reading import Reading
from .stream import Stream
from .stream_feed import StreamSource, join_stream
from .tap import Tap
from .typed import PartType
from .watching import Watching

T = TypeVar("T")


class StreamReader(Reading[T]):
    """The parts of a stream as they come: `for` and `async for`, `with` and `async with`.

    A slow reader misses none. It ends when the run has ended and all parts have come. `type` is
    what each part must be, for pydantic; a stream that was defined has one already. One that is
    not raises `MismatchError`, after which `next` goes on with the part that follows.
    """

    def __init__(
        self,
        run: Any,
        stream: Any,
        server: Server,
        *,
        type: Any = None,  # noqa: A002 - as in streams.define
        start_index: int = 0,
        timeout: float | None = None,
        stop_on_completion: bool = True,
    ) -> None:
        source = StreamSource.of(run, stream, start_index)
        super().__init__(
            lambda mailbox: Tap(
                source,
                server,
                mailbox,
                on_connection=mailbox.connection,
                on_end=mailbox.ended,
            ),
            unpack=PartType[T](stream, type, start_index=start_index).check,
            until_final=stop_on_completion,
            timeout=timeout,
            doing=source.doing,
            subject=f"the stream {source.stream} of {source.run_id}",
        )

    @property
    def malformed(self) -> int:
        """How many parts could not be read, and were skipped. Each was warned of in the log."""
        return self._mailbox.malformed


class StreamWatch(Watching):
    """Callbacks for the parts of a stream, its run, its connection, and its end."""

    is_full = False  # its callbacks are the feed's own time

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
        stop_on_completion: bool = True,
    ) -> None:
        source = StreamSource.of(run, stream, start_index)
        self.malformed_parts = 0
        self._on_parts, self._on_run, self._on_end = on_parts, on_run, on_end
        super().__init__(
            lambda watch: join_stream(source, server, watch),
            on_connection=on_connection,
            until_final=stop_on_completion,
        )

    def parts(self, parts: Sequence[Any]) -> None:
        """From the feed."""
        self._call(self._on_parts, parts)

    def malformed(self, count: int) -> None:
        """From the feed."""
        self.malformed_parts += count

    def step_aside(self, place: Stream) -> None:
        """From the feed, which never asks it to."""

    def run(self, run: Run) -> None:
        """From the feed."""
        self._call(self._on_run, run)

    def ended(self, error: TriggerError | None) -> None:
        """From the feed."""
        self._call(self._on_end, error)
