"""Keys of metadata: a name, or a path into it like `$.stage.items[0].done`.

A path makes the objects and lists that it needs; one that does not fit what is there (a name in a
list, an index in an object) changes nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

Path = tuple[str | int, ...]
MISSING = object()

_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[(['\"])(.*?)\3\]")
_LONGEST_LIST = 10_000


def parse(key: str) -> Path:
    """The steps of a key; text that only looks like a path is a name."""
    if not key.startswith("$"):
        return (key,)
    steps: list[str | int] = []
    position = 1
    while position < len(key):
        part = _PART.match(key, position)
        if part is None:
            return (key,)
        name, index, _, quoted = part.groups()
        steps.append(int(index) if index is not None else name if name is not None else quoted)
        position = part.end()
    return tuple(steps)


def look_up(values: Any, path: Path) -> Any:
    """The value there, or `MISSING`."""
    for step in path:
        values = _child(values, step)
    return values


def put(values: dict[str, Any], path: Path, value: Any) -> None:
    """Set the value there."""
    place: Any = values
    for step, following in pairwise(path):
        child = _child(place, step)
        if not isinstance(child, dict | list):
            child = [] if isinstance(following, int) else {}
            if not _put_child(place, step, child):
                return
        place = child
    if path:
        _put_child(place, path[-1], value)


def remove(values: dict[str, Any], path: Path) -> None:
    """Forget what is there."""
    place = look_up(values, path[:-1])
    if not path or _child(place, path[-1]) is MISSING:
        return
    del place[path[-1] if isinstance(place, list) else str(path[-1])]


def _child(place: Any, step: str | int) -> Any:
    if isinstance(place, dict):
        return place.get(str(step), MISSING)
    if isinstance(place, list) and isinstance(step, int) and step < len(place):
        return place[step]
    return MISSING


def _put_child(place: Any, step: str | int, value: Any) -> bool:
    if isinstance(place, dict):
        place[str(step)] = value
    elif isinstance(step, int) and step <= _LONGEST_LIST:
        place.extend([None] * (step + 1 - len(place)))
        place[step] = value
    else:
        return False
    return True
