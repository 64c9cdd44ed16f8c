"""How a running task speaks to its server: through the worker that executes it, which knows where
the server is and has the key.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from trigger_widgets.api.requests import Answer


@dataclass(frozen=True)
class WaitFor:
    """What a run waits for: a wait token, or the moment `until` (ISO), which `key` names so that
    asking again finds the same one.
    """

    token: str | None = None
    until: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Parts:
    """Parts of a stream as JSON texts, in order. `first` counts, from 0, what this `writer` (one
    attempt of a run) has written to the stream before: who gets parts again knows them by it.
    """

    stream: str
    writer: str
    first: int
    texts: list[str]


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

    def wait(self, run_id: str, what: WaitFor) -> Future[dict[str, Any]]:
        """Block a run, which holds no slot meanwhile; gives the completed waitpoint as it is on
        the wire (worker-protocol.md §7).
        """
