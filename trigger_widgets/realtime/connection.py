"""How a feed is doing, and how long it waits before it tries again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from trigger_widgets.errors import TriggerError

State = Literal["connecting", "live", "retrying", "closed", "failed"]


@dataclass(frozen=True)
class Connection:
    """A state with its reason in words. `error` is what failed, or what is being retried."""

    state: State
    reason: str | None = None
    error: TriggerError | None = field(default=None, compare=False)


_WORST_FIRST = ("failed", "retrying", "connecting", "live", "closed")


def worst(connections: Iterable[Connection]) -> Connection:
    """Several feeds that are shown as one are as well off as the worst of them."""
    return min(connections, key=lambda connection: _WORST_FIRST.index(connection.state))


class Backoff:
    """100 ms x 1.3 up to 10 s with jitter, as the official feed client's."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._next = 0.1

    def reset(self) -> None:
        """All is well again."""
        self._next = 0.1

    def wait(self) -> float:
        """Seconds to wait this time; more the next time."""
        wait = self._next
        self._next = min(wait * 1.3, 10.0)
        return wait * (0.75 + self._jitter() / 2)
