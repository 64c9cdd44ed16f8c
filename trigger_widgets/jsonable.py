"""One encoder from what data scientists have to what JSON can carry.

pydantic models, dataclasses, datetimes, Decimal, UUID, enums, paths, sets, numpy scalars and
arrays, pandas Timestamps, Series and NA become plain JSON values. NaN and the infinities become
null, as in JavaScript's `JSON.stringify`, because a bare NaN is not JSON. numpy and pandas are
recognised by what they offer and never imported, and neither is pydantic.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from .errors import UnserializableError

JSON = None | bool | int | float | str | list[Any] | dict[str, Any]
_MAX_DEPTH = 200
_JSON_TYPES = frozenset((type(None), bool, int, float, str, list, tuple, dict))

compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Plain JSON values as text without spaces; `json.dumps` would make an encoder each time."""


def dumps(value: Any, *, what: str = "value") -> str:
    """`value` as JSON text. `UnserializableError` says which part of `what` cannot be sent."""
    return compact(to_jsonable(value, what=what))


def loads(text: str | bytes) -> Any:
    """As `json.loads`, in half the time or less: what pydantic's parser takes means the same to
    both, and what it refuses (half characters, great depth, what is not JSON) the other one gets.
    """
    try:
        # only keys are seen again; a cache of values costs more than it saves
        return _parser()(text, cache_strings="keys")
    except (ValueError, TypeError):
        return json.loads(text)


@functools.cache
def _parser() -> Callable[..., Any]:
    from pydantic_core import from_json  # not where nothing is parsed by it: the engine

    return from_json


def to_jsonable(value: Any, *, what: str = "value") -> JSON:
    """`value` as plain JSON types; dates become ISO text."""
    return convert(value, what, lambda leaf, _path: leaf_to_json(leaf))


def leaf_to_json(value: Any) -> JSON:
    """A leaf that `convert` found and JSON has no word for: dates, sets and big things."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value  # type: ignore[no-any-return]  # ints of any size are JSON


def convert(
    value: Any, path: str, leaf: Callable[[Any, tuple[str, ...]], JSON], keys: tuple[str, ...] = ()
) -> JSON:
    """Walk `value`, giving `leaf` every int, date and datetime with the keys that lead to it."""
    if len(keys) > _MAX_DEPTH:
        raise UnserializableError(
            f"{path[:80]}… is nested more than {_MAX_DEPTH} levels deep (a cycle?)."
        )
    value = _plain(value)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int | datetime | date | time):
        return leaf(value, keys)
    if isinstance(value, Mapping):
        return {
            (key := _key(k, path)): convert(v, f"{path}[{key!r}]", leaf, (*keys, key))
            for k, v in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [convert(v, f"{path}[{i}]", leaf, (*keys, str(i))) for i, v in enumerate(value)]
    raise UnserializableError(
        f"{path} is a {type(value).__module__}.{type(value).__qualname__}, which JSON cannot "
        "carry; send plain values, or a pydantic model or dataclass that holds them."
    )


def _key(key: Any, path: str) -> str:
    key = _plain(key)
    if isinstance(key, str):
        return key
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key]
    if isinstance(key, int | float):
        return str(key)
    if isinstance(key, date | datetime):
        return key.isoformat()
    raise UnserializableError(
        f"{path} has a key of type {type(key).__qualname__}; JSON keys are text."
    )


def _plain(value: Any) -> Any:
    """Unwrap one layer: models to dicts, numpy and pandas things to Python ones."""
    if type(value) in _JSON_TYPES:  # most are, and to find that it is nothing else takes long
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    model = getattr(sys.modules.get("pydantic.main"), "BaseModel", None)
    if model is not None and isinstance(value, model):
        return value.model_dump(by_alias=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID | PurePath):
        return str(value)
    module = type(value).__module__.partition(".")[0]
    if module in ("numpy", "pandas"):
        return _from_numpy_or_pandas(value)
    return value


def _from_numpy_or_pandas(value: Any) -> Any:
    name = type(value).__name__
    if name in ("NAType", "NaTType"):
        return None
    if name == "DataFrame":
        return value.to_dict(orient="records")
    if name == "Timestamp":
        return value.to_pydatetime(warn=False)
    if name == "longdouble":
        return float(value)
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in ("M", "m") and type(value).__module__.startswith("numpy"):
        # of nanoseconds Python would get bare integers
        value = value.astype("datetime64[us]" if kind == "M" else "timedelta64[us]")
    if not hasattr(value, "tolist"):  # what arrays, scalars, Series and Index have
        return value
    plain = value.tolist()
    return plain.total_seconds() if isinstance(plain, timedelta) else plain
