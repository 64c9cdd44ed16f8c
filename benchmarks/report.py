"""What was measured: a table for people, JSON for machines."""

from __future__ import annotations

import functools
import json
import operator
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .measure import Pair

RESULTS = Path(__file__).parent / "results"

_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_HEADINGS = ("benchmark", "ours", "peer", "ratio", "unit", "target", "")


@functools.cache
def machine() -> str:
    """What it was measured on, without naming it."""
    return f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}"


@dataclass(frozen=True)
class Row:
    """One measurement. `ratio` is ours to the peer's; `peer` may be missing, and say so.

    `target` is a sentence about `ours` or `ratio`, as "ratio >= 2" or "ours < 5".
    """

    name: str
    ours: float
    unit: str
    peer: float | None = None
    ratio: float | None = None
    target: str | None = None
    machine: str = field(default_factory=machine)

    @classmethod
    def of(cls, name: str, pair: Pair, unit: str, target: str | None = None) -> Row:
        """A row of what `measure.paired` has found."""
        return cls(name, pair.ours, unit, pair.peer, pair.ratio, target)

    @property
    def met(self) -> bool | None:
        """Whether the target is met, if there is one."""
        if self.target is None:
            return None
        what, compare, number = self.target.split()
        value = {"ours": self.ours, "ratio": self.ratio}[what]
        return value is not None and bool(_COMPARE[compare](value, float(number)))

    def as_json(self) -> dict[str, Any]:
        """The row, and whether it met its target."""
        return {**asdict(self), "met": self.met}


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    lines = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(_HEADINGS))]
    numbers = {1, 2, 3}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if n in numbers else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write(rows: Sequence[Row], path: Path) -> None:
    """All rows as one JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    measured = {"measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    body = {**measured, "machine": machine(), "rows": [row.as_json() for row in rows]}
    path.write_text(json.dumps(body, indent=2) + "\n")


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "met", False: "MISSED", None: ""}[row.met]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
    return row.name, _number(row.ours), _number(row.peer), ratio, row.unit, row.target or "", met


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits
