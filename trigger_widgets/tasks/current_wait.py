"""`wait`: a running task stops for a person, or for a while, and holds nothing meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trigger_widgets.api import wait as api
from trigger_widgets.models import WaitToken

from . import waits
from .results import Result
from .scope import RunScope, current_scope
from .steps import Steps, refuse_in_event_loop, run_awaiting, run_blocking
from .waits import SHORT_SECONDS, Duration

if TYPE_CHECKING:
    from trigger_widgets.client.wait import Wait as ClientWait


class Wait:
    """The waits of the run that the calling code belongs to.

    A waiting run holds no slot of its worker, so others run meanwhile; cancelling it works at
    once, and the wait outlives the engine. One wait at a time: a second one, in another thread
    or coroutine of the same run, is refused with `ConfigurationError`. In a coroutine use
    `aio.wait`.
    """

    def create_token(
        self,
        *,
        timeout: Duration | datetime | None = None,
        tags: str | Iterable[str] = (),
        idempotency_key: str | None = None,
        idempotency_key_ttl: Duration | None = None,
    ) -> WaitToken:
        """A new token, that somebody completes before its `timeout` (seconds, or "10m").

        Outside of a run it is made by the default client.
        """
        refuse_in_event_loop("wait.create_token")
        request = api.create_token(
            timeout=timeout,
            tags=tags,
            idempotency_key=idempotency_key,
            idempotency_key_ttl=idempotency_key_ttl,
        )
        scope = current_scope()
        if scope is None:
            from trigger_widgets.client import default_client

            return default_client().wait.create_token(
                timeout=timeout,
                tags=tags,
                idempotency_key=idempotency_key,
                idempotency_key_ttl=idempotency_key_ttl,
            )
        return run_blocking(waits.create_token(scope, request), scope.alarm)

    def for_token(
        self,
        token: str | WaitToken,
        timeout: Duration | datetime | None = None,
        *,
        scope: str = "run",
    ) -> Result[Any]:
        """Wait until a token is completed, or its time is over: a `Result` either way.

        `token` is a token or its id, or any other text: that is the name of a token of this very
        run, made when it is first asked for, with `timeout`. An attempt that comes after finds it
        by the same name, and what was decided stays decided. With `scope="global"` the name is
        that of one token for all runs: who asks first makes it, and one decision is for all.
        """
        refuse_in_event_loop("wait.for_token")
        run = waits.require_scope("wait.for_token")
        return run_blocking(waits.for_token(run, token, timeout, scope), run.alarm)

    def sleep(self, seconds: Duration) -> None:
        """Sleep. More than 5 seconds are timed by the server, and hold no slot; an attempt that
        comes after sleeps only what is left of them.
        """
        refuse_in_event_loop("wait.sleep")
        length, scope = waits.in_seconds(seconds), current_scope()
        if scope is None:
            time.sleep(length)
        elif length <= SHORT_SECONDS:
            waits.doze(scope, length)
        else:
            run_blocking(waits.sleep(scope, length), scope.alarm)

    def until(self, moment: datetime) -> None:
        """Wait for a moment, as `sleep`; one that is over is not waited for."""
        refuse_in_event_loop("wait.until")
        length, scope = waits.seconds_until(moment), current_scope()
        if scope is None:
            time.sleep(max(0.0, length))
        elif length <= SHORT_SECONDS:
            waits.doze(scope, max(0.0, length))
        else:
            run_blocking(_until(scope, moment), scope.alarm)

    def retrieve_token(self, token: str | WaitToken) -> WaitToken:
        """As `client.wait.retrieve_token`, of the default client."""
        refuse_in_event_loop("wait.retrieve_token")
        return _client().retrieve_token(token)

    def list_tokens(self, **filters: Any) -> Any:
        """As `client.wait.list_tokens`, of the default client."""
        refuse_in_event_loop("wait.list_tokens")
        return _client().list_tokens(**filters)

    def complete_token(self, token: str | WaitToken, output: Any = None) -> None:
        """As `client.wait.complete_token`, of the default client: for a token of another run."""
        refuse_in_event_loop("wait.complete_token")
        _client().complete_token(token, output)


def _client() -> ClientWait:
    from trigger_widgets.client import default_client

    return default_client().wait


def _until(scope: RunScope, moment: datetime) -> Steps[None]:
    text = moment.astimezone(UTC).isoformat()
    return waits.until(scope, moment.astimezone(UTC), text, f"until:{text}")


wait = Wait()
"""The waits of the current run."""


class AsyncWait:
    """The twin of `wait` for coroutines."""

    async def create_token(
        self,
        *,
        timeout: Duration | datetime | None = None,  # noqa: ASYNC109 - the token's, not the call's
        tags: str | Iterable[str] = (),
        idempotency_key: str | None = None,
        idempotency_key_ttl: Duration | None = None,
    ) -> WaitToken:
        """As `wait.create_token`."""
        scope = waits.require_scope("wait.create_token")
        request = api.create_token(
            timeout=timeout,
            tags=tags,
            idempotency_key=idempotency_key,
            idempotency_key_ttl=idempotency_key_ttl,
        )
        return await run_awaiting(waits.create_token(scope, request))

    async def for_token(
        self,
        token: str | WaitToken,
        timeout: Duration | datetime | None = None,  # noqa: ASYNC109 - the token's, not the call's
        *,
        scope: str = "run",
    ) -> Result[Any]:
        """As `wait.for_token`."""
        run = waits.require_scope("wait.for_token")
        return await run_awaiting(waits.for_token(run, token, timeout, scope))

    async def sleep(self, seconds: Duration) -> None:
        """As `wait.sleep`."""
        length, scope = waits.in_seconds(seconds), current_scope()
        if scope is None or length <= SHORT_SECONDS:
            await asyncio.sleep(length)
        else:
            await run_awaiting(waits.sleep(scope, length))

    async def until(self, moment: datetime) -> None:
        """As `wait.until`."""
        length, scope = waits.seconds_until(moment), current_scope()
        if scope is None or length <= SHORT_SECONDS:
            await asyncio.sleep(max(0.0, length))
        else:
            await run_awaiting(_until(scope, moment))

    async def retrieve_token(self, token: str | WaitToken) -> WaitToken:
        """As `wait.retrieve_token`."""
        return await asyncio.to_thread(wait.retrieve_token, token)

    async def list_tokens(self, **filters: Any) -> list[WaitToken]:
        """As `wait.list_tokens`, all of them at once."""
        return await asyncio.to_thread(lambda: list(wait.list_tokens(**filters)))

    async def complete_token(self, token: str | WaitToken, output: Any = None) -> None:
        """As `wait.complete_token`."""
        await asyncio.to_thread(wait.complete_token, token, output)
