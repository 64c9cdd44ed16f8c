"""Following a feed by callbacks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Self

from trigger_widgets.errors import TriggerError

from .connection import Connection
from .hub import Membership

_log = logging.getLogger(__name__)


class Watching:
    """Callbacks on the background loop's thread.

    They are called in order, must return soon, and may be called before this object is returned.
    An exception in one is logged and does not end the watch.
    """

    def __init__(
        self,
        join: Callable[[Self], Membership],
        *,
        on_connection: Callable[[Connection], object] | None,
        until_final: bool = True,
    ) -> None:
        self.until_final = until_final
        self.patient = True
        self._on_connection = on_connection
        self._stopped = False
        self._membership = join(self)

    def stop(self) -> None:
        """Disconnect. No callback is called after this, except one that is running."""
        self._stopped = True
        self._membership.leave()

    def wake(self) -> None:
        """If it is waiting to try again: try now."""
        self._membership.wake()

    def connection(self, connection: Connection) -> None:
        """From the feed."""
        self._call(self._on_connection, connection)

    def ended(self, error: TriggerError | None) -> None:
        """From the feed. The connection has already said so."""

    def _call(self, callback: Callable[..., object] | None, *arguments: object) -> None:
        if callback is None or self._stopped:
            return
        try:
            callback(*arguments)
        except Exception:
            _log.exception("a callback of a watch failed")
