"""Executes tasks of this process, each run in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from contextvars import Context

from trigger_widgets.tasks.link import RunLink
from trigger_widgets.tasks.registry import Registry
from trigger_widgets.tasks.run_log import RunLog

from . import capture
from .interruption import Interruption
from .invocation import invoke
from .jobs import GRACE_SECONDS, Job
from .outcomes import Outcome, canceled, internal_error
from .slots import default_slots

_ASK_AGAIN_SECONDS = 0.25
_ABANDONED = (
    f"The task did not stop within {GRACE_SECONDS:.0f} s, so its thread goes on without its run: "
    "it is busy outside of Python, or swallows what stops it. Restarting the kernel ends it; with "
    'isolation="process" it would have been killed.'
)


class ThreadExecution:
    """A job in its thread. A thread that does not stop in time is abandoned: Python cannot end
    it, so the run ends without it and another thread takes its place.
    """

    def __init__(self, registry: Registry, job: Job, link: RunLink) -> None:
        self._loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[Outcome] = self._loop.create_future()
        self._registry = registry
        self._job = job
        self._link = link
        self._interruption = Interruption()
        self._asked_for = 0.0
        # an empty context: the run must not look like a part of whatever runs in this process
        self._thread = threading.Thread(
            target=Context().run, args=(self._run,), name=f"run {job.run_id}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Raise in the thread, more than once if need be, then abandon it."""
        if self.outcome.done():
            return
        if self._asked_for >= GRACE_SECONDS:
            self._say_that_it_goes_on()
            self._finish(canceled())
            return
        self._interruption.request()
        self._asked_for += _ASK_AGAIN_SECONDS
        self._loop.call_later(_ASK_AGAIN_SECONDS, self.stop)

    def park(self) -> bool:
        """A thread that waits is in nobody's way."""
        return True

    def unpark(self) -> None:
        """Nothing was changed."""

    def _run(self) -> None:
        task = self._registry.get(self._job.task_id)
        if task is None:
            message = f'this process has no task "{self._job.task_id}" (any more)'
            outcome = Outcome(error=internal_error("COULD_NOT_FIND_TASK", message), may_retry=False)
        else:
            outcome = invoke(task, self._job, self._link, self._interruption)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._finish, outcome)

    def _say_that_it_goes_on(self) -> None:
        log = RunLog(self._job.run_id, self._link.call)
        log.record(_ABANDONED, "WARNING")
        log.close(0)  # this is the loop that sends: it must not wait for itself

    def _finish(self, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class ThreadExecutor:
    """For tasks defined in this process: a notebook's. The newest definition is what runs."""

    def __init__(self, registry: Registry, slots: int | None = None) -> None:
        self._registry = registry
        self._slots = slots or default_slots()
        self._link: RunLink | None = None
        self._running: set[ThreadExecution] = set()

    @property
    def slots(self) -> int:
        return self._slots

    async def open(self, link: RunLink) -> None:
        """From now on there may be runs."""
        self._link = link

    async def begin(self, job: Job) -> ThreadExecution:
        """Start a thread for it, whose output goes to its run: looked at each time, since a cell
        may have put a stream of its own in place (`%%capture`, `redirect_stdout`).
        """
        if self._link is None:
            raise RuntimeError("the executor is not open")
        capture.install()
        execution = ThreadExecution(self._registry, job, self._link)
        self._running.add(execution)
        execution.outcome.add_done_callback(lambda _: self._running.discard(execution))
        return execution

    async def close(self) -> None:
        """Ask all threads to stop; they are daemons and never outlive the process."""
        for execution in list(self._running):
            execution.stop()
