"""The names of a task as coroutines: `await aio.wait.for_token("approval")`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .tasks.current_children import AsyncChildren
from .tasks.current_metadata import AsyncMetadata
from .tasks.current_streams import AsyncStreams
from .tasks.current_wait import AsyncWait
from .tasks.definition import Task

if TYPE_CHECKING:
    from .realtime.batch import BatchHandle
    from .realtime.handle import RunHandle

metadata = AsyncMetadata()
"""The twin of `metadata`: `flush` and `refresh` are awaited."""

streams = AsyncStreams()
"""The twin of `streams`."""

wait = AsyncWait()
"""The twin of `wait`."""

trigger_and_wait = AsyncChildren().trigger_and_wait
"""The twin of `task.trigger_and_wait(payload)`, as `trigger_and_wait(task, payload)`."""

batch_trigger_and_wait = AsyncChildren().batch_trigger_and_wait
"""The twin of `task.batch_trigger_and_wait(items)`."""


async def trigger(task: Task[..., Any], payload: Any = None, **options: Any) -> RunHandle:
    """The twin of `task.trigger(payload)`; the handle can be awaited too."""
    return await asyncio.to_thread(task.trigger, payload, **options)


async def batch_trigger(task: Task[..., Any], items: Any, **options: Any) -> BatchHandle:
    """The twin of `task.batch_trigger(items)`."""
    return await asyncio.to_thread(task.batch_trigger, items, **options)


__all__ = [
    "batch_trigger",
    "batch_trigger_and_wait",
    "metadata",
    "streams",
    "trigger",
    "trigger_and_wait",
    "wait",
]
