"""A run as the realtime feed shows it: 26 columns, each text or null, as Postgres prints them.

Measured on a real server (protocol.md §4); the tests hold rows that it sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from trigger_widgets.jsonable import compact

from .records import RunRecord
from .statuses import feed_status

SCHEMA: dict[str, dict[str, Any]] = {
    "id": {"type": "text"},
    "taskIdentifier": {"type": "text"},
    "createdAt": {"type": "timestamp"},
    "updatedAt": {"type": "timestamp"},
    "startedAt": {"type": "timestamp"},
    "delayUntil": {"type": "timestamp"},
    "queuedAt": {"type": "timestamp"},
    "expiredAt": {"type": "timestamp"},
    "completedAt": {"type": "timestamp"},
    "friendlyId": {"type": "text"},
    "number": {"type": "int4"},
    "isTest": {"type": "bool"},
    "status": {"type": "text"},
    "usageDurationMs": {"type": "int4"},
    "costInCents": {"type": "float8"},
    "baseCostInCents": {"type": "float8"},
    "ttl": {"type": "text"},
    "payload": {"type": "text"},
    "payloadType": {"type": "text"},
    "metadata": {"type": "text"},
    "metadataType": {"type": "text"},
    "output": {"type": "text"},
    "outputType": {"type": "text"},
    "runTags": {"type": "text", "dims": 1},
    "error": {"type": "jsonb"},
    "realtimeStreams": {"type": "text", "dims": 1},
}
_ALWAYS = frozenset({"id", "taskIdentifier", "friendlyId", "status", "createdAt"})
UP_TO_DATE: dict[str, Any] = {"headers": {"control": "up-to-date"}}


def skipped(text: str) -> frozenset[str]:
    """The columns that a `skipColumns` list leaves out; some cannot be, unknown ones are none."""
    return frozenset(name.strip() for name in text.split(",")) - _ALWAYS


def schema_header(skip: frozenset[str]) -> str:
    """The `electric-schema` header of a snapshot."""
    return compact({name: kind for name, kind in SCHEMA.items() if name not in skip})


def change(
    run: RunRecord, operation: str, *, skip: frozenset[str], api_version: str | None
) -> dict[str, Any]:
    """One message: always the full row, whatever the operation (`insert` or `update`)."""
    return {
        "key": f'"public"."TaskRun"/"{run.id}"',
        "value": row(run, skip=skip, api_version=api_version),
        "headers": {"operation": operation},
    }


@lru_cache(maxsize=4)
def changed_body(
    run: RunRecord, operation: str, skip: frozenset[str], api_version: str | None
) -> bytes:
    """The answer of a feed that says one change; made once for all who wait for it."""
    return body([change(run, operation, skip=skip, api_version=api_version)])


def body(messages: Iterable[dict[str, Any]]) -> bytes:
    """The answer of a feed: the messages, and that this is all there is."""
    return compact([*messages, UP_TO_DATE]).encode()


def row(
    run: RunRecord, *, skip: frozenset[str] = frozenset(), api_version: str | None = None
) -> dict[str, str | None]:
    """The columns of `run`, without those in `skip`."""
    columns: dict[str, Callable[[], str | None]] = {
        "id": lambda: run.id,
        "taskIdentifier": lambda: run.task,
        "createdAt": lambda: _timestamp(run.created_at),
        "updatedAt": lambda: _timestamp(run.updated_at),
        "startedAt": lambda: _timestamp(run.started_at),
        "delayUntil": lambda: _timestamp(run.delay_until),
        "queuedAt": lambda: _timestamp(run.queued_at),
        "expiredAt": lambda: _timestamp(run.expired_at),
        "completedAt": lambda: _timestamp(run.completed_at),
        "friendlyId": lambda: run.friendly_id,
        "number": lambda: "0",
        "isTest": lambda: "t" if run.is_test else "f",
        "status": lambda: feed_status(run.status, api_version),
        "usageDurationMs": lambda: str(run.usage_ms),
        "costInCents": lambda: "0",
        "baseCostInCents": lambda: "0",
        "ttl": lambda: run.ttl,
        "payload": lambda: run.payload,
        "payloadType": lambda: run.payload_type,
        "metadata": lambda: run.metadata,
        "metadataType": lambda: run.metadata_type,
        "output": lambda: run.output,
        "outputType": lambda: run.output_type,
        "runTags": lambda: text_array(run.tags) if run.tags else None,
        "error": lambda: run.error,
        "realtimeStreams": lambda: text_array(run.streams),
    }
    return {name: column() for name, column in columns.items() if name not in skip}


def _timestamp(ms: int | None) -> str | None:
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}"


def text_array(items: Iterable[str]) -> str:
    """A Postgres array literal; the real server quotes every element, needed or not."""
    escaped = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in escaped) + "}"
