"""The metadata of one run as its task sees it, and the operations the server has not got yet.

Pure data: no clock, no threads, no I/O. The operations and what they do are those of
`PUT /api/v1/runs/<run>/metadata` (worker-protocol.md §7); a key that starts with `$.` is a path.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from trigger_widgets.errors import TriggerError
from trigger_widgets.jsonable import dumps, to_jsonable

MAX_BYTES = 256 * 1024
"""What a run's metadata may take as JSON (worker-protocol.md §7)."""

Operation = dict[str, Any]


class MetadataTooLargeError(TriggerError):
    """The change would take a run's metadata over 256 KB; it was not made."""


class MetadataBuffer:
    """A mirror that changes at once, and `pending`: the shortest operations that say how."""

    def __init__(self, initial: dict[str, Any] | None = None) -> None:
        self.values: dict[str, Any] = copy.deepcopy(initial) if initial else {}
        self.pending: list[Operation] = []
        self._sizes = {key: _size(key, value) for key, value in self.values.items()}

    def apply(self, kind: str, key: str | None, value: Any = None) -> None:
        """Make one change: `set`, `delete`, `append`, `remove`, `increment` or `update`.

        `UnserializableError` and `MetadataTooLargeError` leave everything as it was.
        """
        what = "metadata" if key is None else f"metadata[{key!r}]"
        operation: Operation = {"type": kind}
        if key is not None:
            operation["key"] = key
        if kind != "delete":
            operation["value"] = to_jsonable(value, what=what)
        self._change_mirror(operation)
        self._collapse(operation)

    def take(self) -> list[Operation]:
        """The pending operations, which are then on their way."""
        taken, self.pending = self.pending, []
        return taken

    def give_back(self, operations: list[Operation]) -> None:
        """Operations that may or may not have arrived wait again, in a form that cannot count
        twice: the values that they and later changes have led to.
        """
        everything = [*operations, *self.pending]
        if any(operation["type"] == "update" for operation in everything):
            self.pending = [{"type": "update", "value": copy.deepcopy(self.values)}]
            return
        self.pending = []
        for key in dict.fromkeys(operation["key"] for operation in everything):
            found, value = _look_up(self.values, key)
            operation = {"type": "set", "key": key, "value": copy.deepcopy(value)}
            self.pending.append(operation if found else {"type": "delete", "key": key})

    def _change_mirror(self, operation: Operation) -> None:
        if operation["type"] == "update":
            values = operation["value"]
            sizes = {key: _size(key, value) for key, value in values.items()}
            _check(sizes, None)
            self.values, self._sizes = copy.deepcopy(values), sizes
            return
        key = operation["key"]
        top = _path(key)[0]
        had, before = top in self.values, self.values.get(top)
        if key.startswith("$."):  # a path changes what is inside; the others make a new value
            before = copy.deepcopy(before)
        size_before = self._sizes.get(top)
        _apply_to(self.values, operation)
        if top in self.values:
            self._sizes[top] = _size(top, self.values[top])
        else:
            self._sizes.pop(top, None)
        if operation["type"] in ("delete", "remove"):
            return  # what shrinks is never too large
        try:
            _check(self._sizes, key)
        except MetadataTooLargeError:
            if had and size_before is not None:
                self.values[top], self._sizes[top] = before, size_before
            else:
                del self.values[top], self._sizes[top]
            raise

    def _collapse(self, operation: Operation) -> None:
        kind, key = operation["type"], operation.get("key")
        if kind == "update" or key is None:
            self.pending = []
        elif kind in ("set", "delete") and not key.startswith("$."):
            # what was said of this key before no longer matters
            self.pending = [p for p in self.pending if _top(p) != key]
        else:
            last = self._last_about(_path(key)[0])
            before = {} if last is None else self.pending[last]
            if last is not None and (before["type"], before.get("key")) == (kind, key):
                if kind == "increment":
                    operation = {**operation, "value": before["value"] + operation["value"]}
                if kind in ("increment", "set"):
                    del self.pending[last]
        self.pending.append(copy.deepcopy(operation))

    def _last_about(self, top: str) -> int | None:
        for index in range(len(self.pending) - 1, -1, -1):
            if _top(self.pending[index]) in (top, None):
                return index
        return None


def _apply_to(values: dict[str, Any], operation: Operation) -> None:
    """The rules of the official SDK: append makes a list, increment starts at 0."""
    kind, key, value = operation["type"], operation["key"], operation.get("value")
    found, current = _look_up(values, key)
    if kind == "delete":
        _remove_at(values, key)
    elif kind == "set":
        _put_at(values, key, copy.deepcopy(value))
    elif kind == "increment":
        _put_at(values, key, (current if _is_number(current) else 0) + (value or 0))
    elif kind == "append":
        existing = current if isinstance(current, list) else [current] if found else []
        _put_at(values, key, [*existing, copy.deepcopy(value)])
    elif kind == "remove" and isinstance(current, list):
        _put_at(values, key, [item for item in current if item != value])


def _top(operation: Operation) -> str | None:
    """The key of the first level that an operation is about; None is all of them."""
    return _path(operation["key"])[0] if "key" in operation else None


def _path(key: str) -> list[str]:
    return key[2:].split(".") if key.startswith("$.") else [key]


def _look_up(values: Any, key: str) -> tuple[bool, Any]:
    for part in _path(key):
        values = _child(values, part)
        if values is _MISSING:
            return False, None
    return True, values


_MISSING = object()


def _child(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part, _MISSING)
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return _MISSING


def _put_at(values: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = _path(key)
    place: Any = values
    for part in parents:
        child = _child(place, part)
        if not isinstance(child, dict | list):
            child = {}
            _put(place, part, child)
        place = child
    _put(place, last, value)


def _put(place: Any, part: str, value: Any) -> None:
    if isinstance(place, dict):
        place[part] = value
    elif part.isdigit() and int(part) < len(place):
        place[int(part)] = value
    else:
        place.append(value)


def _remove_at(values: dict[str, Any], key: str) -> None:
    *parents, last = _path(key)
    place: Any = values
    for part in parents:
        place = _child(place, part)
    if isinstance(place, dict):
        place.pop(last, None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _size(key: str, value: Any) -> int:
    return len(json.dumps(key)) + len(dumps(value).encode()) + 2


def _check(sizes: dict[str, int], key: str | None) -> None:
    total = sum(sizes.values())
    if total <= MAX_BYTES:
        return
    largest = max(sizes, key=lambda name: sizes[name])
    what = "this metadata" if key is None else f'metadata with this change to "{key}"'
    raise MetadataTooLargeError(
        f"{what} would take {total / 1024:.0f} KB of JSON, and a run may have "
        f'{MAX_BYTES // 1024} KB; its largest key is "{largest}" ({sizes[largest] / 1024:.0f} KB). '
        "Keep large things in the output or in a file."
    )
