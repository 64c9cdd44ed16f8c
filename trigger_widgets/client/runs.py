"""`client.runs`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import timedelta

from trigger_widgets.api import run_list, runs
from trigger_widgets.api.refs import Ref
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.errors import ConfigurationError, ResultTimeoutError
from trigger_widgets.models import Batch, Run
from trigger_widgets.realtime.batch import AsyncBatchHandle, BatchHandle
from trigger_widgets.realtime.handle import AsyncRunHandle, RunHandle
from trigger_widgets.realtime.run_lists import batch_source, tag_source
from trigger_widgets.realtime.run_subscription import RunSubscription
from trigger_widgets.realtime.subscription import Subscription

from .resource import Call, Listing, Resource, X

RunsFeed = Subscription[list[Run]]


class _Runs(Resource[X]):
    retrieve = Call(runs.retrieve)
    list = Listing(run_list.list_runs)
    cancel = Call(runs.cancel)
    reschedule = Call(runs.reschedule)
    add_tags = Call(runs.add_tags)
    update_metadata = Call(runs.update_metadata)
    logs = Call(runs.logs)

    def subscribe_to_run(
        self,
        run: Ref,
        *,
        skip_columns: Iterable[str] = (),
        stop_on_completion: bool = True,
        timeout: float | None = None,
    ) -> RunSubscription:
        """The run's states as they change, until it has ended: for `for` and `async for`.
        `.with_streams()` has the parts of its streams as well.
        """
        return RunSubscription(
            run,
            self._transport.server,
            skip_columns=skip_columns,
            stop_on_completion=stop_on_completion,
            timeout=timeout,
        )

    def subscribe_to_runs_with_tag(
        self,
        tags: str | Iterable[str],
        *,
        created_at: str | float | timedelta | None = None,
        skip_columns: Iterable[str] = (),
        timeout: float | None = None,
    ) -> RunsFeed:
        """All runs that have all of these tags, as the list changes; it never ends by itself.

        `created_at` is how long ago at most: a duration up to a day, which is the default.
        """
        return Subscription(
            tag_source(tags, created_at, skip_columns), self._transport.server, timeout=timeout
        )

    def subscribe_to_batch(
        self,
        batch: str | BatchHandle | AsyncBatchHandle | Batch,
        *,
        skip_columns: Iterable[str] = (),
        stop_on_completion: bool = True,
        timeout: float | None = None,
    ) -> RunsFeed:
        """The runs of a batch, as the list changes. It ends when all have ended, if `batch` says
        how many there are: a handle or a `Batch` does, an id does not.
        """
        return Subscription(
            batch_source(batch, skip_columns),
            self._transport.server,
            stop_on_completion=stop_on_completion,
            timeout=timeout,
        )


class Runs(_Runs[Transport]):
    """A run is named by its id, its handle, or an earlier state of it."""

    def replay(self, run: Ref) -> RunHandle:
        """Start a new run with the same task, payload, tags and metadata. Needs the secret key."""
        triggered = self._transport.send(runs.replay(run))
        return RunHandle(triggered, task=_task_of(run), transport=self._transport)

    def poll(self, run: Ref, *, interval: float = 1.0, timeout: float | None = None) -> Run:
        """Retrieve the run every `interval` seconds until it has ended; gives its last state.

        For where nothing may stay open; `subscribe_to_run` is told sooner and asks less. After
        `timeout` seconds it raises `ResultTimeoutError`.
        """
        polling = _Polling(run, interval, timeout)
        while not (found := self.retrieve(run)).is_terminal:
            time.sleep(polling.wait(found))
        return found


class AsyncRuns(_Runs[AsyncTransport]):
    """As `Runs`, for asyncio."""

    async def replay(self, run: Ref) -> AsyncRunHandle:
        """As `Runs.replay`."""
        triggered = await self._transport.send(runs.replay(run))
        return AsyncRunHandle(triggered, task=_task_of(run), transport=self._transport)

    async def poll(
        self,
        run: Ref,
        *,
        interval: float = 1.0,
        timeout: float | None = None,  # noqa: ASYNC109 - as its twin
    ) -> Run:
        """As `Runs.poll`."""
        polling = _Polling(run, interval, timeout)
        while not (found := await self.retrieve(run)).is_terminal:  # noqa: ASYNC110 - a server's
            await asyncio.sleep(polling.wait(found))
        return found


class _Polling:
    """How long to wait before a run is looked at again."""

    def __init__(self, run: Ref, interval: float, timeout: float | None) -> None:
        if not interval > 0:
            raise ConfigurationError(f"interval is a number of seconds above 0, not {interval!r}.")
        self._run = runs.run_id(run)
        self._interval = interval
        self._timeout = timeout
        self._started = time.monotonic()

    def wait(self, found: Run) -> float:
        """Seconds; `ResultTimeoutError` when the time is over."""
        if self._timeout is None:
            return self._interval
        left = self._started + self._timeout - time.monotonic()
        if left <= 0:
            raise ResultTimeoutError(
                f"{self._run} has not ended within {self._timeout:g} s: it is {found.status}. "
                "It goes on."
            )
        return min(self._interval, left)


def _task_of(run: Ref) -> str | None:
    if isinstance(run, Run):
        return run.task_identifier
    task = getattr(run, "task", None)
    return task if isinstance(task, str) else None
