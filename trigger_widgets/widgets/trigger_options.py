"""The options of a trigger as a form: those of `tasks.trigger` that the server honours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from trigger_widgets.durations import format_duration
from trigger_widgets.jsonable import JSON, to_jsonable

_DURATION = {"type": "string", "examples": ["10m"]}
_MACHINES = ("micro", "small-1x", "small-2x", "medium-1x", "medium-2x", "large-1x", "large-2x")
_OPTIONS: dict[str, dict[str, Any]] = {
    "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 10},
    "delay": {**_DURATION, "description": "How long, or an ISO date"},
    "ttl": {
        **_DURATION,
        "title": "Time to live",
        "description": "It expires if it has not started by then",
    },
    "idempotency_key": {"type": "string", "description": "A second run with it is the first one"},
    "idempotency_key_ttl": {**_DURATION, "title": "Key is valid for", "examples": ["24h"]},
    "max_attempts": {"type": "integer", "minimum": 1},
    "max_duration": {**_DURATION, "description": "It times out after that"},
    "queue": {"type": "string"},
    "concurrency_key": {"type": "string"},
    "machine": {"enum": list(_MACHINES)},
    "priority": {**_DURATION, "description": "As if it had been queued this much earlier"},
    "region": {"type": "string"},
}
# stored by the embedded engine, without effect on one machine (engine/DIFFERENCES.md)
_WITHOUT_EFFECT = {"machine", "priority", "region"}


def options_schema(*, embedded: bool) -> dict[str, Any]:
    """JSON Schema of what can be set."""
    left_out = _WITHOUT_EFFECT if embedded else set()
    return {
        "type": "object",
        "properties": {k: v for k, v in _OPTIONS.items() if k not in left_out},
    }


def in_form(options: Mapping[str, Any]) -> dict[str, JSON]:
    """The options that a form shows, as they are written in it."""
    return {
        name: _written(name, options[name]) for name in _OPTIONS if _can_be_shown(name, options)
    }


def beside_form(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that only Python can set, such as metadata."""
    return {name: options[name] for name in options if not _can_be_shown(name, options)}


def _can_be_shown(name: str, options: Mapping[str, Any]) -> bool:
    value = options.get(name)
    # a key may also be made of several parts, and a ttl of 0 is none
    is_text = name != "idempotency_key" or isinstance(value, str)
    return name in _OPTIONS and bool(value) and is_text


def _written(name: str, value: Any) -> JSON:
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if name == "tags" and isinstance(value, str):
        return [value]
    if name == "queue" and isinstance(value, Mapping):
        value = value.get("name")
    if _OPTIONS[name].get("examples") and isinstance(value, int | float):
        return format_duration(timedelta(seconds=value))
    return to_jsonable(value, what=name)
