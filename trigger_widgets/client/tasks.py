"""`client.tasks`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from trigger_widgets.api import tasks
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.realtime.batch import (
    AsyncBatchHandle,
    BatchHandle,
    trigger_batch,
    trigger_batch_async,
)
from trigger_widgets.realtime.handle import AsyncRunHandle, RunHandle

from .resource import Resource
from .shared import owned


class Tasks(Resource[Transport]):
    """A task is named by its id, or by a task object that has one."""

    def trigger(self, task: Any, payload: Any = None, **options: Any) -> RunHandle:
        """Start a run. `task` is an id, or a task object that has one.

        On the embedded engine the run of a task object is executed by this very process, with
        the code as it is now, unless `version` says otherwise; that of an id by whoever has it.

        Options: queue, concurrency_key, delay, ttl, tags, idempotency_key, idempotency_key_ttl,
        max_attempts, max_duration, metadata, machine, priority, region, version, test,
        parent_run_id. Durations are seconds, a timedelta, or text like "10m".
        """
        options = owned(self._transport.server, task, options)
        request = tasks.trigger(task, payload, options)
        triggered = self._transport.send(request)
        return RunHandle(triggered, task=tasks.task_id(task), transport=self._transport)

    def batch_trigger(
        self, task: Any, items: Any = None, *, key: Any = None, **options: Any
    ) -> BatchHandle:
        """Start a run for each item; one handle for all of them, however many.

        `items` are payloads, or `{"payload": …, "options": {…}}`; a pandas DataFrame is a run a
        row. `key` names an item in the results: a column or field, or a function of the payload;
        without it the row's index or place. `options` are those of `trigger`, for every item.
        Without `task`, each item names its own: `batch_trigger([{"task": …, "payload": …}])`.
        """
        options = owned(self._transport.server, task, options)
        return trigger_batch(self._transport, task, items, key=key, options=options)


class AsyncTasks(Resource[AsyncTransport]):
    """As `Tasks`, for asyncio."""

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


async def _owned(
    transport: AsyncTransport, task: Any, options: Mapping[str, Any]
) -> dict[str, Any]:
    if not transport.server.embedded:
        return dict(options)
    return await asyncio.to_thread(owned, transport.server, task, options)
