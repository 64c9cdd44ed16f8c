"""A run as static HTML and as one line of text, for where there is no front end.

Inline styles only, on colours that can be read on light and dark: GitHub and mail clients drop
style sheets. Everything that comes from a task is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

_WORDS = {
    "PENDING_VERSION": "Waiting for a worker",
    "TIMED_OUT": "Timed out",
    "SYSTEM_FAILURE": "System failure",
}
_MARKS = {"COMPLETED": "✓", "FAILED": "✗", "CRASHED": "✗", "SYSTEM_FAILURE": "✗", "CANCELED": "⊘"}
_MONO = "font-family:ui-monospace,monospace;font-size:0.92em"
_BOX = "border:1px solid #8886;border-radius:6px;padding:8px 12px;margin:4px 0;max-width:100%"
_TEXT_LIMIT = 4_000


def status_words(status: str | None) -> str:
    """A status as people say it."""
    if status is None:
        return "Connecting"
    return _WORDS.get(status, status.replace("_", " ").capitalize())


def run_line(state: Mapping[str, Any]) -> str:
    """`bootstrap-prices run_… · Executing 62 %`."""
    words = [state.get("task") or "", state["run_id"], "·", status_words(state.get("status"))]
    percent = _percent(state)
    if percent:
        words.append(percent)
    return " ".join(word for word in words if word)


def run_html(state: Mapping[str, Any]) -> str:
    """The run as it was last seen."""
    status = state.get("status")
    mark = _MARKS.get(status or "", "•")
    task = escape(state.get("task") or "run")
    head = (
        f'<b>{task}</b> <span style="{_MONO};opacity:.75">{escape(state["run_id"])}</span> '
        f"&nbsp;{mark} {escape(status_words(status))}"
    )
    details = " · ".join(filter(None, (_percent(state), _ran(state))))
    rows = [f"<div>{head}{' · ' + escape(details) if details else ''}</div>"]
    notes = filter(None, (state.get("hint"), state.get("fault")))
    rows.extend(f"<div>{escape(note)}</div>" for note in notes)
    if state.get("metadata"):
        rows.append(_block("metadata", state["metadata"]))
    if state.get("has_output"):
        rows.append(_block("output", state.get("output")))
    error = state.get("error")
    if error:
        name = f"{error['name']}: " if error.get("name") else ""
        rows.append(f"<div><b>{escape(name)}</b>{escape(str(error.get('message') or ''))}</div>")
        if error.get("stack"):
            rows.append(_pre(str(error["stack"])))
    return f'<div style="{_BOX}">{"".join(rows)}</div>'


def _percent(state: Mapping[str, Any]) -> str:
    fraction = (state.get("progress") or {}).get("fraction")
    return "" if fraction is None else f"{fraction * 100:.0f} %"


def _ran(state: Mapping[str, Any]) -> str:
    start, end = state.get("started_at"), state.get("finished_at")
    return f"ran {(end - start) / 1000:,.1f} s" if start and end else ""


def _block(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f'<div style="opacity:.75">{name}</div>{_pre(text)}'


def _pre(text: str) -> str:
    if len(text) > _TEXT_LIMIT:
        text = f"{text[:_TEXT_LIMIT]}\n… {len(text) - _TEXT_LIMIT:,} more characters"
    return f'<pre style="{_MONO};margin:2px 0;white-space:pre-wrap">{escape(text)}</pre>'
