"""`client.runs`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from trigger_widgets.api import runs
from trigger_widgets.api.refs import Ref
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.models import Batch, Run
from trigger_widgets.realtime.batch import AsyncBatchHandle, BatchHandle
from trigger_widgets.realtime.run_lists import batch_source, tag_source
from trigger_widgets.realtime.run_subscription import RunSubscription
from trigger_widgets.realtime.subscription import Subscription

from .resource import Call, Resource, X


class _Runs(Resource[X]):
    retrieve = Call(runs.retrieve)
    cancel = Call(runs.cancel)
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
    ) -> Subscription[list[Run]]:
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
    ) -> Subscription[list[Run]]:
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


class AsyncRuns(_Runs[AsyncTransport]):
    """As `Runs`, for asyncio."""
