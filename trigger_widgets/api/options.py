"""The options of a trigger: Python's names and types to those of the SDK's `TriggerOptions`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypedDict

from trigger_widgets.durations import format_duration, parse_duration
from trigger_widgets.errors import ConfigurationError, refuse_unknown
from trigger_widgets.jsonable import to_jsonable

from . import idempotency

Duration = str | float | timedelta


class Debounce(TypedDict, total=False):
    """`key` and `delay` are needed. Leading runs the first trigger's payload, trailing the last
    one's; `max_delay` is how long a run may be pushed back in all.
    """

    key: str
    delay: Duration
    mode: Literal["leading", "trailing"]
    max_delay: Duration


class TriggerOptions(TypedDict, total=False):
    """What `tasks.trigger` takes besides the payload. Durations are seconds, a timedelta or text
    like "10m"; a delay may also be the moment itself. A `ttl` of 0 is none, also not the default.
    """

    concurrency_key: str | None
    debounce: Debounce | None
    delay: Duration | datetime | None
    external_deployment_id: str | None
    idempotency_key: str | Iterable[str] | None
    idempotency_key_ttl: Duration | None
    machine: str | None
    max_attempts: int | None
    max_duration: Duration | None
    metadata: Mapping[str, Any] | None
    parent_run_id: str | None
    priority: Duration | None
    queue: str | Mapping[str, str] | None
    region: str | None
    tags: str | Iterable[str] | None
    test: bool | None
    ttl: Duration | None
    version: str | None


def encode_options(given: Mapping[str, Any], *, of: str = "tasks.trigger") -> dict[str, Any]:
    """The `options` object of a trigger request. An option that is None is left out.

    Durations are checked here because the server silently ignores ones it cannot read
    (protocol.md §2).
    """
    refuse_unknown(given, _OPTIONS, of=of)
    encoded = {
        wire: encode(value, name)
        for name, value in given.items()
        if value is not None
        for wire, encode in (_OPTIONS[name],)
    }
    key = encoded.get("idempotencyKey")
    if isinstance(key, idempotency.IdempotencyKey):
        encoded["idempotencyKeyOptions"] = {"key": key.key, "scope": key.scope}
    return encoded


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


def _idempotency_key(value: Any, name: str) -> str:
    return _text(value, name) if isinstance(value, str) else idempotency.create(value)


def _debounce(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(
            f'{name} is like {{"key": "user-1", "delay": "30s"}}, not {value!r}.'
        )
    refuse_unknown(value, _DEBOUNCE, of=name)
    for needed in ("key", "delay"):
        if value.get(needed) is None:
            raise ConfigurationError(f"{name} needs a {needed}.")
    if value.get("mode") not in (None, "leading", "trailing"):
        raise ConfigurationError(f"{name} is leading or trailing, not {value['mode']!r}.")
    return {
        wire: encode(value[field], f"the {field} of {name}")
        for field, (wire, encode) in _DEBOUNCE.items()
        if value.get(field) is not None
    }


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


def _ttl(value: Any, name: str) -> str | int:
    duration = _timedelta(value, name)
    # as a number alone 0 means none: as text it would be over at once
    return format_duration(duration) if duration else 0


def _seconds(value: Any, name: str) -> int:
    return int(_timedelta(value, name).total_seconds())


_DEBOUNCE: dict[str, tuple[str, Callable[[Any, str], str]]] = {
    "key": ("key", _text),
    "delay": ("delay", encode_duration),
    "mode": ("mode", _text),
    "max_delay": ("maxDelay", encode_duration),
}
_OPTIONS: dict[str, tuple[str, Callable[[Any, str], Any]]] = {
    "concurrency_key": ("concurrencyKey", _text),
    "debounce": ("debounce", _debounce),
    "delay": ("delay", encode_moment),
    "external_deployment_id": ("externalDeploymentId", _text),
    "idempotency_key": ("idempotencyKey", _idempotency_key),
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
    "ttl": ("ttl", _ttl),
    "version": ("lockToVersion", _text),
}
