"""The state that every view shows, and what of it is news: without I/O and without locks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

LONGEST = 131_072
"""Characters of a text in one message; Jupyter drops more than a megabyte a second."""
MOST_ENTRIES = 500
"""Entries of an object in one message, such as rows of a table; a page takes no longer for so many
than a person notices."""
LIST_KEPT = 2_000
"""Entries of a list that grows; the view drops the same ones (js/src/sync.ts)."""


class Growing:
    """Text that grows, or the end of a list that does. Adding costs the same however long it is."""

    def __init__(self, value: str | Sequence[Any]) -> None:
        self._is_text = isinstance(value, str)
        self._pieces: list[Any] = []
        self.add(value)

    def add(self, value: str | Sequence[Any]) -> None:
        """More of it."""
        if self._is_text:
            self._pieces.append(value)
        else:
            self._pieces.extend(value[-LIST_KEPT:])
            del self._pieces[:-LIST_KEPT]

    def value(self) -> str | list[Any]:
        """All of it."""
        if not self._is_text:
            return list(self._pieces)
        self._pieces = ["".join(self._pieces)]
        return str(self._pieces[0])

    def divided(self) -> tuple[str | list[Any], Growing | None]:
        """What fits into one message, and what is left of a text that is longer."""
        value = self.value()
        if isinstance(value, str) and len(value) > LONGEST:
            return value[:LONGEST], Growing(value[LONGEST:])
        return value, None


class State:
    """Fields by name. `news` is what has changed since it was last asked."""

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self._set: set[str] = set()
        self._append: dict[str, Growing] = {}
        self._merge: dict[str, dict[str, Any]] = {}
        self._merged: set[str] = set()  # the objects of which entries change: they can be long

    def set(self, changes: Mapping[str, Any]) -> bool:
        """Give fields new values; whether one really is new."""
        new = {k for k, v in changes.items() if k not in self._fields or self._fields[k] != v}
        for key in new:
            self._append.pop(key, None)
            self._merge.pop(key, None)
        self._fields.update(changes)
        self._set |= new
        return bool(new)

    def append(self, key: str, value: str | Sequence[Any]) -> None:
        """Let the text or list of a field grow."""
        if not isinstance(self._fields.get(key), Growing):
            self._fields[key] = Growing(self._fields.get(key) or value[:0])
        self._fields[key].add(value)
        if key not in self._set:
            self._append.setdefault(key, Growing(value[:0])).add(value)

    def merge(self, key: str, changes: Mapping[str, Any]) -> None:
        """Change entries of a field that is an object; None takes one away."""
        self._merged.add(key)
        entries = self._fields.setdefault(key, {})
        for name, value in changes.items():
            if value is None:
                entries.pop(name, None)
            else:
                entries[name] = value
        if key not in self._set:
            self._merge.setdefault(key, {}).update(changes)

    def has_news(self) -> bool:
        """Whether anything has changed since `news`."""
        return bool(self._set or self._append or self._merge)

    def news(self) -> dict[str, Any]:
        """What has changed, as a patch has it: `set`, then `append`, then `merge`.

        The rest of a long text or object stays news.
        """
        new, grown, merged = self._set, self._append, self._merge
        self.forget_news()
        parts = {
            "set": self._begun(sorted(new)),
            "append": {key: self._divide(key, text) for key, text in grown.items()},
            "merge": {key: self._first(key, entries) for key, entries in merged.items()},
        }
        return {name: part for name, part in parts.items() if part}

    def anew(self) -> dict[str, Any]:
        """All fields for who knows nothing; the rest of what is long is news after it."""
        self.forget_news()
        return self._begun(self._fields)

    def forget_news(self) -> None:
        """Somebody is told everything."""
        self._set, self._append, self._merge = set(), {}, {}

    def _begun(self, keys: Iterable[str]) -> dict[str, Any]:
        return {key: self._divide(key, self._fields[key]) for key in keys}

    def _divide(self, key: str, value: Any) -> Any:
        if key in self._merged and isinstance(value, dict):
            return self._first(key, value)
        if not isinstance(value, Growing):
            return _plain(value)
        now, later = value.divided()
        if later is not None:
            self._append[key] = later
        return now

    def _first(self, key: str, entries: dict[str, Any]) -> dict[str, Any]:
        """As many entries as fit into one message; the others are merged later."""
        if len(entries) <= MOST_ENTRIES:
            return dict(entries)
        each = iter(entries.items())
        now = dict(islice(each, MOST_ENTRIES))
        self._merge[key] = dict(each)
        return now

    def whole(self) -> dict[str, Any]:
        """All fields."""
        return {key: _plain(value) for key, value in self._fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Growing):
        return value.value()
    return dict(value) if isinstance(value, dict) else value
