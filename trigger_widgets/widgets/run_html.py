"""A run as static HTML and as one line of text, for where there is no front end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .html import block, box, heading, pre, row, status_mark, status_words

_LOG_LINES = 20


def run_line(state: Mapping[str, Any]) -> str:
    """`bootstrap-prices run_… · Executing 62 %`."""
    words = [state.get("task") or "", state["run_id"], "·", status_words(state.get("status"))]
    return " ".join(word for word in (*words, _percent(state)) if word)


def run_html(state: Mapping[str, Any], parts: str = "") -> str:
    """The run as it was last seen; `parts` is HTML of what its card is composed of."""
    status = state.get("status")
    details = filter(None, (status_words(status), _percent(state), _ran(state), _attempt(state)))
    words = f"{status_mark(status)} {' · '.join(details)}"
    rows = [heading(state.get("task") or "run", state["run_id"], words)]
    rows.extend(row(note) for note in (_tags(state), state.get("hint"), state.get("fault")) if note)
    if state.get("has_payload"):
        rows.append(block("payload", state.get("payload")))
    if state.get("metadata"):
        rows.append(block("metadata", state["metadata"]))
    if state.get("has_output"):
        rows.append(block("output", state.get("output")))
    error = state.get("error")
    if error:
        name = f"{error['name']}: " if error.get("name") else ""
        rows.append(row(f"{name}{error.get('message') or ''}"))
        if error.get("stack"):
            rows.append(pre(str(error["stack"])))
    if state.get("log"):
        rows.append(block("log", "\n".join(each[2] for each in state["log"][-_LOG_LINES:])))
    return box(*rows, parts)


def _tags(state: Mapping[str, Any]) -> str:
    tags = state.get("tags")
    return f"tags: {', '.join(tags)}" if tags else ""


def _attempt(state: Mapping[str, Any]) -> str:
    attempt = state.get("attempt") or 0
    return f"attempt {attempt}" if attempt > 1 else ""


def _percent(state: Mapping[str, Any]) -> str:
    fraction = (state.get("progress") or {}).get("fraction")
    return "" if fraction is None else f"{fraction * 100:.0f} %"


def _ran(state: Mapping[str, Any]) -> str:
    start, end = state.get("started_at"), state.get("finished_at")
    return f"ran {(end - start) / 1000:,.1f} s" if start and end else ""
