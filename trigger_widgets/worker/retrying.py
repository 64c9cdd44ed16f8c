"""Whether a failed attempt is tried again, and when: the worker decides (worker-protocol.md §5)."""

from __future__ import annotations

import random
from collections.abc import Callable

from trigger_widgets.tasks.options import RetryOptions


def retry_delay(
    attempt: int,
    options: RetryOptions,
    run_max_attempts: int | None,
    rand: Callable[[], float] = random.random,
) -> int | None:
    """Milliseconds before the next attempt after the `attempt`th (from 1), or None.

    `run_max_attempts`, from the run itself, wins over the task's own number.
    """
    most = options.max_attempts if run_max_attempts is None else max(run_max_attempts, 1)
    if attempt >= most:
        return None
    spread = 1 + rand() if options.randomize else 1
    delay = spread * options.min_timeout_ms * options.factor ** (attempt - 1)
    return round(min(options.max_timeout_ms, delay))
