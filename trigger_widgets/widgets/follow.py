"""What a widget that follows a server shares: which client it uses, and how it is connected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import traitlets

from trigger_widgets.client import Trigger, default_client
from trigger_widgets.config import Token
from trigger_widgets.errors import ResultTimeoutError, TriggerError
from trigger_widgets.realtime.batch import BatchHandle
from trigger_widgets.realtime.connection import Connection
from trigger_widgets.realtime.handle import RunHandle
from trigger_widgets.realtime.waiting import Event, wait_for

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

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._halted = Event()
        self._finished = False
        self._failure: Exception | None = None
        self._shows_failure = False

    def _follow(self) -> Following:
        """Subscribe."""
        raise NotImplementedError

    def start(self) -> None:
        """Follow, from now on or again."""
        if self._following is not None:
            return
        self._failure = None
        if not self._finished:
            self._halted.clear()
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
            self._halted.set()

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

    def _set_finished(self, *, finished: bool) -> None:
        """Whether there is nothing left to wait for. Set where it is seen, not where observers
        are told: a wait in one of their callbacks must be able to end.
        """
        self._finished = finished
        if finished:
            self._halted.set()
        elif self._following is not None:
            self._halted.clear()

    def _wait_until_finished(self, timeout: float | None, what: str) -> None:
        """Block, and let clicks in meanwhile. Raises why it will never be finished."""
        if not wait_for(self._halted, timeout):
            raise ResultTimeoutError(f"{what} after {timeout:g} s; it goes on.")
        if self._finished:
            dispatcher.catch_up()
            return
        if self._failure is not None:
            raise self._failure
        raise TriggerError("it is not followed any more; .start() follows it again.")

    def _see_connection(self, connection: Connection) -> None:
        """Show how the subscription is doing. On the background loop's thread."""
        failed = connection.state == "failed"
        state: dict[str, Any] = {
            "connection": {"state": connection.state, "reason": connection.reason}
        }
        if failed or self._shows_failure:  # what a callback raised stays
            state["fault"] = connection.reason if failed else None
        self._shows_failure = failed
        if failed:
            self._following, self._failure = None, connection.error
            self._halted.set()
        self._show(state, final=failed)
        dispatcher.submit(lambda: self._observe_connection(connection))

    def _observe_connection(self, connection: Connection) -> None:
        self._assign(connection=connection.state)
        if connection.state == "failed" and connection.error is not None:
            self._assign(error=connection.error)
            self._call(self._on_error, connection.error)


def client_for(
    subject: Any,
    client: Trigger | None,
    access_token: Token | None,
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
