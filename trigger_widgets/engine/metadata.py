"""The metadata of a run: one JSON object, changed by operations.

A key that starts with `$.` is a path, as in `$.stage.items[0].done`. A real server takes such a
`set` and drops it silently (measured, raw-43); the SDK documents it, so here it works.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from trigger_widgets.jsonable import compact

from .validation import ValidationError, expect, loads

MAX_BYTES = 256 * 1024
TOO_LARGE = f"Metadata exceeds maximum size of {MAX_BYTES} bytes"
_KINDS = ("update", "set", "delete", "append", "remove", "increment")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,9})\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_MAX_INDEX = 10_000
_MOST_STEPS = 100


class TooLargeError(Exception):
    """The metadata would pass its limit."""


@dataclass(frozen=True)
class Operation:
    """One change. `value` is a number for increment, an object for update."""

    kind: str
    key: str
    value: Any = None


@dataclass(frozen=True)
class Changes:
    """Operations on a run, on its parent and on the root of its tree. `key` names the request
    that brought those on the other runs: sent again, it changes them no further.
    """

    own: tuple[Operation, ...] = ()
    parent: tuple[Operation, ...] = ()
    root: tuple[Operation, ...] = ()
    key: str | None = None


def parse_changes(body: dict[str, Any], key: str | None = None) -> Changes:
    """`{"operations"?,"parentOperations"?,"rootOperations"?}`."""
    own, parent, root = (
        tuple(parse(body.get(name) or [], name))
        for name in ("operations", "parentOperations", "rootOperations")
    )
    return Changes(own, parent, root, key)


def parse(body: Any, where: str = "operations") -> list[Operation]:
    """A list of operations; `ValidationError` says which is wrong."""
    return [
        _parse_one(item, f"{where}[{i}]") for i, item in enumerate(expect(body, "array", where))
    ]


def _parse_one(item: Any, where: str) -> Operation:
    kind = expect(item, "object", where).get("type")
    if kind not in _KINDS:
        expected = " | ".join(f"'{name}'" for name in _KINDS)
        raise ValidationError(f"Invalid discriminator value. Expected {expected}", f"{where}.type")
    if kind == "update":
        return Operation(kind, "", expect(item.get("value"), "object", f"{where}.value"))
    key = expect(item.get("key"), "string", f"{where}.key")
    value = item.get("value")
    if kind == "increment":
        expect(value, "number", f"{where}.value")
    return Operation(kind, key, value)


def text_of(value: dict[str, Any]) -> str:
    """Metadata as it is stored; `TooLargeError` beyond 256 KB."""
    text = compact(value)
    if len(text.encode()) > MAX_BYTES:
        raise TooLargeError(TOO_LARGE)
    return text


def value_of(text: str | None) -> dict[str, Any]:
    """Stored metadata as an object; what is not one (a real server stores any JSON) is empty."""
    try:
        value = loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def apply(text: str | None, operations: Iterable[Operation]) -> str:
    """The metadata after `operations`, in order."""
    root = value_of(text)
    for operation in operations:
        root = _apply_one(root, operation)
    return text_of(root)


def _apply_one(root: dict[str, Any], operation: Operation) -> dict[str, Any]:
    if operation.kind == "update":
        return dict(operation.value)
    path = _path(operation.key)
    if not path:
        return root
    parent = _parent(root, path, create=operation.kind not in ("delete", "remove"))
    if parent is None:
        return root
    last = path[-1]
    current = _get(parent, last)
    if operation.kind == "delete":
        _delete(parent, last)
    elif operation.kind == "set":
        _set(parent, last, operation.value)
    elif operation.kind == "append":
        held = current if isinstance(current, list) else [] if current is None else [current]
        _set(parent, last, [*held, operation.value])
    elif operation.kind == "remove":
        if isinstance(current, list):
            _set(parent, last, [item for item in current if item != operation.value])
    else:
        number = current if isinstance(current, int | float) else 0
        _set(parent, last, _sum(number, operation.value))
    return root


def _sum(number: float, more: float) -> float:
    """What is beyond JSON's numbers adds nothing."""
    try:
        total = number + more
        return total if math.isfinite(total) else number
    except OverflowError:
        return number


def _path(key: str) -> list[str | int]:
    if not key.startswith("$"):
        return [key]
    path: list[str | int] = []
    position = 1
    while position < len(key):
        step = _STEP.match(key, position)
        if step is None:
            return [key]  # not a path after all
        name = next((group for group in (step[1], step[3], step[4]) if group is not None), None)
        path.append(int(step[2]) if name is None else name)
        position = step.end()
    # what is deeper could be stored, and not be read again
    return path if len(path) <= _MOST_STEPS else [key]


def _parent(root: dict[str, Any], path: Sequence[str | int], *, create: bool) -> Any:
    here: Any = root
    for step, following in pairwise(path):
        inner = _get(here, step)
        if not isinstance(inner, dict | list):
            if not create:
                return None
            inner = [] if isinstance(following, int) else {}
            if not _set(here, step, inner):
                return None
        here = inner
    return here


def _get(container: Any, step: str | int) -> Any:
    if isinstance(container, list):
        held = isinstance(step, int) and step < len(container)
        return container[step] if held else None  # type: ignore[index]  # held means int
    return container.get(str(step))


def _set(container: Any, step: str | int, value: Any) -> bool:
    if not isinstance(container, list):
        container[str(step)] = value
        return True
    if not isinstance(step, int) or step > _MAX_INDEX:
        return False
    container.extend([None] * (step + 1 - len(container)))
    container[step] = value
    return True


def _delete(container: Any, step: str | int) -> None:
    if not isinstance(container, list):
        container.pop(str(step), None)
    elif isinstance(step, int) and step < len(container):
        del container[step]
