"""The run that the current code belongs to, and its line to the server.

A contextvar: coroutines, `asyncio.to_thread` and `contextvars.copy_context().run` carry it along
by themselves. A bare `threading.Thread` does not; while a worker runs in this process, threads
that a task starts inherit it (`worker.capture`).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from .context import TaskContext
from .run_log import RunLog
from .run_metadata import RunMetadata


class RunLink(Protocol):
    """How a run speaks to its server: through the worker that executes it, which knows where the
    server is and has the key. Works in the worker's process and in its pool processes alike.
    """

    def call(self, method: str, path: str, body: Any) -> Future[Any]:
        """One request, tried once; the future holds the decoded answer or the error."""


class RunScope:
    """What belongs to one attempt of one run while its task executes."""

    def __init__(
        self, context: TaskContext, link: RunLink, metadata: dict[str, Any] | None = None
    ) -> None:
        self.context = context
        self.link = link
        self.metadata = RunMetadata(context.run.id, link.call, metadata)
        self.log = RunLog(context.run.id, link.call)

    def close(self, timeout: float) -> list[dict[str, Any]]:
        """Send what is left, at most `timeout` seconds; the answer is the metadata operations
        that have not arrived and belong into the run's completion.
        """
        self.log.close(timeout)
        return self.metadata.close(timeout)


_current: ContextVar[RunScope | None] = ContextVar("trigger_widgets_run", default=None)


def current_scope() -> RunScope | None:
    """The run that this code belongs to, or None outside of one."""
    return _current.get()


@contextmanager
def entered(scope: RunScope) -> Iterator[RunScope]:
    """What runs inside belongs to this run."""
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)
