"""The options of a trigger: Python's names and types to those of the SDK's `TriggerOptions`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from trigger_widgets.durations import format_duration, parse_duration
from trigger_widgets.errors import ConfigurationError, refuse_unknown
from trigger_widgets.jsonable import to_jsonable


def encode_options(given: Mapping[str, Any], *, of: str = "tasks.trigger") -> dict[str, Any]:
    """The `options` object of a trigger request. An option that is None is left out.

    Durations are checked here because the server silently ignores ones it cannot read
    (protocol.md §2).
    """
    refuse_unknown(given, _OPTIONS, of=of)
    return {
        wire: encode(value, name)
        for name, value in given.items()
        if value is not None
        for wire, encode in (_OPTIONS[name],)
    }


def _as_is(value: Any, name: str) -> Any:
    return to_jsonable(value, what=name)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{name} is a text that is not empty, not {value!r}.")
    return value


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigurationError(f"{name} is a whole number, not {value!r}.")
    return value


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} is True or False, not {value!r}.")
    return value


def encode_tags(value: Any, name: str) -> list[str]:
    """One tag or several, as a list."""
    tags = [value] if isinstance(value, str) else list(value)
    return [_text(tag, f"each of {name}") for tag in tags]


def _queue(value: Any, name: str) -> dict[str, str]:
    return {"name": _text(value.get("name") if isinstance(value, Mapping) else value, name)}


def _metadata(value: Any, name: str) -> Any:
    plain = to_jsonable(value, what=name)
    if not isinstance(plain, dict):
        raise ConfigurationError(f"{name} is an object (a dict), not {type(value).__name__}.")
    # an object, never text: the server would store text encoded twice (protocol.md §2)
    return plain


def _timedelta(value: Any, name: str) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)
    raise ConfigurationError(
        f'{name} is a duration: seconds, a timedelta, or text like "10m", not {value!r}.'
    )


def encode_duration(value: Any, name: str) -> str:
    """Seconds, a timedelta or text, as the server reads it."""
    return format_duration(_timedelta(value, name))


def encode_moment(value: Any, name: str) -> str:
    """A duration, or the moment itself as ISO text."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return encode_duration(value, name)
    if isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    return encode_duration(value, name)


def _seconds(value: Any, name: str) -> int:
    return int(_timedelta(value, name).total_seconds())


_OPTIONS: dict[str, tuple[str, Callable[[Any, str], Any]]] = {
    "concurrency_key": ("concurrencyKey", _text),
    "delay": ("delay", encode_moment),
    "idempotency_key": ("idempotencyKey", _text),
    "idempotency_key_ttl": ("idempotencyKeyTTL", encode_duration),
    "machine": ("machine", _as_is),
    "max_attempts": ("maxAttempts", _whole),
    "max_duration": ("maxDuration", _seconds),
    "metadata": ("metadata", _metadata),
    "parent_run_id": ("parentRunId", _text),
    "priority": ("priority", _seconds),
    "queue": ("queue", _queue),
    "region": ("region", _text),
    "tags": ("tags", encode_tags),
    "test": ("test", _flag),
    "ttl": ("ttl", encode_duration),
    "version": ("lockToVersion", _text),
}
