"""How a thing of the server is named: by its id, or by anything that has one."""

from __future__ import annotations

from typing import Any, Protocol

from trigger_widgets.errors import ConfigurationError


class HasId(Protocol):
    """A handle, a `Run`, a `Batch`, a `WaitToken`, a task object."""

    @property
    def id(self) -> str:
        """What the server knows it by."""


Ref = str | HasId


def task_id(task: Any) -> str:
    """The id of a task: a text, or anything that has it as `.id`."""
    found = task if isinstance(task, str) else getattr(task, "id", None)
    if not isinstance(found, str) or not found:
        raise ConfigurationError(
            f'a task is named by its id, as in tasks.trigger("my-task"), not by {task!r}.'
        )
    return found
