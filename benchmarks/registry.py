"""Which benchmarks there are: every `<area>_*.py` beside this file is imported for its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .report import Row

AREAS = ("client", "engine", "widgets")

Run = Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class Benchmark:
    """A function that yields its rows, under the name of its module and its own."""

    area: str
    name: str
    run: Run


_known: list[Benchmark] = []


def benchmark(run: Run) -> Run:
    """Make a function known: `@benchmark def parts_per_second() -> Iterator[Row]: …`."""
    module = run.__module__.rpartition(".")[2]
    area = module.partition("_")[0]
    _known.append(Benchmark(area, f"{module}.{run.__name__}", run))
    return run


def find(areas: tuple[str, ...], wanted: str = "") -> list[Benchmark]:
    """The benchmarks of some areas whose names contain `wanted`."""
    for path in sorted(Path(__file__).parent.glob("*_*.py")):
        if path.stem.partition("_")[0] in areas:
            importlib.import_module(f"{__package__}.{path.stem}")
    return [b for b in _known if b.area in areas and wanted in b.name]
