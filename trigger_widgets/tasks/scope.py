"""The run that the current code belongs to, and its line to the server.

A contextvar: coroutines, `asyncio.to_thread` and `contextvars.copy_context().run` carry it along
by themselves. A bare `threading.Thread` does not; while a worker runs in this process, threads
that a task starts inherit it (`worker.capture`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from .context import TaskContext
from .link import RunLink
from .run_inputs import RunInputs
from .run_log import RunLog
from .run_metadata import RunMetadata
from .run_streams import RunStreams
from .run_waits import RunWaits
from .stopping import Alarm


class RunScope:
    """What belongs to one attempt of one run while its task executes. `alarm` rings when the
    task is to stop.
    """

    def __init__(
        self,
        context: TaskContext,
        link: RunLink,
        metadata: dict[str, Any] | None = None,
        alarm: Alarm | None = None,
    ) -> None:
        self.context = context
        self.link = link
        self.alarm = alarm or Alarm()
        self.metadata = RunMetadata(context.run.id, link.call, metadata)
        self.log = RunLog(context.run.id, link.call)
        self.streams = RunStreams(context.run.id, link)
        self.inputs = RunInputs(context.run.id, link)
        self.waits = RunWaits()

    def close(self, timeout: float) -> dict[str, Any]:
        """Send what is left, at most `timeout` seconds; the answer is the metadata operations
        that have not arrived and belong into the run's completion.
        """
        self.inputs.close()
        self.streams.close(timeout)
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
