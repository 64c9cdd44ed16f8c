"""A table of runs as static HTML and as one line of text, for where there is no front end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .html import MONO, box, heading, row, status_words

ROWS = 50


def runs_line(state: Mapping[str, Any]) -> str:
    """`score-rows batch_… · 355 completed, 10 failed`."""
    return f"{state['title']} {state['subtitle']} · {_counts(state)}"


def runs_html(state: Mapping[str, Any]) -> str:
    """The table as it was last seen, its first rows."""
    rows = sorted(state["rows"].items(), key=lambda each: (each[1].get("created_at", 0), each[0]))
    parts = [heading(state["title"], state["subtitle"], _counts(state))]
    parts.extend(row(note) for note in (state.get("hint"), state.get("fault")) if note)
    if rows:
        fields = [
            name for name in state.get("columns") or state.get("automatic") or () if "." in name
        ]
        names = ("run", "label", "status", *(name.split(".", 1)[1] for name in fields), "note")
        head = "".join(f'<th align="left">{escape(name)}</th>' for name in names)
        body = "".join(_row(run, values, fields) for run, values in rows[:ROWS])
        parts.append(f'<table style="font-size:0.92em"><tr>{head}</tr>{body}</table>')
    if len(rows) > ROWS:
        parts.append(row(f"… {len(rows) - ROWS:,} more runs"))
    return box(*parts)


def _row(run: str, values: Mapping[str, Any], fields: Sequence[str]) -> str:
    cells = values.get("cells", {})
    shown = [values.get("label"), status_words(values["status"])]
    shown += [cells.get(name) for name in fields] + [values.get("note")]
    rest = "".join(f'<td align="left">{escape(_text(cell))}</td>' for cell in shown)
    return f'<tr><td align="left" style="{MONO}">{escape(run)}</td>{rest}</tr>'


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _counts(state: Mapping[str, Any]) -> str:
    found = state["counts"].items()
    return ", ".join(f"{n:,} {status_words(status).lower()}" for status, n in found) or "no runs"
