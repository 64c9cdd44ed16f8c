"""The chunks of an OpenAI-compatible chat stream, taken as they come."""

from __future__ import annotations

from typing import Any


def is_chunk(item: Any) -> bool:
    """Whether it looks like one: an object or a dict that has `choices`."""
    return isinstance(_get(item, "choices"), list | tuple)


def text_of(chunk: Any) -> str:
    """The text that a chunk adds, empty if it adds none: the first and the last ones do not, nor
    do tool calls and usage.
    """
    choices = _get(chunk, "choices")
    delta = _get(choices[0], "delta") if choices else None
    content = _get(delta, "content")
    return content if isinstance(content, str) else ""


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)
