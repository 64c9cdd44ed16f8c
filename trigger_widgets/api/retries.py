"""When to try again, as the official client does (`packages/core`, apiClient): pure.

| what happened                         | attempts | waits                          |
|---------------------------------------|----------|--------------------------------|
| 408, 409, 429, 5xx, cut connection    | 5        | 1 s x 1.6, at most 30 s        |
| 404 with `x-should-retry: true`       | 3        | 0.25 s x 1.6 (a replica's lag) |
| no connection at all                  | 5        | 0.25 s x 1.6, for 3 s in all   |
| anything else                         | 1        |                                |

`x-should-retry` wins over the status, `x-ratelimit-reset` and `Retry-After` over the waits. The
second and third line are shorter than the official client's: there a person waits 9 s to read
that an id or an address is wrong.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_LONGEST_ASKED_FOR = 60.0
_RETRIABLE = frozenset({408, 409, 429})
_NOT_FOUND = 404
_RATE_LIMITED = 429
_UNSUPPORTED = 501


@dataclass(frozen=True)
class Policy:
    """`first` and `longest` wait and `patience` are in seconds."""

    attempts: int = 5
    first: float = 1.0
    factor: float = 1.6
    longest: float = 30.0
    patience: float = float("inf")

    def wait(
        self,
        attempt: int,
        elapsed: float,
        *,
        asked: float | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> float | None:
        """Seconds before the next attempt after the `attempt`th (from 1); None to give up.

        `elapsed` counts from the start of the first attempt; `asked` is what the server wants.
        """
        if attempt >= self.attempts or elapsed >= self.patience:
            return None
        if asked is not None:
            return asked if asked <= _LONGEST_ASKED_FOR else None
        wait = min(self.first * self.factor ** (attempt - 1), self.longest)
        return wait * (0.75 + jitter() / 2)


def unreachable(attempts: int) -> Policy:
    """Nobody listens at the address."""
    return Policy(attempts=attempts, first=0.25, patience=3.0)


def for_status(status: int, headers: Mapping[str, str], attempts: int) -> Policy | None:
    """The policy for an error status, or None if another attempt would change nothing."""
    should = headers.get("x-should-retry")
    if status == _NOT_FOUND:
        return Policy(attempts=min(attempts, 3), first=0.25) if should == "true" else None
    transient = status in _RETRIABLE or (status >= 500 and status != _UNSUPPORTED)  # noqa: PLR2004 - HTTP's own line
    if should == "false" or (should != "true" and not transient):
        return None
    return Policy(attempts=attempts)


def asked_wait(
    status: int, headers: Mapping[str, str], now: Callable[[], float] = time.time
) -> float | None:
    """Seconds the server asks to wait: `Retry-After`, or `x-ratelimit-reset` (ms since 1970)."""
    after = headers.get("retry-after")
    if after is not None:
        try:
            return max(0.0, float(after))
        except ValueError:
            pass
        try:
            return max(0.0, parsedate_to_datetime(after).timestamp() - now())
        except ValueError:
            pass
    reset = headers.get("x-ratelimit-reset")
    if status == _RATE_LIMITED and reset is not None and reset.isdecimal():
        return max(0.0, int(reset) / 1000 - now())
    return None
