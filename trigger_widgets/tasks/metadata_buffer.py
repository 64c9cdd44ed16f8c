"""The metadata of one run as its task sees it, and the operations the server has not got yet.

Pure data: no clock, no threads, no I/O. The operations and what they do are those of
`PUT /api/v1/runs/<run>/metadata` (worker-protocol.md §7); a key may be a path (`metadata_paths`).
"""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

from trigger_widgets.errors import TriggerError
from trigger_widgets.jsonable import dumps, to_jsonable

from . import metadata_paths

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
        # whole keys: taking an item out of a list by its index is not the same thing twice
        for key in dict.fromkeys(_top(operation["key"]) for operation in everything):
            if key in self.values:
                value = copy.deepcopy(self.values[key])
                self.pending.append({"type": "set", "key": key, "value": value})
            elif key is not None:
                self.pending.append({"type": "delete", "key": key})

    def rebase(self, values: dict[str, Any], on_their_way: list[Operation]) -> None:
        """These are the values now; what is on its way, and what waits, is still to come."""
        self.values = copy.deepcopy(values)
        self._sizes = {key: _size(key, value) for key, value in values.items()}
        for operation in [*on_their_way, *self.pending]:
            with suppress(MetadataTooLargeError):  # the server will say so
                self._change_mirror(copy.deepcopy(operation))

    def _change_mirror(self, operation: Operation) -> None:
        if operation["type"] == "update":
            values = operation["value"]
            sizes = {key: _size(key, value) for key, value in values.items()}
            _check(sizes, None)
            self.values, self._sizes = copy.deepcopy(values), sizes
            return
        key = operation["key"]
        top = _top(key)
        if top is None:
            return  # "$" is no place to put anything
        had, before = top in self.values, self.values.get(top)
        if _is_path(key):  # a path changes what is inside; the others make a new value
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
        elif kind in ("set", "delete") and not _is_path(key):
            # what was said of this key before no longer matters
            self.pending = [p for p in self.pending if _subject(p) != key]
        else:
            last = self._last_about(_top(key))
            before = {} if last is None else self.pending[last]
            if last is not None and (before["type"], before.get("key")) == (kind, key):
                if kind == "increment":
                    operation = {**operation, "value": before["value"] + operation["value"]}
                if kind in ("increment", "set"):
                    del self.pending[last]
        self.pending.append(copy.deepcopy(operation))

    def _last_about(self, top: str | None) -> int | None:
        for index in range(len(self.pending) - 1, -1, -1):
            if _subject(self.pending[index]) in (top, None):
                return index
        return None


def _apply_to(values: dict[str, Any], operation: Operation) -> None:
    """The rules of the official SDK: append makes a list, increment starts at 0."""
    kind, value = operation["type"], operation.get("value")
    path = metadata_paths.parse(operation["key"])
    current = metadata_paths.look_up(values, path)
    if kind == "delete":
        metadata_paths.remove(values, path)
    elif kind == "set":
        metadata_paths.put(values, path, copy.deepcopy(value))
    elif kind == "increment":
        number = current if isinstance(current, int | float) else 0
        metadata_paths.put(values, path, number + (value or 0))
    elif kind == "append":
        nothing = current is None or current is metadata_paths.MISSING
        held = current if isinstance(current, list) else [] if nothing else [current]
        metadata_paths.put(values, path, [*held, copy.deepcopy(value)])
    elif kind == "remove" and isinstance(current, list):
        metadata_paths.put(values, path, [item for item in current if item != value])


def _top(key: str) -> str | None:
    """The key of the first level that a key is about; None for all of them (`$`)."""
    path = metadata_paths.parse(key)
    return str(path[0]) if path else None


def _subject(operation: Operation) -> str | None:
    return _top(operation["key"]) if "key" in operation else None


def _is_path(key: str) -> bool:
    return metadata_paths.parse(key) != (key,)


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
