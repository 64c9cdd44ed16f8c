"""What a task may know about its own run: the `ctx` of its second parameter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Part(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore"
    )


class RunInfo(_Part):
    """The run. `max_duration` is in seconds; `version` is that of the code that executes it."""

    id: str
    tags: tuple[str, ...] = ()
    is_test: bool = False
    is_replay: bool = False
    created_at: datetime | None = None
    started_at: datetime | None = None
    version: str | None = None
    priority: float | None = None
    max_attempts: int | None = None
    max_duration: float | None = None
    idempotency_key: str | None = None
    parent_task_run_id: str | None = None
    root_task_run_id: str | None = None
    realtime_streams_version: str | None = None


class AttemptInfo(_Part):
    """The attempt; `number` counts from 1."""

    number: int = 1
    started_at: datetime | None = None


class TaskInfo(_Part):
    """The task that the run is of."""

    id: str
    file_path: str | None = None
    export_name: str | None = None


class BatchInfo(_Part):
    """The batch that the run came in."""

    id: str


class QueueInfo(_Part):
    """The queue that the run came through."""

    id: str | None = None
    name: str


class EnvironmentInfo(_Part):
    """Where the run is executed; `type` is "DEVELOPMENT" on the embedded engine."""

    id: str
    slug: str | None = None
    type: str | None = None


class MachineInfo(_Part):
    """The machine preset of the run, which the embedded engine knows but does not have."""

    name: str
    cpu: float | None = None
    memory: float | None = None


class TaskContext(_Part):
    """`ctx`: frozen, and read from the answer to an attempt's start (worker-protocol.md §4)."""

    run: RunInfo
    attempt: AttemptInfo = Field(default_factory=AttemptInfo)
    task: TaskInfo
    batch: BatchInfo | None = None
    queue: QueueInfo | None = None
    environment: EnvironmentInfo | None = None
    machine: MachineInfo | None = None

    @classmethod
    def from_execution(cls, execution: dict[str, Any]) -> TaskContext:
        """The context of a started attempt."""
        return cls.model_validate(execution)
