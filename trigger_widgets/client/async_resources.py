"""What hangs on an `AsyncTrigger`: the twins of `resources`, which documents them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from trigger_widgets.api import auth, batches, runs, streams, tasks, wait
from trigger_widgets.api.transports import AsyncTransport
from trigger_widgets.config import Endpoint
from trigger_widgets.models import Batch, Run, WaitToken
from trigger_widgets.realtime.batch import AsyncBatchHandle, trigger_batch_async
from trigger_widgets.realtime.handle import AsyncRunHandle
from trigger_widgets.realtime.run_lists import batch_source, tag_source
from trigger_widgets.realtime.runs import run_source
from trigger_widgets.realtime.stream_reader import StreamReader
from trigger_widgets.realtime.subscription import Subscription

from .shared import owned


class AsyncTasks:
    """As `Tasks`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def trigger(self, task: Any, payload: Any = None, **options: Any) -> AsyncRunHandle:
        """As `Tasks.trigger`."""
        options = await _owned(self._transport, task, options)
        triggered = await self._transport.send(tasks.trigger(task, payload, options))
        return AsyncRunHandle(triggered, task=tasks.task_id(task), transport=self._transport)

    async def batch_trigger(
        self, task: Any, items: Any = None, *, key: Any = None, **options: Any
    ) -> AsyncBatchHandle:
        """As `Tasks.batch_trigger`."""
        options = await _owned(self._transport, task, options)
        return await trigger_batch_async(self._transport, task, items, key=key, options=options)


class AsyncRuns:
    """As `Runs`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def retrieve(self, run: str | AsyncRunHandle | Run) -> Run:
        """As `Runs.retrieve`."""
        return await self._transport.send(runs.retrieve(run))

    async def cancel(self, run: str | AsyncRunHandle | Run) -> None:
        """As `Runs.cancel`."""
        await self._transport.send(runs.cancel(run))

    async def update_metadata(
        self, run: str | AsyncRunHandle | Run, metadata: Mapping[str, Any]
    ) -> dict[str, Any]:
        """As `Runs.update_metadata`."""
        return await self._transport.send(runs.update_metadata(run, metadata))

    async def logs(self, run: str | AsyncRunHandle | Run, *, after: int = 0) -> runs.LogPage:
        """As `Runs.logs`."""
        return await self._transport.send(runs.logs(run, after=after))

    def subscribe_to_run(
        self,
        run: str | AsyncRunHandle | Run,
        *,
        skip_columns: Iterable[str] = (),
        stop_on_completion: bool = True,
        timeout: float | None = None,
    ) -> Subscription[Run]:
        """As `Runs.subscribe_to_run`, for `async for`."""
        return Subscription(
            run_source(run, skip_columns),
            self._transport.server,
            stop_on_completion=stop_on_completion,
            timeout=timeout,
        )

    def subscribe_to_runs_with_tag(
        self,
        tags: str | Iterable[str],
        *,
        created_at: str | float | timedelta | None = None,
        skip_columns: Iterable[str] = (),
        timeout: float | None = None,
    ) -> Subscription[list[Run]]:
        """As `Runs.subscribe_to_runs_with_tag`, for `async for`."""
        return Subscription(
            tag_source(tags, created_at, skip_columns), self._transport.server, timeout=timeout
        )

    def subscribe_to_batch(
        self,
        batch: str | AsyncBatchHandle | Batch,
        *,
        skip_columns: Iterable[str] = (),
        timeout: float | None = None,
    ) -> Subscription[list[Run]]:
        """As `Runs.subscribe_to_batch`, for `async for`."""
        return Subscription(
            batch_source(batch, skip_columns), self._transport.server, timeout=timeout
        )


class AsyncBatches:
    """As `Batches`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def retrieve(self, batch: str | AsyncBatchHandle | Batch) -> Batch:
        """As `Batches.retrieve`."""
        return await self._transport.send(batches.retrieve(batch))


class AsyncStreams:
    """As `Streams`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    def read(
        self,
        run: str | AsyncRunHandle | Run,
        stream: str = streams.DEFAULT_STREAM,
        *,
        start_index: int = 0,
        timeout: float | None = None,
        stop_on_completion: bool = True,
    ) -> StreamReader:
        """As `Streams.read`, for `async for`."""
        return StreamReader(
            run,
            stream,
            self._transport.server,
            start_index=start_index,
            timeout=timeout,
            stop_on_completion=stop_on_completion,
        )

    async def append(
        self, run: str | AsyncRunHandle | Run, text: str, stream: str = streams.DEFAULT_STREAM
    ) -> None:
        """As `Streams.append`."""
        await self._transport.send(streams.append(run, text, stream))


class AsyncWait:
    """As `Wait`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def create_token(
        self,
        *,
        timeout: str | float | timedelta | datetime | None = None,  # noqa: ASYNC109 - the token's own
        tags: str | Iterable[str] = (),
        idempotency_key: str | None = None,
        idempotency_key_ttl: str | float | timedelta | None = None,
    ) -> WaitToken:
        """As `Wait.create_token`."""
        return await self._transport.send(
            wait.create_token(
                timeout=timeout,
                tags=tags,
                idempotency_key=idempotency_key,
                idempotency_key_ttl=idempotency_key_ttl,
            )
        )

    async def retrieve_token(self, token: str | WaitToken) -> WaitToken:
        """As `Wait.retrieve_token`."""
        return await self._transport.send(wait.retrieve_token(token))

    async def list_tokens(
        self,
        *,
        status: str | Iterable[str] | None = None,
        tags: str | Iterable[str] | None = None,
        idempotency_key: str | None = None,
        created_at: str | float | timedelta | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[WaitToken]:
        """As `Wait.list_tokens`, for `async for`."""
        pages = wait.Pages(
            limit=limit,
            status=status,
            tags=tags,
            idempotency_key=idempotency_key,
            created_at=created_at,
        )
        while (request := pages.request()) is not None:
            for token in pages.answered(await self._transport.send(request)):
                yield token

    async def complete_token(self, token: str | WaitToken, data: Any = None) -> None:
        """As `Wait.complete_token`."""
        await self._transport.send(wait.complete_token(token, data))


class AsyncAuth:
    """As `Auth`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self._subjects: dict[Endpoint, str] = {}

    async def create_public_token(
        self, *, scopes: auth.Scopes, expiration_time: str | timedelta | datetime = "15m"
    ) -> SecretStr:
        """As `Auth.create_public_token`."""
        return await self._sign(scopes, expiration_time)

    async def create_trigger_public_token(
        self,
        tasks: Any,
        *,
        multiple_use: bool = False,
        expiration_time: str | timedelta | datetime = "15m",
    ) -> SecretStr:
        """As `Auth.create_trigger_public_token`."""
        scopes = auth.trigger_scopes(tasks)
        return await self._sign(scopes, expiration_time, one_time=not multiple_use)

    async def create_batch_trigger_public_token(
        self,
        tasks: Any,
        *,
        multiple_use: bool = False,
        expiration_time: str | timedelta | datetime = "15m",
    ) -> SecretStr:
        """As `Auth.create_batch_trigger_public_token`."""
        scopes = auth.trigger_scopes(tasks, batch=True)
        return await self._sign(scopes, expiration_time, one_time=not multiple_use)

    async def _sign(
        self, scopes: auth.Scopes, expires: str | timedelta | datetime, *, one_time: bool = False
    ) -> SecretStr:
        endpoint = await self._transport.endpoint()
        key = endpoint.access_token
        auth.require_secret_key(key)
        if endpoint not in self._subjects:
            self._subjects[endpoint] = await self._transport.send(auth.claims())
        subject = self._subjects[endpoint]
        return auth.sign_public_token(key, subject, scopes, expires, one_time=one_time)


async def _owned(
    transport: AsyncTransport, task: Any, options: Mapping[str, Any]
) -> dict[str, Any]:
    if not transport.server.embedded:
        return dict(options)
    return await asyncio.to_thread(owned, transport.server, task, options)
