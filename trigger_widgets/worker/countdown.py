"""A time limit that can be paused: a run's max_duration counts what it computes, not its waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Countdown:
    """Calls `over` after `seconds` of running; None is no limit. Running from the start."""

    def __init__(self, seconds: float | None, over: Callable[[], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = seconds
        self._over = over
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.resume()

    def pause(self) -> None:
        """Stop counting."""
        if self._timer is not None and self._left is not None:
            self._timer.cancel()
            self._timer = None
            self._left -= self._loop.time() - self._since

    def resume(self) -> None:
        """Count on."""
        if self._timer is None and self._left is not None:
            self._since = self._loop.time()
            self._timer = self._loop.call_later(max(0.0, self._left), self._over)
