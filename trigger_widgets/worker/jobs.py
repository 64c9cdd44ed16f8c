"""What a run needs to be executed, and who can execute it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Protocol

from trigger_widgets.packets import JSON_TYPE
from trigger_widgets.tasks.link import RunLink

from .outcomes import Outcome

GRACE_SECONDS = 2.0
"""How long a task may take to stop when asked to, before it is stopped or abandoned."""


@dataclass(frozen=True)
class Job:
    """One attempt. `execution` is the server's answer to its start (worker-protocol.md §4)."""

    run_id: str
    task_id: str
    execution: dict[str, Any]
    payload: str | None = None
    payload_type: str = JSON_TYPE
    metadata: dict[str, Any] | None = None

    @classmethod
    def from_execution(cls, execution: dict[str, Any]) -> Job:
        """The job of a started attempt; the payload is kept apart from the rest."""
        run = dict(execution["run"])
        payload, payload_type = run.pop("payload", None), run.pop("payloadType", JSON_TYPE)
        metadata = run.pop("metadata", None)
        return cls(
            run_id=run["id"],
            task_id=execution["task"]["id"],
            execution={**execution, "run": run},
            payload=payload,
            payload_type=payload_type,
            metadata=metadata if isinstance(metadata, dict) else None,
        )

    def to_json(self) -> dict[str, Any]:
        """For another process; as it is, where `asdict` would copy all that is in it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Execution(Protocol):
    """A job on its way. `outcome` always comes: at the latest a grace time after `stop`."""

    @property
    def outcome(self) -> asyncio.Future[Outcome]: ...

    def stop(self) -> None:
        """Ask the task to stop, and make sure that it does."""

    def park(self) -> bool:
        """It waits for something; whether another run may execute in its place meanwhile."""

    def unpark(self) -> None:
        """It goes on."""


class Executor(Protocol):
    """Executes jobs, `slots` at a time. Used on the worker's loop."""

    @property
    def slots(self) -> int: ...

    @property
    def ahead(self) -> int:
        """How many more it may have been given while runs are short; they wait for their turn."""

    async def open(self, link: RunLink) -> None:
        """Get ready. `link` carries what running tasks have to say to the server."""

    async def begin(self, job: Job) -> Execution:
        """Start a job."""

    async def close(self) -> None:
        """Stop everything."""


Listener = Callable[[str, str, str, str | None], None]
"""Hears of runs: the run's id, its task, `started`, `completed`, `failed`, `retrying`, `canceled`,
`timed out` or `dropped`, and a word more (the error's message, the delay)."""
