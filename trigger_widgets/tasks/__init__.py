"""What a task author imports."""

from trigger_widgets.errors import AbortTaskRunError

from .children import TaskResult
from .context import TaskContext
from .current_metadata import metadata
from .current_streams import StreamResult, streams
from .current_wait import wait
from .definition import Task, task
from .registry import registry
from .run_logger import logger
from .waits import WaitResult

__all__ = [
    "AbortTaskRunError",
    "StreamResult",
    "Task",
    "TaskContext",
    "TaskResult",
    "WaitResult",
    "logger",
    "metadata",
    "registry",
    "streams",
    "task",
    "wait",
]
