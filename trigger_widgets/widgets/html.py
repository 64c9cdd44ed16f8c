"""Pieces of static HTML that every widget's copy is made of.

Inline styles only, on colours that can be read on light and dark: GitHub and mail clients drop
style sheets. Everything that comes from a task is escaped.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

MONO = "font-family:ui-monospace,monospace;font-size:0.92em"
_BOX = "border:1px solid #8886;border-radius:6px;padding:8px 12px;margin:4px 0;max-width:100%"
_WORDS = {
    "PENDING_VERSION": "Waiting for a worker",
    "TIMED_OUT": "Timed out",
    "SYSTEM_FAILURE": "System failure",
}
_MARKS = {"COMPLETED": "✓", "FAILED": "✗", "CRASHED": "✗", "SYSTEM_FAILURE": "✗", "CANCELED": "⊘"}
TEXT_LIMIT = 4_000


def status_words(status: str | None) -> str:
    """A status as people say it."""
    if status is None:
        return "Connecting"
    return _WORDS.get(status, status.replace("_", " ").capitalize())


def status_mark(status: str | None) -> str:
    """A status as one character."""
    return _MARKS.get(status or "", "•")


def box(*rows: str) -> str:
    """A card of rows that are HTML already."""
    return f'<div style="{_BOX}">{"".join(rows)}</div>'


def row(text: str) -> str:
    """A row of plain text."""
    return f"<div>{escape(text)}</div>"


def heading(title: str, name: str, words: str) -> str:
    """The first row: what, which one, how it is."""
    return (
        f'<div><b>{escape(title)}</b> <span style="{MONO};opacity:.75">{escape(name)}</span> '
        f"&nbsp;{escape(words)}</div>"
    )


def block(name: str, value: Any) -> str:
    """A named value: text as it is, everything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f'<div style="opacity:.75">{escape(name)}</div>{pre(text)}'


def pre(text: str, limit: int = TEXT_LIMIT) -> str:
    """Text with its own lines, cut with a count of what is missing."""
    if len(text) > limit:
        text = f"{text[:limit]}\n… {len(text) - limit:,} more characters"
    return f'<pre style="{MONO};margin:2px 0;white-space:pre-wrap">{escape(text)}</pre>'
