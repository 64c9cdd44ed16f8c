"""One stream of a run, poured into a mailbox; the server keeps what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from trigger_widgets.api.server import Server
from trigger_widgets.errors import TriggerError
from trigger_widgets.models import Run

from .connection import Connection
from .mailbox import Mailbox
from .stream import Stream
from .stream_feed import StreamSource, join_stream
from .waiting import Event

T = TypeVar("T")


class Tap(Generic[T]):
    """A reader that steps aside when its mailbox is full, so that nobody waits for it.

    It leaves the shared connection, and when the mailbox has been emptied it goes on from
    the very same place over a connection of its own. So a slow reader costs neither the memory of
    a long stream nor a part of it, and no other reader notices.
    """

    patient = False

    def __init__(
        self,
        source: StreamSource,
        server: Server,
        mailbox: Mailbox[T],
        *,
        pack: Callable[[Any], T] | None = None,
        on_connection: Callable[[Connection], object],
        on_end: Callable[[TriggerError | None], object],
    ) -> None:
        self.until_final = mailbox.until_final
        self._source = source
        self._server = server
        self._mailbox = mailbox
        self._pack = pack
        self._on_connection = on_connection
        self._on_end = on_end
        self._place: Stream | None = None
        self._stopped = Event()
        self._join()

    def leave(self) -> None:
        """Read no more."""
        self._stopped.set()
        self._membership.leave()

    def wake(self) -> None:
        """Try again now instead of when the backoff is over."""
        self._membership.wake()

    @property
    def is_full(self) -> bool:
        """Whether the mailbox is."""
        return self._mailbox.is_full

    def step_aside(self, place: Stream) -> None:
        """From the feed."""
        self._place = place
        self._mailbox.when_room(self._join)

    def parts(self, parts: Sequence[Any]) -> None:
        """From the feed."""
        self._mailbox.parts(parts if self._pack is None else map(self._pack, parts))

    def malformed(self, count: int) -> None:
        """From the feed."""
        self._mailbox.malformed += count

    def run(self, run: Run) -> None:
        """From the feed: what is read are parts."""

    def connection(self, connection: Connection) -> None:
        """From the feed."""
        self._on_connection(connection)

    def ended(self, error: TriggerError | None) -> None:
        """From the feed."""
        self._on_end(error)

    def _join(self) -> None:
        if self._stopped.is_set():
            return
        self._membership = join_stream(self._source, self._server, self, self._place)
        if self._stopped.is_set():  # by another thread, meanwhile
            self._membership.leave()
