"""`client.tasks`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, Unpack, overload

from trigger_widgets.api import tasks
from trigger_widgets.api.batch_items import Key
from trigger_widgets.api.options import TriggerOptions
from trigger_widgets.api.refs import task_id
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.api.typed import (
    AsyncFunction,
    AsyncWithCtx,
    Function,
    TypedTask,
    WithCtx,
    output_reader,
)
from trigger_widgets.models import Run
from trigger_widgets.realtime.batch import (
    AsyncBatchHandle,
    BatchHandle,
    trigger_batch,
    trigger_batch_async,
)
from trigger_widgets.realtime.handle import AsyncRunHandle, RunHandle

from .resource import Resource
from .shared import owned

In = TypeVar("In")
Out = TypeVar("Out")
Fields = Mapping[str, Any]
"""A payload by its fields, where the task asks for a model."""


class Tasks(Resource[Transport]):
    """A task is named by its id, or by a task object that has one."""

    @overload
    def trigger(
        self, task: TypedTask[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> RunHandle[Out]: ...
    @overload
    def trigger(
        self, task: AsyncFunction[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> RunHandle[Out]: ...
    @overload
    def trigger(
        self, task: AsyncWithCtx[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> RunHandle[Out]: ...
    @overload
    def trigger(
        self, task: Function[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> RunHandle[Out]: ...
    @overload
    def trigger(
        self, task: WithCtx[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> RunHandle[Out]: ...
    @overload
    def trigger(
        self, task: str, payload: Any = None, **options: Unpack[TriggerOptions]
    ) -> RunHandle[Any]: ...
    def trigger(self, task: Any, payload: Any = None, **options: Any) -> RunHandle[Any]:
        """Start a run. `task` is an id, or a task object that has one.

        Of a task object (of `@task`, or a `TypedTask`) the payload is checked before it is sent,
        and the output when it comes. On the embedded engine the run of one of `@task` is executed
        by this very process, with the code as it is now, unless `version` says otherwise; that of
        an id by whoever has it.

        Options: queue, concurrency_key, delay, ttl, tags, idempotency_key, idempotency_key_ttl,
        debounce, max_attempts, max_duration, metadata, machine, priority, region, version,
        external_deployment_id, test, parent_run_id. Durations are seconds, a timedelta, or text
        like "10m".
        """
        options = owned(self._transport.server, task, options)
        return RunHandle(
            self._transport.send(tasks.trigger(task, payload, options)),
            task=task_id(task),
            transport=self._transport,
            read_output=output_reader(task),
        )

    def trigger_and_subscribe(
        self,
        task: Any,
        payload: Any = None,
        *,
        on_update: Callable[[Run], object] | None = None,
        timeout: float | None = None,
        cancel_on_abort: bool = True,
        **options: Unpack[TriggerOptions],
    ) -> Run:
        """Start a run and follow it until it has ended; gives its last state.

        `run.unwrap()` is its output, or raises what it failed with. `on_update` is called with
        each state. If this is interrupted, or `timeout` seconds are over, the run is canceled
        unless `cancel_on_abort=False`.
        """
        handle = self.trigger(task, payload, **options)
        last: Run | None = None
        try:
            with handle.subscribe(timeout=timeout) as states:
                for last in states:
                    if on_update is not None:
                        on_update(last)
        finally:
            if cancel_on_abort and (last is None or not last.is_terminal):
                handle.cancel()
        return handle.retrieve() if last is None else last

    def batch_trigger(
        self, task: Any, items: Any = None, *, key: Key = None, **options: Unpack[TriggerOptions]
    ) -> BatchHandle:
        """Start a run for each item; one handle for all of them, however many.

        `items` are payloads, or `{"payload": …, "options": {…}}`, in anything that can be looped
        over; a pandas DataFrame is a run a row. `key` names an item in the results: a column or
        field, or a function of the payload; without it the row's index or place. `options` are
        those of `trigger`, for every item; an `idempotency_key` is followed by the item's place,
        so a batch that is triggered again runs again only what is missing or failed.
        Without `task`, each item names its own: `batch_trigger([{"task": …, "payload": …}])`.
        """
        given = owned(self._transport.server, task, options)
        return trigger_batch(self._transport, task, items, key=key, options=given)


class AsyncTasks(Resource[AsyncTransport]):
    """As `Tasks`, for asyncio."""

    @overload
    async def trigger(
        self, task: TypedTask[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> AsyncRunHandle[Out]: ...
    @overload
    async def trigger(
        self, task: AsyncFunction[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> AsyncRunHandle[Out]: ...
    @overload
    async def trigger(
        self, task: AsyncWithCtx[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> AsyncRunHandle[Out]: ...
    @overload
    async def trigger(
        self, task: Function[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> AsyncRunHandle[Out]: ...
    @overload
    async def trigger(
        self, task: WithCtx[In, Out], payload: In | Fields, **options: Unpack[TriggerOptions]
    ) -> AsyncRunHandle[Out]: ...
    @overload
    async def trigger(
        self, task: str, payload: Any = None, **options: Unpack[TriggerOptions]
    ) -> AsyncRunHandle[Any]: ...
    async def trigger(self, task: Any, payload: Any = None, **options: Any) -> AsyncRunHandle[Any]:
        """As `Tasks.trigger`."""
        options = await _owned(self._transport, task, options)
        return AsyncRunHandle(
            await self._transport.send(tasks.trigger(task, payload, options)),
            task=task_id(task),
            transport=self._transport,
            read_output=output_reader(task),
        )

    async def trigger_and_subscribe(
        self,
        task: Any,
        payload: Any = None,
        *,
        on_update: Callable[[Run], object] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as its twin
        cancel_on_abort: bool = True,
        **options: Unpack[TriggerOptions],
    ) -> Run:
        """As `Tasks.trigger_and_subscribe`."""
        handle = await self.trigger(task, payload, **options)
        last: Run | None = None
        try:
            async with handle.subscribe(timeout=timeout) as states:
                async for last in states:
                    if on_update is not None:
                        on_update(last)
        finally:
            if cancel_on_abort and (last is None or not last.is_terminal):
                # what cancels this coroutine must not cancel that
                await asyncio.shield(handle.cancel())
        return await handle.retrieve() if last is None else last

    async def batch_trigger(
        self, task: Any, items: Any = None, *, key: Key = None, **options: Unpack[TriggerOptions]
    ) -> AsyncBatchHandle:
        """As `Tasks.batch_trigger`; the items may come from an async iterable, too."""
        given = await _owned(self._transport, task, options)
        return await trigger_batch_async(self._transport, task, items, key=key, options=given)


async def _owned(
    transport: AsyncTransport, task: Any, options: Mapping[str, Any]
) -> dict[str, Any]:
    if not transport.server.embedded:
        return dict(options)
    return await asyncio.to_thread(owned, transport.server, task, options)
