"""Durations as Trigger.dev writes them: `"10s"`, `"1h30m"`, `"2 days"`."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from .errors import ConfigurationError

_SECONDS = {"y": 31_557_600, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001}
_WORDS = {
    "year": "y", "years": "y", "yr": "y", "yrs": "y",
    "week": "w", "weeks": "w", "day": "d", "days": "d", "hour": "h", "hours": "h", "hr": "h",
    "hrs": "h", "minute": "m", "minutes": "m", "min": "m", "mins": "m", "second": "s",
    "seconds": "s", "sec": "s", "secs": "s",
}  # fmt: skip
_AFTER_NOW = re.compile(r"\+ *(?P<plus>.*)|(?P<span>.*?) +from +now", re.IGNORECASE)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*", re.IGNORECASE)


def parse_duration(text: str) -> timedelta:
    """`"1h30m"` as a timedelta; `ConfigurationError` names a text that is not a duration."""
    rest, seconds = text.strip(), 0.0
    while rest:
        match = _PART.match(rest)
        unit = match and _WORDS.get(match[2].lower(), match[2].lower())
        if not match or unit not in _SECONDS:
            raise ConfigurationError(
                f'"{text}" is not a duration; write it like "30s", "10m", "1h30m" or "2d".'
            )
        seconds += float(match[1]) * _SECONDS[unit]
        rest = rest[match.end() :]
    if not text.strip():
        raise ConfigurationError('"" is not a duration; write it like "30s", "10m" or "2d".')
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise ConfigurationError(
            f'"{text}" is not a duration anybody could wait for; write it like "10m" or "2d".'
        ) from None


def format_duration(value: timedelta) -> str:
    """A timedelta as Trigger.dev's server reads it: `"1h30m"`; parts of a second round up."""
    rest = math.ceil(value.total_seconds())
    if rest < 0:
        raise ConfigurationError(f"{value} is a negative duration.")
    parts = []
    for unit in ("w", "d", "h", "m", "s"):
        count, rest = divmod(rest, int(_SECONDS[unit]))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


Moment = str | float | timedelta | datetime
"""A duration from now (text or a timedelta), an ISO date, a datetime, seconds since 1970."""


def deadline(value: Moment, *, now: datetime | None = None) -> datetime:
    """The moment that is meant, in UTC. A datetime without a zone is local time, as in Python.

    Text may be what the SDK takes as well: "2 hours", "2 hours from now", "+2h".
    """
    now = now or datetime.now(UTC)
    try:
        if isinstance(value, str):
            value = _parse(value)
        if isinstance(value, timedelta):
            return now + value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, datetime):
            return value.astimezone(UTC)
    except (OverflowError, ValueError, OSError):
        raise ConfigurationError(f"{value} is beyond the end of time.") from None
    raise ConfigurationError(
        f'{value!r} is no moment: use a duration like "1h", a timedelta, a datetime, or seconds '
        "since 1970."
    )


def _parse(text: str) -> timedelta | datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        match = _AFTER_NOW.fullmatch(text.strip())
        return parse_duration((match["plus"] or match["span"]) if match else text)
