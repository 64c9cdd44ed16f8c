"""What a task author imports."""

from trigger_widgets.errors import AbortTaskRunError

from .context import TaskContext
from .current_metadata import metadata
from .definition import Task, task
from .registry import registry
from .run_logger import logger

__all__ = ["AbortTaskRunError", "Task", "TaskContext", "logger", "metadata", "registry", "task"]
