"""What `batch_trigger` gives: many runs as one, with their results in the order of the items."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr

from trigger_widgets.api import batches, runs
from trigger_widgets.api.batch_items import Key
from trigger_widgets.api.requests import Request
from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.models import Batch, Run

from .batch_results import BatchItemResult, result_of
from .batch_trigger import Arriving, BatchPart, BatchTrigger
from .collecting import Collecting, Poll
from .feed import Source
from .frames import key_index, to_frame
from .roster import Gathering, Roster, assign
from .run_lists import batch_source
from .subscription import Subscription

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 8


class _BatchHandle(ABC):
    """`ids` are the batches it was split into, at 1,000 items each, and `id` the first of them.

    `keys` are in the order of the items. Each of `public_access_tokens` may read its batch for one
    hour.
    """

    _hint = ".result()"

    def __init__(self, triggered: BatchTrigger, server: Server) -> None:
        self.task = triggered.task
        self.keys = triggered.keys
        self._index = triggered.index
        self._parts: Sequence[BatchPart] = triggered.parts
        self._server = server
        self._rosters = [Roster(part.marks) for part in self._parts]
        self._keys_by_run: dict[str, Any] = {}
        self._places: dict[str, int] = {}

    @property
    def id(self) -> str:
        """The id of the first batch."""
        return self._parts[0].id

    @property
    def ids(self) -> list[str]:
        """The ids of all batches."""
        return [part.id for part in self._parts]

    @property
    def run_count(self) -> int:
        """How many items there are in all of them."""
        return len(self.keys)

    @property
    def distinct_runs(self) -> int:
        """How many runs the items have: fewer where they share an idempotency key."""
        return sum(part.distinct_runs for part in self._parts)

    @property
    def public_access_tokens(self) -> list[SecretStr]:
        """The token of each batch."""
        return [part.public_access_token for part in self._parts if part.public_access_token]

    @property
    def public_access_token(self) -> SecretStr | None:
        """The token of the first batch."""
        return self._parts[0].public_access_token

    def keys_by_run(self) -> Mapping[str, Any]:
        """The keys of the runs that were seen so far, by their ids; it grows by itself."""
        return MappingProxyType(self._keys_by_run)

    def places(self) -> Mapping[str, int]:
        """The index of the item of each run that was seen so far; it grows by itself."""
        return MappingProxyType(self._places)

    def labels(self, places: Sequence[int]) -> Any:
        """What these items are labelled by in a DataFrame: its own index, or their keys."""
        if self._index is not None:
            return self._index.take(places)
        return key_index([self.keys[place] for place in places])

    def token_of(self, run: str) -> SecretStr | None:
        """The token that may read a run that was seen: that of its batch."""
        place = self._places.get(run, 0)
        for part in self._parts:
            if place < part.run_count:
                return part.public_access_token
            place -= part.run_count
        return None

    def sources(self, skip_columns: Iterable[str] = ()) -> list[Source[list[Run]]]:
        """The feeds of all batches."""
        return [
            batch_source(part.id, skip_columns, run_count=part.distinct_runs)
            for part in self._parts
        ]

    def servers(self, server: Server) -> list[Server]:
        """`server` for the feed of each batch: a public token reads no batch but its own."""
        return [server.readable_with(part.public_access_token) for part in self._parts]

    def see(self, n: int, seen: Iterable[Run]) -> None:
        """Learn which run is which item, from runs of the `n`th batch."""
        start = sum(part.run_count for part in self._parts[:n])
        ordered = sorted(seen, key=lambda run: (run.created_at, run.id))
        for run, place in self._rosters[n].see(ordered).items():
            self._learn(run, start + place)

    def _learn(self, run: str, place: int) -> None:
        self._places[run], self._keys_by_run[run] = place, self.keys[place]

    def __await__(self) -> Generator[Any, None, list[BatchItemResult]]:
        return self._gather(None).__await__()

    async def _gather(self, seconds: float | None) -> list[BatchItemResult]:
        deadline = _deadline(seconds)
        gatherings = []
        for part in self._parts:
            collecting = Collecting(part)
            async with self._subscribe(part, deadline) as states:
                while (asks := collecting.asks) is not None:
                    if isinstance(asks, Poll):
                        collecting.told(await states.poll_async(asks.patience))
                    else:
                        collecting.told(await self._send_async(asks))
            gatherings.append(collecting.gathering)
        return self._results(gatherings)

    @abstractmethod
    async def _send_async(self, request: Request[Any]) -> Any:
        """The result of a request."""

    def _subscribe(self, part: BatchPart, deadline: float | None) -> Subscription[list[Run]]:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        source = batch_source(part.id, run_count=part.distinct_runs)
        return Subscription(
            source, self._server.readable_with(part.public_access_token), timeout=left
        )

    def _results(self, gatherings: Sequence[Gathering]) -> list[BatchItemResult]:
        results: list[BatchItemResult] = []
        for part, gathering in zip(self._parts, gatherings, strict=True):
            lost = gathering.errors
            assigned = assign(part.marks, gathering.runs, {*lost, *part.shared})
            for place in range(part.run_count):
                index = len(results)
                run, why = assigned.get(part.shared.get(place, place)), lost.get(place)
                if run is not None and place not in part.shared:
                    self._learn(run.id, index)
                results.append(result_of(run, why, part.id, index=index, key=self.keys[index]))
        return results

    def __len__(self) -> int:
        return self.run_count

    def __repr__(self) -> str:
        of = f" of {self.task}" if self.task else ""
        more = f" and {len(self.ids) - 1} more" if len(self.ids) > 1 else ""
        return (
            f"<{self.id}{more}: {self.run_count:,} runs{of}; {self._hint} waits for their outputs>"
        )


class BatchHandle(_BatchHandle):
    """Many runs of a `Trigger` client. `await handle` works as well, on any event loop."""

    def __init__(self, triggered: BatchTrigger, transport: Transport) -> None:
        super().__init__(triggered, transport.server)
        self._transport = transport

    @property
    def transport(self) -> Transport:
        """What it was triggered through."""
        return self._transport

    def result(self, timeout: float | None = None) -> list[BatchItemResult]:
        """Wait for all runs; gives how each item ended, in the order of the items.

        An item that failed is a result whose `ok` is False; it raises nothing. `timeout` is in
        seconds; `ResultTimeoutError` leaves the runs as they are.
        """
        deadline = _deadline(timeout)
        gatherings = []
        for part in self._parts:
            collecting = Collecting(part)
            with self._subscribe(part, deadline) as states:
                while (asks := collecting.asks) is not None:
                    if isinstance(asks, Poll):
                        collecting.told(states.poll(asks.patience))
                    else:
                        collecting.told(self._transport.send(asks))
            gatherings.append(collecting.gathering)
        return self._results(gatherings)

    def runs(self) -> list[Run]:
        """The runs as they are now, oldest first."""
        found: list[Run] = []
        for n, source in enumerate(self.sources()):
            with Subscription(source, self.servers(self._server)[n]) as states:
                seen: list[Run] = next(iter(states), [])
            self.see(n, seen)
            found += seen
        return found

    def retrieve(self) -> list[Batch]:
        """The batches as they are now."""
        return [self._transport.send(batches.retrieve(batch)) for batch in self.ids]

    def cancel(self) -> None:
        """Cancel every run that has not ended."""
        left = [run.id for run in self.runs() if not run.is_terminal]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for _ in threads.map(lambda run: self._transport.send(runs.cancel(run)), left):
                pass

    def to_pandas(self, timeout: float | None = None) -> pd.DataFrame:
        """Wait for all runs; a row for each item, in their order, labelled by its key; those of a
        DataFrame have its index, so that `frame.join` finds each row.

        Columns: run_id, status, ok, error, then those of the outputs if all are objects (nested
        ones with a dotted name), else output.
        """
        results = self.result(timeout)
        return to_frame(results, self.labels(range(len(results))))

    async def _send_async(self, request: Request[Any]) -> Any:
        return await asyncio.to_thread(self._transport.send, request)


class AsyncBatchHandle(_BatchHandle):
    """The twin of an `AsyncTrigger` client."""

    _hint = "await"

    def __init__(self, triggered: BatchTrigger, transport: AsyncTransport) -> None:
        super().__init__(triggered, transport.server)
        self._transport = transport

    async def result(self, timeout: float | None = None) -> list[BatchItemResult]:  # noqa: ASYNC109 - as its twin
        """As `BatchHandle.result`."""
        return await self._gather(timeout)

    async def runs(self) -> list[Run]:
        """As `BatchHandle.runs`."""
        found: list[Run] = []
        for n, source in enumerate(self.sources()):
            async with Subscription(source, self.servers(self._server)[n]) as states:
                seen: list[Run] = await anext(states, [])
            self.see(n, seen)
            found += seen
        return found

    async def retrieve(self) -> list[Batch]:
        """As `BatchHandle.retrieve`."""
        return [await self._transport.send(batches.retrieve(batch)) for batch in self.ids]

    async def cancel(self) -> None:
        """As `BatchHandle.cancel`."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def cancel(run: Run) -> None:
            async with gate:
                await self._transport.send(runs.cancel(run))

        left = [run for run in await self.runs() if not run.is_terminal]
        await asyncio.gather(*map(cancel, left))

    async def to_pandas(self, timeout: float | None = None) -> pd.DataFrame:  # noqa: ASYNC109 - as its twin
        """As `BatchHandle.to_pandas`."""
        results = await self.result(timeout)
        return to_frame(results, self.labels(range(len(results))))

    async def _send_async(self, request: Request[Any]) -> Any:
        return await self._transport.send(request)


def trigger_batch(
    transport: Transport, task: Any, items: Any, *, key: Key, options: dict[str, Any]
) -> BatchHandle:
    """Trigger all items, and wait until the server has them."""
    trigger = _begin(transport, task, items, key, options)
    while trigger.request is not None:
        try:
            # only the items of an async iterable are waited for
            trigger.answered(transport.send(cast(Request[Any], trigger.request)))
        except BaseException as error:  # also Ctrl-C must say what is there already
            trigger.note(error)
            raise
    return BatchHandle(trigger, transport)


async def trigger_batch_async(
    transport: AsyncTransport, task: Any, items: Any, *, key: Key, options: dict[str, Any]
) -> AsyncBatchHandle:
    """As `trigger_batch`, of an async iterable as well."""
    task, items = (Arriving(x) if isinstance(x, AsyncIterable) else x for x in (task, items))
    trigger = _begin(transport, task, items, key, options)
    while (asks := trigger.request) is not None:
        try:
            if isinstance(asks, Arriving):
                await asks.wait()
                trigger.answered(None)
            else:
                trigger.answered(await transport.send(asks))
        except BaseException as error:  # also Ctrl-C must say what is there already
            trigger.note(error)
            raise
    return AsyncBatchHandle(trigger, transport)


def _begin(
    transport: Transport | AsyncTransport,
    task: Any,
    items: Any,
    key: Key,
    options: dict[str, Any],
) -> BatchTrigger:
    embedded = transport.server.embedded
    return BatchTrigger(task, items, key=key, options=options, embedded=embedded)


def _deadline(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds
