"""What a task author imports."""

from trigger_widgets.errors import AbortTaskRunError

from .context import TaskContext
from .current_children import batch_trigger_and_wait, trigger_and_wait
from .current_metadata import metadata
from .current_streams import StreamResult, streams
from .current_wait import wait
from .definition import Task, task
from .registry import registry
from .results import Result
from .run_logger import logger

__all__ = [
    "AbortTaskRunError",
    "Result",
    "StreamResult",
    "Task",
    "TaskContext",
    "batch_trigger_and_wait",
    "logger",
    "metadata",
    "registry",
    "streams",
    "task",
    "trigger_and_wait",
    "wait",
]
