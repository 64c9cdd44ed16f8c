"""The fields of a part that is an object: which have text, and what one has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

DEPTH = 6
FIELDS = 24


def field_of(part: Any, path: str) -> Any:
    """The field of a part at a dotted path; None where there is none. Names win over numbers."""
    for step in path.split("."):
        if isinstance(part, dict):
            part = part.get(step)
        elif isinstance(part, list) and step.isdecimal() and int(step) < len(part):
            part = part[int(step)]
        else:
            return None
    return part


def text_fields(part: Any) -> list[str]:
    """The dotted paths of a part at which there is text: what `field_of` understands."""
    return list(islice(_paths(part, ()), FIELDS))


def _paths(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, str) and path:
        yield ".".join(path)
    elif len(path) == DEPTH:
        return
    elif isinstance(value, dict):
        for name, each in value.items():
            if name and "." not in name:  # else the path would mean something else
                yield from _paths(each, (*path, name))
    elif isinstance(value, list) and value:
        yield from _paths(value[0], (*path, "0"))
