"""Drives one stream of a run by server-sent events, for any number of readers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from httpx_sse import EventSource

from trigger_widgets.api import streams
from trigger_widgets.api.headers import common_headers
from trigger_widgets.api.runs import run_id
from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import to_answer
from trigger_widgets.config import Endpoint
from trigger_widgets.errors import ProtocolError, TriggerError
from trigger_widgets.models import Run, RunStatus

from .connection import Connection
from .driver import AnyReader, Driver
from .hub import Membership
from .runs import run_source
from .stream import Phase, Stream
from .subscription import join_feed

_log = logging.getLogger(__name__)

_SUCCESS = 200
_HASTY = 0.2  # a connection that ends sooner than this, without a part, is not opened again at once
# a worker that completes a run has flushed its streams; one that was stopped may still be writing
_ORDERLY = frozenset({RunStatus.COMPLETED, RunStatus.FAILED})


@dataclass(frozen=True)
class StreamSource:
    """Which stream of which run, and how many of its parts are left out."""

    run_id: str
    stream: str
    start_index: int = 0

    @classmethod
    def of(cls, run: Any, stream: Any, start_index: int) -> StreamSource:
        """From what people name runs and streams by."""
        return cls(run_id(run), streams.stream_id(stream), start_index)

    @property
    def doing(self) -> str:
        """The words of its errors."""
        return f"read the stream {self.stream} of {self.run_id}"


MOST_KEPT = 10_000
"""How many parts a feed keeps for readers who come later; beyond, they read for themselves."""


class StreamReader(AnyReader, Protocol):
    """A reader of a stream: it is told every part, and each state of the run."""

    @property
    def is_full(self) -> bool:
        """Whether it takes no more for now."""

    def step_aside(self, place: Stream) -> None:
        """It was full, and is told nothing more: it goes on from this place when it can."""

    def parts(self, parts: Sequence[Any]) -> None:
        """Parts that follow the ones before."""

    def malformed(self, count: int) -> None:
        """So many parts could not be read, and were skipped."""

    def run(self, run: Run) -> None:
        """A newer state of the run."""


class StreamFeed(Driver[StreamReader]):
    """One stream and its readers. A reader who comes later is given what there was.

    `place` is where to begin, if not at the source's start.
    """

    def __init__(self, source: StreamSource, server: Server, place: Stream | None = None) -> None:
        super().__init__(server, doing=source.doing, subject=f"run {source.run_id}")
        self._source = source
        self._path = streams.read_path(source.run_id, source.stream)
        self._stream = Stream(start_index=source.start_index) if place is None else place
        self._kept: list[Any] | None = []
        self._seen = self._malformed_parts = 0
        self._arrived: list[Any] = []
        self._run: Run | None = None
        self._run_error: TriggerError | None = None
        self._scope: asyncio.Timeout | None = None
        self._is_over = False

    @property
    def takes_readers(self) -> bool:
        """Not when the beginning is no longer kept: who comes then reads it from the server."""
        return super().takes_readers and self._kept is not None

    async def run(self) -> None:
        """As `Driver.run`, while the run itself is followed too."""
        follower = _RunFollower(self)
        membership = join_feed(run_source(self._source.run_id), self._server, follower)
        try:
            await super().run()
        finally:
            membership.leave()

    def run_changed(self, run: Run) -> None:
        """From the run's own feed: its end is the stream's."""
        self._run = run
        for reader in list(self._readers):
            reader.run(run)
        if run.is_terminal and self._stream.phase is Phase.FOLLOWING:
            self._stream.run_ended(orderly=run.status in _ORDERLY)
            self._interrupt()

    def run_feed_ended(self, error: TriggerError | None) -> None:
        """From the run's own feed: without it nobody can tell when the stream has ended."""
        if error is not None:
            self._run_error = error
            self._interrupt()

    def _welcome(self, reader: StreamReader) -> None:
        if self._run is not None:
            reader.run(self._run)
        if self._malformed_parts:
            reader.malformed(self._malformed_parts)
        if self._kept:
            reader.parts(self._kept.copy())
        if self._is_over:
            self._dismiss_final()

    def _interrupt(self) -> None:
        """Leave the connection or the pause of the moment."""
        self._awake.set()
        if self._scope is not None:
            self._scope.reschedule(0)
            self._scope = None  # it cannot be left twice

    async def _turn(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        if self._run_error is not None:
            raise self._run_error
        phase, seen, began = self._stream.phase, self._seen, time.monotonic()
        try:
            await self._connected(client, endpoint)
        except httpx.RequestError as error:
            self._publish()
            if self._seen > seen:  # it was well until now: go on at once
                self._backoff.reset()
                self._server.forget(endpoint)
            else:
                await self._cut(error, endpoint)
        except ProtocolError as error:
            self._publish()
            await self._misunderstood(error)
        else:
            self._publish()
            hasty = time.monotonic() - began < _HASTY and self._seen == seen
            if hasty and self._stream.phase is phase:
                await self._pause(self._backoff.wait())
            else:
                self._backoff.reset()
        if self._stream.phase is Phase.DONE:
            self._is_over = True
            self._stream.stay()  # for those who do not leave with the run
            self._dismiss_final()

    async def _connected(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        try:
            with contextlib.suppress(TimeoutError):  # the end of the run, which is not to wait
                async with asyncio.timeout(None) as self._scope:
                    await self._connect(client, endpoint)
        finally:
            self._scope = None

    async def _connect(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        headers = {
            **common_headers(endpoint),
            **self._stream.headers(),
            "accept": "text/event-stream",
            "accept-encoding": "identity",  # a compressor may hold back what was written
            "cache-control": "no-store",
        }
        url = endpoint.api_url + self._path
        async with client.stream("GET", url, headers=headers) as response:
            if response.status_code != _SUCCESS:
                await response.aread()
                await self._refused(to_answer(response), endpoint)
                return
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                raise ProtocolError("the answer is not a stream of events.")
            self._stream.opened(response.headers)
            self._understood()
            self._say(Connection("live"))
            await self._listen(response)

    async def _listen(self, response: httpx.Response) -> None:
        last = time.monotonic()
        async with contextlib.aclosing(EventSource(response).aiter_sse()) as events:
            async for event in events:
                parts = self._stream.event(event.event, event.data, event.id)
                if parts:
                    last = time.monotonic()
                    self._take(parts)
                if self._stream.phase is Phase.DONE:
                    return
        self._stream.closed(time.monotonic() - last)

    def _take(self, parts: list[Any]) -> None:
        if not self._arrived:
            # runs when the loop waits for the network again: the parts of a chunk go out together
            asyncio.get_running_loop().call_soon(self._publish)
        self._arrived += parts
        self._seen += len(parts)

    def _publish(self) -> None:
        arrived, self._arrived = self._arrived, []
        if arrived:
            if self._kept is not None:
                self._kept += arrived
                if len(self._kept) > MOST_KEPT:
                    self._kept = None
            for reader in list(self._readers):
                reader.parts(arrived)
                if reader.is_full:
                    self.remove(reader)
                    reader.step_aside(self._stream.fork())
            if not self._readers:
                self._interrupt()
        if self._stream.malformed:
            self._skipped(self._stream.malformed)
            self._stream.malformed = 0

    def _skipped(self, count: int) -> None:
        _log.warning("skipped %d malformed parts of %s", count, self._source)
        self._malformed_parts += count
        for reader in list(self._readers):
            reader.malformed(count)


def join_stream(
    source: StreamSource, server: Server, reader: StreamReader, place: Stream | None = None
) -> Membership:
    """Read a stream over the connection of whoever reads the same one, or alone from a place."""
    return Membership(
        (server.key, source, place), lambda: StreamFeed(source, server, place), reader
    )


class _RunFollower:
    """Stands for the stream among the readers of the run's feed."""

    until_final = True
    patient = True

    def __init__(self, feed: StreamFeed) -> None:
        self._feed = feed

    def value(self, run: Run) -> None:
        self._feed.run_changed(run)

    def connection(self, connection: Connection) -> None:
        """The stream has a connection of its own to speak of."""

    def ended(self, error: TriggerError | None) -> None:
        self._feed.run_feed_ended(error)
