"""The tables of docs/feeds.md, which the tests of the machines hold true."""

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "feeds.md"


def tables():
    """The tables of the page: the heading's first cell, and rows by their first cell."""
    found, lines = {}, DOCS.read_text().splitlines()
    for n, line in enumerate(lines):
        if line.startswith("|--"):
            head = cells(lines[n - 1])
            rows = {}
            for row in lines[n + 1 :]:
                if not row.startswith("|"):
                    break
                name, *rest = cells(row)
                rows[name] = dict(zip(head[1:], rest, strict=True))
            found.setdefault(head[0], []).append(rows)
    return found


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def each(table):
    return [(state, event, after) for state, row in table.items() for event, after in row.items()]


SHAPE_TABLE, STREAM_TABLE = tables()["state \\ event"]
SHAPE_INVARIANTS, STREAM_INVARIANTS = tables()["invariant"]
