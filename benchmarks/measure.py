"""Numbers that can be compared on a noisy machine: ours and the peer's take turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """Medians of both, and the median of the ratios of neighbours, ours to the peer's."""

    ours: float
    peer: float
    ratio: float


def paired(ours: Callable[[], float], peer: Callable[[], float], *, rounds: int = 5) -> Pair:
    """Measure ours, peer, ours, peer …: what slows the machine down slows both.

    Each gives one number; the first round only warms up.
    """
    ours(), peer()
    pairs = [(ours(), peer()) for _ in range(rounds)]
    ratios = [a / b for a, b in pairs if b]
    return Pair(
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(ratios) if ratios else float("inf"),
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
