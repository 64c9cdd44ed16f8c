"""Reading JSON that others wrote, with the messages a real server gives (protocol.md §2)."""

from __future__ import annotations

import json
import math
from typing import Any

from trigger_widgets.durations import deadline
from trigger_widgets.errors import ConfigurationError

from .ids import to_ms

_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "boolean": bool,
}
MAX_INTEGER = 2**53
"""What JavaScript and SQLite can both hold."""


class ValidationError(Exception):
    """The body is not what it should be. `path` says where, as in `options.tags[0]`."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(f'{message} at "{path}"' if path else message)


def loads(text: bytes | str) -> Any:
    """JSON without the NaN and Infinity that Python would let through, nor lone surrogates."""
    value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    # SQLite and the wire are UTF-8, which has no word for half a surrogate pair
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _refuse(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def kind_of(value: Any) -> str:
    """The JavaScript word for what a JSON value is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return next(name for name, kind in _KINDS.items() if isinstance(value, kind))


def expect(value: Any, kind: str, path: str = "") -> Any:
    """`value` if it is of `kind`, else `ValidationError`."""
    found = kind_of(value)
    if found != kind:
        raise ValidationError(f"Expected {kind}, received {found}", path)
    return value


def optional(value: Any, kind: str, path: str) -> Any:
    """As `expect`, but absent and null are None."""
    return None if value is None else expect(value, kind, path)


def optional_integer(value: Any, path: str) -> int | None:
    """An integer that JavaScript and SQLite can both hold, or None."""
    if value is None:
        return None
    number = expect(value, "number", path)
    if isinstance(number, float) and not number.is_integer():
        raise ValidationError("Expected integer, received float", path)
    if abs(number) > MAX_INTEGER:
        raise ValidationError(f"Number must be less than or equal to {MAX_INTEGER}", path)
    return int(number)


def later_moment(value: Any, now: int) -> int | None:
    """When a delay, given as `"10m"` or as an ISO date, is over, in milliseconds since 1970.

    None where that is not later than `now`, and where it cannot be read, as on a real server.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = to_ms(deadline(value))
    except (ConfigurationError, OverflowError, ValueError):
        return None
    return moment if moment > now else None


def milliseconds(value: Any, path: str) -> int:
    """A duration in milliseconds, whole and not negative."""
    number: float = expect(value, "number", path)
    return round(min(max(number, 0), MAX_INTEGER))
