"""The names of a task as coroutines: `await aio.wait.for_token("approval")`."""

from __future__ import annotations

from typing import Any

from .tasks import children
from .tasks.current_streams import AsyncStreams
from .tasks.current_wait import AsyncWait
from .tasks.definition import Task, tied_to_worker
from .tasks.results import Result
from .tasks.steps import run_awaiting
from .tasks.waits import require_scope

streams = AsyncStreams()
"""The twin of `streams`."""

wait = AsyncWait()
"""The twin of `wait`."""


async def trigger_and_wait(
    task: Task[..., Any], payload: Any = None, **options: Any
) -> Result[Any]:
    """The twin of `task.trigger_and_wait(payload)`."""
    scope = require_scope("aio.trigger_and_wait")
    tied = tied_to_worker(options)
    return await run_awaiting(children.trigger_and_wait(scope, task.id, payload, tied))


__all__ = ["streams", "trigger_and_wait", "wait"]
