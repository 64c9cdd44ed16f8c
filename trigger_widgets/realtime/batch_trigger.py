"""Triggering a batch, as the requests that it takes: one description for sync and async."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pydantic import SecretStr

from trigger_widgets.api import batches
from trigger_widgets.api.batch_items import Key, each, index_of, is_stream
from trigger_widgets.api.batches import Item
from trigger_widgets.api.requests import Request
from trigger_widgets.errors import TriggerError

from .marks import LONG_TTL, Mark, mark_of_item, told_apart
from .roster import shared_runs

_ROUNDS = 3


@dataclass(frozen=True)
class BatchPart:
    """One batch of the server: up to 1,000 items, with what their runs are known by."""

    id: str
    marks: tuple[Mark, ...] = field(repr=False)
    public_access_token: SecretStr | None = None
    shared: Mapping[int, int] = field(default_factory=dict, repr=False)
    """Places whose item has the run of an earlier place, and that place."""

    @property
    def distinct_runs(self) -> int:
        """How many runs its items have: fewer where they share an idempotency key."""
        return self.run_count - len(self.shared)

    @property
    def run_count(self) -> int:
        """How many items it has."""
        return len(self.marks)


class Arriving(Iterator[Any]):
    """The items of an async iterable, as far as they have been waited for."""

    def __init__(self, items: AsyncIterable[Any]) -> None:
        self._items = aiter(items)
        self._there: deque[Any] = deque()

    async def wait(self) -> None:
        """Have as many items as a batch may have, or all."""
        while len(self._there) < batches.LIMIT:
            try:
                self._there.append(await anext(self._items))
            except StopAsyncIteration:
                return

    def __next__(self) -> Any:
        if not self._there:
            raise StopIteration
        return self._there.popleft()


class BatchTrigger:
    """The requests of one `batch_trigger`: send `request`, say how that went, until it is None.
    Where it is `Arriving`, of items that are, they are to be waited for.

    Items are sent again as long as the server does not have all of them: it knows them by index.
    What the server said last is not an exception that is lost: it is raised with a note of what
    was triggered before. A list is checked whole before anything is sent; of a generator, as many
    items as a batch has are taken at a time.
    """

    def __init__(
        self, task: Any, items: Any, *, key: Key, options: dict[str, Any], embedded: bool
    ) -> None:
        ttl = None if embedded else LONG_TTL
        self._items = each(task, items, key=key, options=options, ttl=ttl)
        self._total: int | None = None
        if not is_stream(task, items):
            planned = list(self._items)
            self._items, self._total = iter(planned), len(planned)
        self._tasks: set[str] = set()
        self.keys: list[Any] = []
        self.index = index_of(task, items, key)
        self.parts: list[BatchPart] = []
        given = task if items is None else items
        self._arriving = given if isinstance(given, Arriving) else None
        self._requests = self._plan()
        self.request: Request[Any] | Arriving | None = next(self._requests)

    @property
    def task(self) -> str | None:
        """The task of all items, if it is one."""
        return next(iter(self._tasks)) if len(self._tasks) == 1 else None

    def answered(self, result: Any) -> None:
        """The result of the request."""
        try:
            self.request = self._requests.send(result)
        except StopIteration:
            self.request = None

    def note(self, error: BaseException) -> None:
        """Let the error say what was triggered before it."""
        if self.parts:
            count = sum(part.run_count for part in self.parts)
            ids = ", ".join(part.id for part in self.parts)
            of = "" if self._total is None else f" of {self._total:,}"
            error.add_note(f"{count:,}{of} runs were triggered before this, in {ids}.")

    def _plan(self) -> Generator[Request[Any] | Arriving, Any, None]:
        while True:
            if self._arriving is not None:
                yield self._arriving
            chunk = list(islice(self._items, batches.LIMIT))
            if not chunk:
                return
            items = told_apart([item for item, _ in chunk])
            tasks = {item.task for item in items}
            created = yield batches.create(len(items), tasks)
            yield from self._send(created.id, items)
            marks = tuple(map(mark_of_item, items))
            token = created.public_access_token
            self.parts.append(BatchPart(created.id, marks, token, shared_runs(items)))
            self.keys += [key for _, key in chunk]
            self._tasks |= tasks

    def _send(self, batch: str, items: Sequence[Item]) -> Generator[Request[Any], Any, None]:
        for _ in range(_ROUNDS):
            sealed = False
            for lines in batches.bodies(item.line(n) for n, item in enumerate(items)):
                sealed = (yield batches.send_items(batch, lines)).sealed
            if sealed:
                return
        raise TriggerError(f"the server did not take all {len(items):,} items of {batch}.")
