"""What of a run can be a column of a table: fields of its payload, metadata and output, by path.

A field is called as one would write it: `metadata.fit.r2`, `output.score`, `payload`; `tags` and
`cost` are fields too. Only the columns that are shown are sent to the views.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.jsonable import dumps
from trigger_widgets.models import Run

BUILT_IN = ("run", "label", "task", "status", "progress", "time", "created", "note")
"""Columns that every row has the values of."""

_SOURCES = ("output", "metadata", "payload")
_MOST_FIELDS = 60
_DEEPEST = 3
_AUTOMATIC = 3
_LONGEST = 120
_ALWAYS = {"tags": "text", "cost": "number"}
_MISSING = object()


class Fields:
    """The fields that were seen so far, and of what kind each is: number, text, flag or other."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, ...]] = {}
        self.kinds: dict[str, str] = dict(_ALWAYS)

    def see(self, runs: Iterable[Run]) -> bool:
        """Look at runs that have changed; whether they have fields that none had before."""
        known = len(self.kinds)
        for run in runs:
            for source in _SOURCES:
                self._see((source,), getattr(run, source))
        return len(self.kinds) > known

    def _see(self, keys: tuple[str, ...], value: Any) -> None:
        if value is None:
            return
        if isinstance(value, Mapping):
            # a progress that counts is shown as such
            if len(keys) <= _DEEPEST and keys != ("metadata", "progress"):
                for key, inner in value.items():
                    self._see((*keys, str(key)), inner)
            return
        path = ".".join(keys)
        if path not in self.kinds and len(self.kinds) < _MOST_FIELDS:
            self._keys[path], self.kinds[path] = keys, _kind(value)

    def automatic(self) -> list[str]:
        """The columns that say most, where nobody has chosen any: a few results, what goes on."""
        simple = [path for path, kind in list(self.kinds.items()) if kind != "other"]
        outputs = [path for path in simple if path.split(".")[0] == "output"]
        if outputs == ["output"] and self.kinds["output"] == "text":
            outputs = []  # a text is what a note is for
        going_on = [p for p in simple if p.startswith("metadata.") and p != "metadata.progress"]
        chosen = outputs[:_AUTOMATIC]
        return chosen + going_on[: max(1, _AUTOMATIC - len(chosen))]

    def cells(self, run: Run, paths: Iterable[str]) -> dict[str, Any]:
        """What a run has in these columns; what it has not is left out."""
        return dict(self._cells(run, paths))

    def _cells(self, run: Run, paths: Iterable[str]) -> Iterator[tuple[str, Any]]:
        for path in paths:
            value = self._value(run, path)
            if value is not None:
                yield path, value

    def _value(self, run: Run, path: str) -> Any:
        if path == "tags":
            return ", ".join(run.tags) or None
        if path == "cost":
            return run.cost_in_cents + run.base_cost_in_cents or None
        value: Any = run
        for n, key in enumerate(self._keys.get(path) or path.split(".")):
            inner = getattr(value, key, None) if n == 0 else _entry(value, key)
            if inner is None:
                return None
            value = inner
        return _short(value)


def check_columns(columns: Sequence[str] | None) -> list[str] | None:
    """The names of columns as a list; what is none is refused."""
    if columns is None:
        return None
    if isinstance(columns, str):
        raise ConfigurationError(f'columns is a list of names, such as ["{columns}"].')
    for name in columns:
        if name not in (*BUILT_IN, *_ALWAYS) and str(name).split(".")[0] not in _SOURCES:
            raise ConfigurationError(
                f'there is no column "{name}"; there are {", ".join((*BUILT_IN, *_ALWAYS))}, and '
                'fields like "metadata.stage", "output.score" or "payload.city".'
            )
    return list(dict.fromkeys(columns))


def _entry(value: Any, key: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    found = value.get(key, _MISSING)
    if found is _MISSING:  # a key that was no text before it became JSON
        found = next((inner for name, inner in value.items() if str(name) == key), None)
    return found


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"


def _short(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, int | float) and math.isfinite(value)):
        return value
    text = value if isinstance(value, str) else dumps(value)
    text = " ".join(text[: 4 * _LONGEST].split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
