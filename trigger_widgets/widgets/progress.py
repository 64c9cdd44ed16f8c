"""What a run's metadata says about its progress, how fast it goes, and when it will be done."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_WINDOW_SECONDS = 30.0
_MIN_SPAN_SECONDS = 0.5


@dataclass(frozen=True)
class Progress:
    """`fraction` is 0 to 1; `current` of `total` items where the task counts them."""

    fraction: float | None = None
    current: float | None = None
    total: float | None = None
    label: str | None = None


def read_progress(metadata: Mapping[str, Any]) -> Progress | None:
    """The progress that `metadata["progress"]` tells, or None.

    A number is percent, as in Trigger.dev's examples; one strictly between 0 and 1 is a fraction;
    `{"current": 3, "total": 12}` is both, and may carry a `label`.
    """
    value = metadata.get("progress")
    if isinstance(value, Mapping):
        current, total = _number(value.get("current")), _number(value.get("total"))
        label = value.get("label")
        fraction = _clamp(current / total) if current is not None and total else None
        if current is None and fraction is None:
            return None
        return Progress(fraction, current, total, label if isinstance(label, str) else None)
    number = _number(value)
    if number is None:
        return None
    return Progress(_clamp(number if 0 < number < 1 else number / 100))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _clamp(fraction: float) -> float:
    return min(1.0, max(0.0, fraction))


class Pace:
    """Rate and time left, from the progress seen in the last half minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Progress]] = deque()

    def observe(self, progress: Progress, at: float) -> None:
        """Note `progress` at a time in seconds. Progress that went back starts over (a retry)."""
        if self._seen and _amount(progress) < _amount(self._seen[-1][1]):
            self._seen.clear()
        self._seen.append((at, progress))
        while len(self._seen) > 2 and at - self._seen[0][0] > _WINDOW_SECONDS:  # noqa: PLR2004
            self._seen.popleft()

    def rate(self) -> float | None:
        """Items a second where the task counts items, else None."""
        speed = self._speed(lambda progress: progress.current)
        return speed or None

    def eta(self) -> float | None:
        """Seconds until done at the present pace, or None while that cannot be said."""
        speed = self._speed(lambda progress: progress.fraction)
        last = self._seen[-1][1].fraction if self._seen else None
        return None if not speed or last is None else (1 - last) / speed

    def _speed(self, of: Any) -> float | None:
        if len(self._seen) < 2:  # noqa: PLR2004 - two points make a line
            return None
        (start, first), (end, last) = self._seen[0], self._seen[-1]
        if of(first) is None or of(last) is None or end - start < _MIN_SPAN_SECONDS:
            return None
        return float(of(last) - of(first)) / (end - start)


def _amount(progress: Progress) -> float:
    return progress.fraction if progress.fraction is not None else (progress.current or 0)
