"""The tasks that this process has defined, and who wants to hear of new ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.lock import Lock

if TYPE_CHECKING:
    from .definition import Task


class VersionedWorker(Protocol):
    """What a task needs of the worker that executes it."""

    @property
    def version(self) -> str:
        """The version that the server gave to this process's tasks; waits for it."""


class Registry:
    """Tasks by id. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tasks: dict[str, Task[..., Any]] = {}
        self._listeners: list[Callable[[Task[..., Any]], None]] = []
        self.ensure_worker: Callable[[], VersionedWorker | None] | None = None
        """Set by whoever runs this process's worker: starts it if need be. None as an answer
        means that runs are executed elsewhere, so that they are not tied to this process."""

    def define(self, task: Task[..., Any]) -> None:
        """Add a task and tell the listeners.

        A cell that is run again replaces its task, and so does a file that is loaded again.
        `ConfigurationError` if another file has a task of this id.
        """
        with self._lock:
            known = self._tasks.get(task.id)
            if known is not None and not task.replaces(known):
                raise ConfigurationError(
                    f'two tasks have the id "{task.id}": {known.export_name} in '
                    f"{known.file_path} and {task.export_name} in {task.file_path}; "
                    "give one of them another id."
                )
            self._tasks[task.id] = task
            listeners = list(self._listeners)
        for listener in listeners:
            listener(task)

    def get(self, task_id: str) -> Task[..., Any] | None:
        """The task of this id as it is defined now."""
        with self._lock:
            return self._tasks.get(task_id)

    def tasks(self) -> list[Task[..., Any]]:
        """All tasks, in order of their first definition."""
        with self._lock:
            return list(self._tasks.values())

    def on_define(self, listener: Callable[[Task[..., Any]], None]) -> Callable[[], None]:
        """Call `listener` with each task defined from now on; the answer takes it back."""
        with self._lock:
            self._listeners.append(listener)

        def forget() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return forget


registry = Registry()
"""The tasks of this process."""
