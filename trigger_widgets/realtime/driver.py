"""What every feed does: its readers, its connection state, its patience. On the background loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from typing import ClassVar, Generic, Protocol, TypeVar

import httpx

from trigger_widgets.api import retries, sentences
from trigger_widgets.api.requests import Answer
from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import client_options
from trigger_widgets.config import Endpoint, unattended
from trigger_widgets.errors import EngineStoppedError, ProtocolError, TriggerError

from .connection import Backoff, Connection

_log = logging.getLogger(__name__)

_MALFORMED_IN_A_ROW = 3
UNREACHABLE_PATIENCE = 3.0
FAILING_PATIENCE = 10.0
_LONGEST_ASKED_FOR = 60.0
_PASSING = frozenset({408, 425, 429})
_UNAUTHORIZED = 401


class AnyReader(Protocol):
    """Is told, on the background loop, what happens. Must return at once.

    `until_final`: it leaves after the end. `patient`: it stays while a server that has never
    answered does not answer.
    """

    until_final: bool
    patient: bool

    def connection(self, connection: Connection) -> None:
        """How the feed is doing."""

    def ended(self, error: TriggerError | None) -> None:
        """Nothing follows; `error` says why if that is not as it should be."""


R = TypeVar("R", bound=AnyReader)


class Driver(ABC, Generic[R]):
    """Connects again and again for as long as there are readers."""

    read_timeout: ClassVar[float] = 40.0
    """Seconds. The server holds a live poll for 17 to 23 s, and a stream is never silent for more
    than 10 s (protocol.md §4 and §5)."""

    def __init__(self, server: Server, *, doing: str, subject: str) -> None:
        self._server = server
        self._doing = doing
        self._subject = subject
        self._readers: list[R] = []
        self._connection = Connection("connecting")
        self._backoff = Backoff()
        self._awake = asyncio.Event()
        self._began = time.monotonic()
        self._answered_once = False
        self._malformed = 0
        self._renewed = False
        self.is_closed = False

    def add(self, reader: R) -> None:
        """A new reader is told at once what is known, and need not wait for a backoff to end."""
        self._readers.append(reader)
        self._awake.set()
        reader.connection(self._connection)
        self._welcome(reader)

    def remove(self, reader: R) -> None:
        """Forget a reader; it is told nothing more."""
        if reader in self._readers:
            self._readers.remove(reader)

    @property
    def takes_readers(self) -> bool:
        """Whether a reader who comes now is told all that those before were told."""
        return not self.is_closed

    def close(self) -> None:
        """Nobody reads any more."""
        self.is_closed = True

    @property
    def is_read(self) -> bool:
        """Whether there is anybody left to connect for."""
        return bool(self._readers)

    def wake(self) -> None:
        """Try again now instead of when the backoff is over."""
        self._awake.set()

    async def run(self) -> None:
        """Connect until nobody reads any more. Ends the readers when it fails."""
        try:
            options = client_options(read_timeout=self.read_timeout)
            # a client of its own: hundreds of held polls make a shared pool slow
            async with httpx.AsyncClient(transport=self._server.http, **options) as client:
                self._awake.clear()
                while self._readers:
                    unattended.set(self._answered_once)
                    try:
                        # locating may start the engine, which blocks
                        endpoint = await asyncio.to_thread(self._server.endpoint)
                    except EngineStoppedError as error:
                        await self._retry(error, patience=UNREACHABLE_PATIENCE)
                    else:
                        await self._turn(client, endpoint)
                self.is_closed = True  # before the next await: a reader who comes now is too late
        except TriggerError as error:
            self._fail(error)
        except Exception as error:
            _log.exception("the feed of %s failed", self._subject)
            self._fail(TriggerError(f"the feed of {self._subject} failed: {error!r}"))

    def _welcome(self, reader: R) -> None:
        """Tell a new reader what has happened so far."""

    @abstractmethod
    async def _turn(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        """Connect once, and take what comes."""

    async def _cut(self, error: httpx.RequestError, endpoint: Endpoint) -> None:
        """There was no answer, or not the whole of it."""
        self._server.forget(endpoint)
        reason = sentences.connection_error(error, server=self._server, timeout=self.read_timeout)
        await self._retry(reason, patience=UNREACHABLE_PATIENCE)

    async def _refused(self, answer: Answer, endpoint: Endpoint) -> None:
        """An error status: final, or one that passes. Of a token that was asked for there may be
        another, once.
        """
        # renewing waits for whoever asks already, and a function of the user's may be slow
        if (
            answer.status == _UNAUTHORIZED
            and not self._renewed
            and await asyncio.to_thread(self._server.renew, endpoint)
        ):
            self._renewed = True
            return
        error = sentences.status_error(
            answer,
            doing=self._doing,
            subject=self._subject,
            server=self._server,
            endpoint=endpoint,
        )
        passing = answer.status in _PASSING or (answer.status >= 500 and answer.status != 501)  # noqa: PLR2004 - HTTP's own lines
        if not passing:
            raise error
        asked = retries.asked_wait(answer.status, answer.headers)
        await self._retry(error, patience=FAILING_PATIENCE, asked=asked)

    async def _misunderstood(self, error: ProtocolError) -> None:
        """An answer that is not the protocol: tried again, but not for ever."""
        self._malformed += 1
        if self._malformed >= _MALFORMED_IN_A_ROW:
            raise error
        await self._retry(error, patience=FAILING_PATIENCE)

    def _understood(self) -> None:
        """An answer as it should be."""
        self._malformed = 0
        self._renewed = False
        self._answered_once = True

    def _dismiss_final(self) -> None:
        self._dismiss(Connection("closed"), [r for r in self._readers if r.until_final])

    def _dismiss(self, connection: Connection, readers: list[R]) -> None:
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
