"""Waiting for children from the run that the calling code belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import children
from .results import Result
from .steps import refuse_in_event_loop, run_awaiting, run_blocking
from .waits import require_scope

if TYPE_CHECKING:
    from .definition import Task


def trigger_and_wait(
    task: Task[..., Any] | str, payload: Any = None, **options: Any
) -> Result[Any]:
    """As `task.trigger_and_wait(payload)`, also for a task of another process, by its id."""
    refuse_in_event_loop("trigger_and_wait")
    scope = require_scope("trigger_and_wait")
    return run_blocking(children.trigger_and_wait(scope, task, payload, options), scope.alarm)


def batch_trigger_and_wait(
    task: Task[..., Any] | str | None, items: Any = None, **options: Any
) -> list[Result[Any]]:
    """As `task.batch_trigger_and_wait(items)`, also by id; given items alone, each names its task:
    `[{"task": "resize", "payload": 1}, {"task": "upload", "payload": 2}]`.
    """
    refuse_in_event_loop("batch_trigger_and_wait")
    scope = require_scope("batch_trigger_and_wait")
    return run_blocking(children.batch_trigger_and_wait(scope, task, items, options), scope.alarm)


class AsyncChildren:
    """The twins for coroutines."""

    async def trigger_and_wait(
        self, task: Task[..., Any] | str, payload: Any = None, **options: Any
    ) -> Result[Any]:
        """As `trigger_and_wait`."""
        scope = require_scope("aio.trigger_and_wait")
        return await run_awaiting(children.trigger_and_wait(scope, task, payload, options))

    async def batch_trigger_and_wait(
        self, task: Task[..., Any] | str | None, items: Any = None, **options: Any
    ) -> list[Result[Any]]:
        """As `batch_trigger_and_wait`."""
        scope = require_scope("aio.batch_trigger_and_wait")
        return await run_awaiting(children.batch_trigger_and_wait(scope, task, items, options))
