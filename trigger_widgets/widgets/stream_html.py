"""A stream as static HTML and as one line of text, for where there is no front end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .html import box, heading, pre, row

_LIMIT = 20_000


def stream_line(state: Mapping[str, Any]) -> str:
    """`summarize ai-output · 1,204 parts, done`."""
    task = f"{state['task']} " if state.get("task") else ""
    return f"{task}{state['stream']} · {_progress(state)}"


def stream_html(state: Mapping[str, Any]) -> str:
    """What had come when it was last looked at, markdown as it was written."""
    rows = [heading(state.get("task") or state["run_id"], state["stream"], _progress(state))]
    notes = (state.get("hint"), state.get("fault"), state.get("truncated"))
    rows.extend(row(note) for note in notes if note)
    if state.get("text"):
        rows.append(pre(state["text"], _LIMIT))
    if state.get("items"):
        lines = (json.dumps(item, ensure_ascii=False) for item in state["items"])
        rows.append(pre("\n".join(lines), _LIMIT))
    return box(*rows)


def _progress(state: Mapping[str, Any]) -> str:
    parts = state.get("parts") or 0
    words = f"{parts:,} part{'' if parts == 1 else 's'}"
    if state.get("done"):
        return f"{words}, done"
    return f"{words}, stopped" if state.get("stopped") else words
