"""Following one run: its states, and with them the parts of its streams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

from trigger_widgets.api.server import Server
from trigger_widgets.api.streams import stream_id
from trigger_widgets.errors import TriggerError
from trigger_widgets.models import Run

from .connection import Connection, worst
from .feed import Source
from .mailbox import Mailbox
from .reading import Reading
from .runs import run_source
from .stream_feed import StreamSource
from .subscription import Subscription, join_feed
from .tap import Tap
from .typed import Definition, PartType

T = TypeVar("T")


class RunSubscription(Subscription[Run]):
    """The states of a run. A reader who is slow skips states, never the last one."""

    def __init__(
        self,
        run: Any,
        server: Server,
        *,
        skip_columns: Iterable[str] = (),
        stop_on_completion: bool = True,
        timeout: float | None = None,
    ) -> None:
        source = run_source(run, skip_columns)
        super().__init__(source, server, stop_on_completion=stop_on_completion, timeout=timeout)
        self._with_streams = partial(
            RunWithStreams, source, server, stop_on_completion=stop_on_completion, timeout=timeout
        )

    def with_streams(self, *streams: str | Definition[T]) -> RunWithStreams[T]:
        """The run's states and, as `StreamPart`s between them, the parts of these streams; of all
        that the run opens when none is named. What `streams.define` gave has typed parts.
        """
        return self._with_streams(streams)


@dataclass(frozen=True)
class StreamPart(Generic[T]):
    """A part of a stream, and the run as it was known when the part came."""

    stream: str
    part: T
    run: Run


class RunWithStreams(Reading[Run | StreamPart[T]]):
    """A run and its streams in one iteration, which ends when the run and all of them have ended.

    No part is lost, however slow the reader; of states with no part between them it gets the last.
    """

    def __init__(
        self,
        source: Source[Run],
        server: Server,
        streams: Iterable[str | Definition[T]],
        *,
        stop_on_completion: bool = True,
        timeout: float | None = None,
    ) -> None:
        names = {stream_id(stream): stream for stream in streams}
        self._checks = {
            name: check
            for name, stream in names.items()
            if (check := PartType[T](stream, None).check) is not None
        }
        super().__init__(
            lambda mailbox: _Flow(source, server, tuple(names), mailbox),
            unpack=self._checked,
            until_final=stop_on_completion,
            timeout=timeout,
            doing=source.doing,
            subject=source.subject,
        )

    @property
    def malformed(self) -> int:
        """How many parts could not be read, and were skipped. Each was warned of in the log."""
        return self._mailbox.malformed

    def _checked(self, item: Run | StreamPart[T]) -> Run | StreamPart[T]:
        if isinstance(item, Run) or item.stream not in self._checks:
            return item
        return replace(item, part=self._checks[item.stream](item.part))


class _Flow:
    """Reads the run and, once it is known, each stream. On the background loop."""

    patient = False

    def __init__(
        self,
        source: Source[Run],
        server: Server,
        named: tuple[str, ...],
        mailbox: Mailbox[Run | StreamPart[Any]],
    ) -> None:
        self.until_final = mailbox.until_final
        self._server = server
        self._named = named
        self._mailbox = mailbox
        self._run: Run  # streams are opened once it is known
        self._taps: dict[str, Tap[Run | StreamPart[Any]]] = {}
        self._states: dict[str | None, Connection] = {}
        self._flowing: set[str | None] = {None}  # streams, and None for the run
        self._is_stopped = False
        self._membership = join_feed(source, server, self)

    def leave(self) -> None:
        """Read no more, from any thread."""
        self._is_stopped = True
        self._membership.leave()
        for tap in list(self._taps.values()):
            tap.leave()

    def wake(self) -> None:
        """Try again now instead of when the backoff is over."""
        self._membership.wake()
        for tap in list(self._taps.values()):
            tap.wake()

    def value(self, run: Run) -> None:
        """From the run's feed."""
        self._run = run
        self._mailbox.between(run)
        for stream in self._named or run.streams:
            if stream not in self._taps and not self._is_stopped:
                self._open(stream, run.id)

    def connection(self, connection: Connection) -> None:
        """From the run's feed."""
        self._say(None, connection)

    def ended(self, error: TriggerError | None) -> None:
        """From the run's feed."""
        self._end(None, error)

    def _open(self, stream: str, run_id: str) -> None:
        self._flowing.add(stream)
        self._taps[stream] = Tap(
            StreamSource.of(run_id, stream, 0),
            self._server,
            self._mailbox,
            pack=lambda part: StreamPart(stream, part, self._run),
            on_connection=partial(self._say, stream),
            on_end=partial(self._end, stream),
        )

    def _say(self, what: str | None, connection: Connection) -> None:
        self._states[what] = connection
        self._mailbox.connection(worst(self._states.values()))

    def _end(self, what: str | None, error: TriggerError | None) -> None:
        self._flowing.discard(what)
        if error is not None or not self._flowing:
            self._mailbox.ended(error)
            self.leave()
