"""How runs come to a worker: by a request that the server holds, and with answers to completions.

A server of ours starts what it hands over, so a lost answer must lose no run. Each such request has
a key; one whose answer did not come is used again, and brings what the server gave under it. A real
server ignores all of this: it hands over one run at a time, to be started by another request.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .protocol import Asking, Next, WorkerApi
from .slots import Slots


class Handover:
    """Gives each message that comes to `begin`, with a slot taken for it."""

    def __init__(
        self, api: WorkerApi, slots: Slots, begin: Callable[[dict[str, Any]], None]
    ) -> None:
        self.slots = slots
        self._api = api
        self._begin = begin
        self._unanswered: list[str] = []
        self._worker_id = ""

    async def dequeue(self, worker_id: str, seconds: float) -> None:
        """Ask for as many runs as there are slots, held up to `seconds`."""
        self._worker_id = worker_id
        with self._asking() as asking:
            messages = await self._api.dequeue(worker_id, seconds, asking, self.slots.free)
        self.take(messages)

    async def complete(
        self, run_id: str, snapshot: str, completion: dict[str, Any]
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """End an attempt: what becomes of its run, and what to `take` in its place."""
        with self._asking() as asking:
            answer = await self._api.complete(
                run_id, snapshot, completion, Next(self._worker_id, asking)
            )
        return answer["result"], list(answer.get("dequeuedMessages", ()))

    def take(self, messages: Iterable[dict[str, Any]]) -> None:
        """Begin what has come."""
        for message in messages:
            self.slots.take()
            self._begin(message)

    @contextmanager
    def _asking(self) -> Iterator[Asking]:
        again = bool(self._unanswered)
        asking = Asking(self._unanswered.pop() if again else uuid.uuid4().hex, again)
        try:
            yield asking
        except BaseException:
            self._unanswered.append(asking.key)
            raise
