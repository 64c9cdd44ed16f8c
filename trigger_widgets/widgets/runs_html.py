"""A table of runs as static HTML and as one line of text, for where there is no front end."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from .html import MONO, box, heading, row, status_words

ROWS = 50


def runs_line(state: Mapping[str, Any]) -> str:
    """`score-rows batch_… · 355 completed, 10 failed`."""
    return f"{state['title']} {state['subtitle']} · {_counts(state)}"


def runs_html(state: Mapping[str, Any]) -> str:
    """The table as it was last seen, its first rows."""
    rows = sorted(state["rows"].values(), key=lambda each: (each["created_at"] or 0, each["id"]))
    parts = [heading(state["title"], state["subtitle"], _counts(state))]
    parts.extend(row(note) for note in (state.get("hint"), state.get("fault")) if note)
    if rows:
        head = "".join(f'<th align="left">{name}</th>' for name in ("run", "", "status", "note"))
        body = "".join(_row(each) for each in rows[:ROWS])
        parts.append(f'<table style="font-size:0.92em"><tr>{head}</tr>{body}</table>')
    if len(rows) > ROWS:
        parts.append(row(f"… {len(rows) - ROWS:,} more runs"))
    return box(*parts)


def _row(run: Mapping[str, Any]) -> str:
    cells = (run.get("label"), status_words(run["status"]), run.get("note"))
    rest = "".join(f'<td align="left">{escape(str(cell or ""))}</td>' for cell in cells)
    return f'<tr><td align="left" style="{MONO}">{escape(run["id"])}</td>{rest}</tr>'


def _counts(state: Mapping[str, Any]) -> str:
    found = state["counts"].items()
    return ", ".join(f"{n:,} {status_words(status).lower()}" for status, n in found) or "no runs"
