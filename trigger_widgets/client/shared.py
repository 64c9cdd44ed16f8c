"""What the whole process has one of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trigger_widgets.api.server import Server
from trigger_widgets.config import Locate
from trigger_widgets.lock import Lock

if TYPE_CHECKING:
    from .sync import Trigger


Own = Callable[[Any, Mapping[str, Any]], dict[str, Any]]
"""Gives the options to trigger a task with, and readies this process if it executes the task."""


class _Shared:
    lock = Lock()
    client: Trigger | None = None
    embedded: Locate | None = None
    own: Own | None = None


def use_own_tasks(own: Own) -> None:
    """Say what is done with the tasks of this process when they are triggered: the runtime does."""
    _Shared.own = own


def owned(server: Server, task: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options to trigger `task` with; it may start this process's worker, and wait for it.

    Tasks are executed here by the embedded engine alone: a server's are where its workers are.
    """
    if _Shared.own is None or not server.embedded:
        return dict(options)
    return _Shared.own(task, options)
