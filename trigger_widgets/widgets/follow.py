"""What a widget that follows a server shares: which client it uses, and how it is connected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import traitlets
from pydantic import SecretStr

from trigger_widgets.client import Trigger, default_client
from trigger_widgets.errors import TriggerError
from trigger_widgets.realtime.batch import BatchHandle
from trigger_widgets.realtime.connection import Connection
from trigger_widgets.realtime.handle import RunHandle

from .base import LiveWidget
from .dispatcher import dispatcher

Callback = Callable[..., object]


class Following(Protocol):
    """A subscription that can be ended, and hurried."""

    def stop(self) -> None:
        """End it."""

    def wake(self) -> None:
        """If it is waiting to try again: try now."""


class FollowingWidget(LiveWidget):
    """A widget fed by a subscription: `start`, `stop`, `reconnect`, `connection` and `error`."""

    connection = traitlets.Unicode("connecting", read_only=True).tag(sync=True)
    done = traitlets.Bool(False, read_only=True).tag(sync=True)
    error = traitlets.Instance(Exception, allow_none=True, read_only=True)

    # on the class, because a widget that was refused its options is closed all the same
    _following: Following | None = None
    _on_error: Callback | None = None

    def _follow(self) -> Following:
        """Subscribe."""
        raise NotImplementedError

    def start(self) -> None:
        """Follow, from now on or again."""
        if self._following is not None:
            return
        try:
            self._following = self._follow()
        except TriggerError as e:  # an unknown id, a wrong key: the card says so, as it does later
            self._see_connection(Connection("failed", str(e), e))

    def stop(self) -> None:
        """Stop following. What is followed goes on, and what is known stays."""
        following, self._following = self._following, None
        if following is not None:
            following.stop()
            self._see_connection(Connection("closed", "stopped following"))

    def reconnect(self) -> None:
        """Try to connect now instead of when the next attempt is due."""
        if self._following is not None and self.connection in ("connecting", "live", "retrying"):
            self._following.wake()
        else:
            self.stop()
            self.start()

    def close(self) -> None:
        """Stop following, and remove every view."""
        self.stop()
        super().close()

    def _see_connection(self, connection: Connection) -> None:
        """Show how the subscription is doing. On the background loop's thread."""
        failed = connection.state == "failed"
        self._show(
            {
                "connection": {"state": connection.state, "reason": connection.reason},
                "fault": connection.reason if failed else None,
            },
            final=failed,
        )
        dispatcher.submit(lambda: self._observe_connection(connection))

    def _observe_connection(self, connection: Connection) -> None:
        self._assign(connection=connection.state)
        if connection.state == "failed" and connection.error is not None:
            self._assign(error=connection.error)
            self._call(self._on_error, connection.error)


def client_for(
    subject: Any,
    client: Trigger | None,
    access_token: str | SecretStr | None,
    api_url: str | None,
) -> Trigger:
    """The client that was given, else that of the handle, else the default one.

    A token alone is used at that client's server.
    """
    if api_url is not None:
        return Trigger(api_url=api_url, access_token=access_token)
    own = Trigger.of(subject) if isinstance(subject, RunHandle | BatchHandle) else None
    base = client or own or default_client()
    return base if access_token is None else base.with_access_token(access_token)
