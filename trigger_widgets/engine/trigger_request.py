"""What `POST /api/v1/tasks/<id>/trigger` asks for, checked (protocol.md §2).

The messages are a real server's. An option it honours and this engine does not is refused by
name; unknown ones are ignored, as there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trigger_widgets.jsonable import compact
from trigger_widgets.packets import JSON_TYPE

from . import metadata
from .debounce import Debounce
from .debounce import parse as parse_debounce
from .validation import ValidationError, expect, later_moment, optional, optional_integer

MAX_TAGS = 10
MAX_TAG_LENGTH = 128
MAX_KEY_LENGTH = 2048
MACHINES = ("micro", "small-1x", "small-2x", "medium-1x", "medium-2x", "large-1x", "large-2x")
_NOT_HONOURED = ("bulkActionId", "externalDeploymentId")
DEFAULT_KEY_TTL_MS = 30 * 24 * 3600 * 1000
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


class RefusedError(Exception):
    """Understood, and refused with this status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class UnhonouredOptionError(Exception):
    """An option of Trigger.dev that this engine does not implement."""


@dataclass(frozen=True, kw_only=True)
class TriggerRequest:
    """A trigger that may be carried out. Times in milliseconds since 1970."""

    task: str
    payload: str | None
    payload_type: str
    metadata: str | None
    tags: tuple[str, ...]
    delay_until: int | None
    ttl: str | None
    idempotency_key: str | None
    idempotency_key_expires: int | None
    own_key: str | None = None
    """The idempotency key as its maker wrote it, before the SDK hashed it."""
    max_attempts: int | None
    max_duration: int | None
    lock_to_version: str | None
    is_test: bool
    parent: str | None
    resume_parent: bool
    queue: str
    concurrency_key: str | None
    priority: float | None
    machine: str | None
    region: str | None
    debounce: Debounce | None = None


def parse(task: str, body: Any, key_header: str | None, now: int) -> TriggerRequest:
    """The request for a body; `ValidationError`, `RefusedError` or `UnhonouredOptionError`."""
    data = expect(body, "object")
    options = expect(data.get("options", {}), "object", "options")
    for name in _NOT_HONOURED:
        if options.get(name):
            raise UnhonouredOptionError(name)
    key = idempotency_key(options, key_header, "options.idempotencyKey")
    payload_type = _text(options, "payloadType") or JSON_TYPE
    debounce = parse_debounce(options.get("debounce"))
    delay_until = later_moment(options.get("delay"), now)
    if debounce is not None and delay_until is None:
        delay_until = now + debounce.delay
    return TriggerRequest(
        task=task,
        payload=_packet(data, payload_type),
        payload_type=payload_type,
        metadata=_metadata(options.get("metadata")),
        tags=tags_of(options.get("tags"), "Runs", "options.tags"),
        delay_until=delay_until,
        ttl=_ttl(options.get("ttl")),
        idempotency_key=key,
        own_key=_own_key(options.get("idempotencyKeyOptions")),
        idempotency_key_expires=_key_expiry(_text(options, "idempotencyKeyTTL"), now),
        max_attempts=_integer(options, "maxAttempts"),
        max_duration=_integer(options, "maxDuration"),
        lock_to_version=_text(options, "lockToVersion"),
        is_test=_flag(options, "test"),
        parent=_text(options, "parentRunId"),
        resume_parent=_flag(options, "resumeParentOnCompletion"),
        queue=_queue(options.get("queue")),
        concurrency_key=_text(options, "concurrencyKey"),
        priority=optional(options.get("priority"), "number", "options.priority"),
        machine=_machine(options.get("machine")),
        region=_text(options, "region"),
        debounce=debounce,
    )


def idempotency_key(
    data: dict[str, Any], header: str | None = None, path: str = "idempotencyKey"
) -> str | None:
    """The key that a body or else a header says."""
    key: str | None = optional(data.get("idempotencyKey"), "string", path) or header
    if key is not None and len(key) > MAX_KEY_LENGTH:
        raise ValidationError(f"idempotencyKey must be {MAX_KEY_LENGTH} characters or less", path)
    return key


def _text(options: dict[str, Any], name: str) -> str | None:
    found: str | None = optional(options.get(name), "string", f"options.{name}")
    return found


def _flag(options: dict[str, Any], name: str) -> bool:
    return bool(optional(options.get(name), "boolean", f"options.{name}"))


def _integer(options: dict[str, Any], name: str) -> int | None:
    return optional_integer(options.get(name), f"options.{name}")


def _packet(data: dict[str, Any], payload_type: str) -> str | None:
    """A text in any encoding but JSON is the packet itself; JSON is encoded here, also a string."""
    if "payload" not in data:
        return None
    payload = data["payload"]
    if isinstance(payload, str) and payload_type != JSON_TYPE:
        return payload
    return compact(payload)


def _metadata(value: Any) -> str | None:
    if value is None:
        return None
    text = compact(value)
    if len(text.encode()) > metadata.MAX_BYTES:
        raise RefusedError(413, metadata.TOO_LARGE)
    return text


def tags_of(value: Any, what: str, path: str) -> tuple[str, ...]:
    """The tags of `what` ("Runs"), given as a list or as one text."""
    tags = checked_tags(value, path)
    if len(tags) > MAX_TAGS:
        raise RefusedError(
            422, f"{what} can only have {MAX_TAGS} tags, you're trying to set {len(tags)}."
        )
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def checked_tags(value: Any, path: str) -> list[str]:
    """A list of tags, or one text, as a list of tags that are not too long."""
    tags: list[str] = [] if value is None else [value] if isinstance(value, str) else value
    for i, tag in enumerate(expect(tags, "array", path)):
        if len(expect(tag, "string", f"{path}[{i}]")) > MAX_TAG_LENGTH:
            raise ValidationError(
                f"Tags must be less than {MAX_TAG_LENGTH} characters", f"{path}[{i}]"
            )
    return tags


def _key_expiry(value: str | None, now: int) -> int:
    return (later_moment(value, now) if value else None) or now + DEFAULT_KEY_TTL_MS


def _own_key(value: Any) -> str | None:
    given = optional(value, "object", "options.idempotencyKeyOptions") or {}
    found: str | None = optional(given.get("key"), "string", "options.idempotencyKeyOptions.key")
    return found


def _ttl(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    seconds = optional_integer(value, "options.ttl") or 0
    text = ""  # what 0 gives: no ttl, also not the task's own
    for unit, size in _UNITS:
        count, seconds = divmod(max(seconds, 0), size)
        text += f"{count}{unit}" if count else ""
    return text


def _queue(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    name: str = expect(
        expect(value, "object", "options.queue").get("name"), "string", "options.queue.name"
    )
    return name


def _machine(value: Any) -> str | None:
    if value is not None and value not in MACHINES:
        expected = " | ".join(f"'{name}'" for name in MACHINES)
        raise ValidationError(
            f"Invalid enum value. Expected {expected}, received '{value}'", "options.machine"
        )
    machine: str | None = value
    return machine
