"""Bounded copies of what a task emits, for messages and for the saved notebook.

A task's output can be megabytes. The whole of it stays in Python (`widget.output`); the browser
and the file get as much as a person reads, and a note of how much was left out.
"""

from __future__ import annotations

import json
from typing import Any

from trigger_widgets.jsonable import JSON, to_jsonable

LIVE_BYTES = 64_000
SAVED_BYTES = 8_000


def preview(value: Any, budget: int) -> JSON:
    """`value` as JSON of about `budget` characters at most."""
    whole: JSON = to_jsonable(value)
    size = len(json.dumps(whole))
    if size <= budget:
        return whole
    text, items = budget // 2, 200
    pruned = whole
    while size > budget and items > 0:
        pruned = _prune(whole, text, items)
        size = len(json.dumps(pruned))
        text, items = text // 2, items // 2
    return pruned if size <= budget else f"… {size:,} characters, kept in Python only"


def _prune(value: JSON, text: int, items: int) -> JSON:
    if isinstance(value, str) and len(value) > text:
        return f"{value[:text]}… {len(value) - text:,} more characters"
    if isinstance(value, list):
        kept = [_prune(item, text, items) for item in value[:items]]
        return [*kept, f"… {len(value) - items:,} more"] if len(value) > items else kept
    if isinstance(value, dict):
        pairs = list(value.items())
        some = {key: _prune(item, text, items) for key, item in pairs[:items]}
        return {**some, "…": f"{len(pairs) - items:,} more"} if len(pairs) > items else some
    return value
