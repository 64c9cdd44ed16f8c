"""How a running task speaks to its server: through the worker that executes it, which knows where
the server is and has the key.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from trigger_widgets.api.requests import Answer


@dataclass(frozen=True)
class WaitFor:
    """The request that blocks a run, which may be made again, and how what it waits for is called:
    `waitpoint`, or where the answer has the name.

    Where that is a batch, `items` are its lines of NDJSON, sent next: then all their runs are
    waited for.
    """

    path: str
    body: dict[str, Any]
    waitpoint: str | None = None
    named_at: Sequence[str] = ()
    items: Sequence[str] = ()


@dataclass(frozen=True)
class Parts:
    """Parts of a stream as JSON texts, in order. `first` counts, from 0, what this `writer` (one
    attempt of a run) has written to the stream before: who gets parts again knows them by it.
    `target` is the run whose stream it is, if that is another one.
    """

    stream: str
    writer: str
    first: int
    texts: list[str]
    target: str | None = None


class RunLink(Protocol):
    """Works in the worker's process and in its pool processes alike. The futures hold the answer
    or the error; canceling one gives up on it.
    """

    def call(
        self, method: str, path: str, body: Any, *, key: str | None = None, patient: bool = False
    ) -> Future[Answer]:
        """One request. `key` is that of an earlier attempt of the very same one; `patient` ones
        are repeated for as long as there is no server to answer.
        """

    def write(self, run_id: str, parts: Parts) -> Future[None]:
        """Have parts stored, tried once."""

    def read(self, run_id: str, stream: str, reader: str, start: int) -> Future[list[str]]:
        """What has been sent to an input stream, as JSON texts, from number `start` on: held until
        there is something, empty if that takes long. `reader` is one attempt of a run.
        """

    def wait(self, run_id: str, what: WaitFor) -> Future[dict[str, Any]]:
        """Block a run, which holds no slot meanwhile; gives the completed waitpoint as it is on
        the wire (worker-protocol.md §7), of a batch those of its runs as `{"items": […]}`. Tokens
        and moments are called by their own id, a child by that of its run.
        """
