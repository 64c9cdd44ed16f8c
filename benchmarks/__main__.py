"""`python -m benchmarks [client|engine|widgets …] [-k NAME] [--json PATH]`."""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path

from .registry import AREAS, find
from .report import RESULTS, Row, machine, table, write


def main() -> int:
    """Run what was asked for. 1 if a benchmark broke; a missed target is only shown."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"any of {', '.join(AREAS)}")
    parser.add_argument("-k", default="", metavar="NAME", help="only those with this in their name")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where the JSON goes")
    asked = parser.parse_args()
    if unknown := set(asked.areas) - set(AREAS):
        parser.error(f"there is no area {', '.join(sorted(unknown))}; {', '.join(AREAS)} are.")
    areas = tuple(asked.areas) or AREAS
    path = asked.json or RESULTS / f"{'-'.join(areas)}.json"
    rows: list[Row] = []
    broken = 0
    for benchmark in find(areas, asked.k):
        print(f"… {benchmark.name}", file=sys.stderr, flush=True)
        try:
            rows += benchmark.run()
        except Exception:
            broken += 1
            traceback.print_exc()
    print(machine())
    print(table(rows))
    write(rows, path)
    print(f"written to {path}", file=sys.stderr)
    return 1 if broken else 0


sys.exit(main())
