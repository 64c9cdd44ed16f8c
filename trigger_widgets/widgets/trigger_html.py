"""A task that can be started as static HTML and as one line of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .html import box, heading, row, status_mark, status_words


def trigger_line(state: Mapping[str, Any]) -> str:
    """`train-model · 2 runs triggered here`."""
    count = len(state["runs"])
    return f"{state['task']} · {count} {'run' if count == 1 else 'runs'} triggered here"


def trigger_html(state: Mapping[str, Any]) -> str:
    """The runs that were started, without the newest, whose card is below."""
    rows = [heading(state["task"], "", "can be triggered here")]
    rows.extend(row(f"{_status(each)} {each['id']}") for each in state["runs"][1:])
    return box(*rows)


def _status(started: Mapping[str, Any]) -> str:
    status = started.get("status")
    return f"{status_mark(status)} {status_words(status)}"
