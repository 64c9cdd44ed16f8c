"""Drives one shape by long polls, for any number of readers. Lives on the background loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import httpx

from trigger_widgets.api import retries, sentences
from trigger_widgets.api.headers import feed_headers
from trigger_widgets.api.requests import Answer
from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import client_options, to_answer
from trigger_widgets.config import Endpoint
from trigger_widgets.errors import ProtocolError, TriggerError

from .connection import Backoff, Connection
from .shape import Phase, Row, Shape, parse_batch

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_log = logging.getLogger(__name__)

_READ_TIMEOUT = 40.0  # the server holds a live poll for 17 to 23 s (protocol.md §4)
_HASTY = 0.2  # a held poll that is empty sooner than this was not held
_MALFORMED_IN_A_ROW = 3
_UNREACHABLE_PATIENCE = 3.0
_FAILING_PATIENCE = 10.0
_LONGEST_ASKED_FOR = 60.0
_SUCCESS, _CONFLICT = 200, 409
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Source(Generic[T]):
    """Which feed, and what its rows mean.

    `decode` gives None while there is nothing to show; `supersedes` says whether a value is news
    after the one before it, `is_final` that nothing will follow.
    """

    path: str
    decode: Callable[[Mapping[str, Row]], T | None]
    supersedes: Callable[[T, T], bool]
    is_final: Callable[[T], bool]
    doing: str
    subject: str
    params: Mapping[str, str] = field(default_factory=dict)


class Reader(Protocol[T_contra]):
    """Is told, on the background loop, what happens. Must return at once.

    `until_final`: it leaves after the final value. `patient`: it stays while a server that has
    never answered does not answer.
    """

    until_final: bool
    patient: bool

    def value(self, value: T_contra) -> None:
        """A newer value than the one before."""

    def connection(self, connection: Connection) -> None:
        """How the feed is doing."""

    def ended(self, error: TriggerError | None) -> None:
        """Nothing follows; `error` says why if that is not as it should be."""


class Feed(Generic[T]):
    """One shape and its readers."""

    def __init__(self, source: Source[T], server: Server) -> None:
        self._source = source
        self._server = server
        self._readers: list[Reader[T]] = []
        self._shape = Shape()
        self._latest: T | None = None
        self._connection = Connection("connecting")
        self._backoff = Backoff()
        self._awake = asyncio.Event()
        self._began = time.monotonic()
        self._answered_once = False
        self._malformed = 0
        self.is_closed = False

    def add(self, reader: Reader[T]) -> None:
        """A new reader is told at once what is known, and need not wait for a backoff to end."""
        self._readers.append(reader)
        self._awake.set()
        reader.connection(self._connection)
        if self._latest is not None:
            reader.value(self._latest)
            self._dismiss_satisfied(self._latest)

    def remove(self, reader: Reader[T]) -> None:
        """Forget a reader; it is told nothing more."""
        if reader in self._readers:
            self._readers.remove(reader)

    @property
    def is_read(self) -> bool:
        """Whether there is anybody left to poll for."""
        return bool(self._readers)

    def wake(self) -> None:
        """Try again now instead of when the backoff is over."""
        self._awake.set()

    async def run(self) -> None:
        """Poll until nobody reads any more. Ends the readers when it fails."""
        try:
            options = client_options(read_timeout=_READ_TIMEOUT)
            # a client of its own: hundreds of held polls make a shared pool slow
            async with httpx.AsyncClient(transport=self._server.http, **options) as client:
                self._awake.clear()
                while self._readers:
                    await self._poll(client)
                self.is_closed = True  # before the next await: a reader who comes now is too late
        except TriggerError as error:
            self._fail(error)
        except Exception as error:
            _log.exception("the feed of %s failed", self._source.subject)
            self._fail(TriggerError(f"the feed of {self._source.subject} failed: {error!r}"))

    async def _poll(self, client: httpx.AsyncClient) -> None:
        # locating may start the engine, which blocks
        endpoint = await asyncio.to_thread(self._server.endpoint)
        shape, asked_at = self._shape, time.monotonic()
        try:
            response = await client.get(
                endpoint.api_url + self._source.path,
                params={**self._source.params, **shape.params()},
                headers=feed_headers(endpoint),
            )
        except httpx.TransportError as error:
            self._server.forget(endpoint)
            self._shape = shape.cut()
            timeout = _READ_TIMEOUT
            reason = sentences.connection_error(error, server=self._server, timeout=timeout)
            await self._retry(reason, patience=_UNREACHABLE_PATIENCE)
            return
        answer = to_answer(response)
        if answer.status == _CONFLICT:
            self._shape = shape.refetch(answer.headers.get("electric-handle"))
            await self._pause(self._backoff.wait())
        elif answer.status != _SUCCESS:
            await self._refused(answer, endpoint)
        else:
            await self._answered(answer, shape, asked_at)

    async def _refused(self, answer: Answer, endpoint: Endpoint) -> None:
        error = sentences.status_error(
            answer,
            doing=self._source.doing,
            subject=self._source.subject,
            server=self._server,
            endpoint=endpoint,
        )
        passing = answer.status in _PASSING or (answer.status >= 500 and answer.status != 501)  # noqa: PLR2004 - HTTP's own lines
        if not passing:
            raise error
        asked = retries.asked_wait(answer.status, answer.headers)
        await self._retry(error, patience=_FAILING_PATIENCE, asked=asked)

    async def _answered(self, answer: Answer, shape: Shape, asked_at: float) -> None:
        try:
            after = shape.answered(parse_batch(answer.headers, answer.body))
            value = self._value(after, shape)
        except ProtocolError as error:
            self._malformed += 1
            if self._malformed >= _MALFORMED_IN_A_ROW:
                raise
            self._shape = shape.refetch()
            await self._retry(error, patience=_FAILING_PATIENCE)
            return
        self._malformed = 0
        self._answered_once = True
        self._shape = after
        if after.buster:
            await self._retry(
                ProtocolError("a cache on the way to the server keeps giving outdated answers."),
                patience=_FAILING_PATIENCE,
            )
            return
        if after.phase is Phase.LIVE:
            self._say(Connection("live"))
        if value is not None:
            self._publish(value)
        moved = after.offset != shape.offset or after.phase is not shape.phase
        if moved or time.monotonic() - asked_at > _HASTY:
            self._backoff.reset()
        else:
            # a server that answers at once with nothing new would otherwise be asked in a loop
            await self._pause(self._backoff.wait())

    def _value(self, after: Shape, before: Shape) -> T | None:
        if after.rows is None or after.rows is before.rows:
            return None
        value = self._source.decode(after.rows)
        if value is None or self._latest is None:
            return value
        return value if self._source.supersedes(value, self._latest) else None

    def _publish(self, value: T) -> None:
        self._latest = value
        for reader in list(self._readers):
            reader.value(value)
        self._dismiss_satisfied(value)

    def _dismiss_satisfied(self, value: T) -> None:
        if self._source.is_final(value):
            self._dismiss(Connection("closed"), [r for r in self._readers if r.until_final])

    def _dismiss(self, connection: Connection, readers: list[Reader[T]]) -> None:
        for reader in readers:
            self.remove(reader)
            reader.connection(connection)
            reader.ended(connection.error)

    def _fail(self, error: TriggerError) -> None:
        self._connection = Connection("failed", str(error), error)
        self._dismiss(self._connection, list(self._readers))
        self.is_closed = True

    def _say(self, connection: Connection) -> None:
        if connection != self._connection:
            self._connection = connection
            for reader in list(self._readers):
                reader.connection(connection)

    async def _retry(
        self, error: TriggerError, *, patience: float, asked: float | None = None
    ) -> None:
        self._say(Connection("retrying", str(error), error))
        waited = time.monotonic() - self._began
        if not self._answered_once and not self._server.embedded and waited >= patience:
            failed = Connection("failed", str(error), error)
            self._dismiss(failed, [r for r in self._readers if not r.patient])
        wait = self._backoff.wait()
        await self._pause(max(wait, min(asked or 0.0, _LONGEST_ASKED_FOR)))

    async def _pause(self, seconds: float) -> None:
        if self._readers:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._awake.wait()
        self._awake.clear()
