"""What was sent to a run as static HTML and as a line of text: where there is no front end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .html import box, heading, pre, row, status_words

_LAST = 20
_FATES = {"sending": " (being sent)", "failed": " (not sent)"}


def input_line(state: Mapping[str, Any]) -> str:
    """`agent chat · 3 sent`."""
    task = f"{state['task']} " if state.get("task") else ""
    return f"{task}{state['stream']} · {_count(state)}"


def input_html(state: Mapping[str, Any]) -> str:
    """The last things that were sent, and what became of the others."""
    words = f"{status_words(state.get('status'))}, {_count(state)}"
    rows = [heading(state.get("task") or state["run_id"], state["stream"], words)]
    notes = (state.get("hint"), state.get("fault"))
    rows.extend(row(note) for note in notes if note)
    sent = list((state.get("sent") or {}).values())
    before = state.get("earlier", 0) + len(sent[:-_LAST])
    if before:
        rows.append(row(f"… {before:,} earlier"))
    for each in sent[-_LAST:]:
        data = each["data"]
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        rows.append(pre(f"→ {text}{_FATES.get(each['state'], '')}"))
    return box(*rows)


def _count(state: Mapping[str, Any]) -> str:
    messages = (state.get("sent") or {}).values()
    number = state.get("earlier", 0) + sum(each["state"] == "sent" for each in messages)
    return f"{number:,} sent"
