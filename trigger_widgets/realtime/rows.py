"""A row of the feed as a `Run`: text columns, Postgres arrays, packets (protocol.md §4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from trigger_widgets.errors import ProtocolError
from trigger_widgets.models import Run, TaskError
from trigger_widgets.packets import JSON_TYPE, STORE_TYPE, decode_packet

from .shape import Row

_TRUE = ("t", "true", True)
_PLAIN = {
    "id": "friendlyId",
    "taskIdentifier": "taskIdentifier",
    "status": "status",
    "ttl": "ttl",
    "durationMs": "usageDurationMs",
    "costInCents": "costInCents",
    "baseCostInCents": "baseCostInCents",
}
_TIMES = {
    "createdAt": "createdAt",
    "updatedAt": "updatedAt",
    "queuedAt": "queuedAt",
    "startedAt": "startedAt",
    "finishedAt": "completedAt",
    "delayedUntil": "delayUntil",
    "expiredAt": "expiredAt",
}


def decode_run(row: Row) -> Run:
    """A whole row; columns that were skipped keep their defaults. `ProtocolError` if malformed."""
    try:
        return _decode(row)
    except ValidationError as e:
        wrong = ", ".join(sorted({str(p["loc"][0]) for p in e.errors() if p["loc"]}))
        raise ProtocolError(f"a row of the feed is malformed in {wrong or 'itself'}.") from None
    except (ValueError, TypeError, OverflowError, RecursionError) as e:
        raise ProtocolError(f"a row of the feed is malformed: {type(e).__name__}.") from None


def _decode(row: Row) -> Run:
    fields: dict[str, Any] = {
        name: row[column] for name, column in _PLAIN.items() if row.get(column) is not None
    }
    fields |= {name: _time(row[column]) for name, column in _TIMES.items() if row.get(column)}
    # `updatedAt` can be left out by a server; the run is then as new as it is old
    fields.setdefault("updatedAt", fields.get("createdAt"))
    large = set()
    for name in ("payload", "output"):
        data, kind = row.get(name), row.get(f"{name}Type") or JSON_TYPE
        if kind == STORE_TYPE:
            large.add(name)
        else:
            fields[name] = decode_packet(data, kind)
    fields["metadata"] = decode_packet(row.get("metadata"), row.get("metadataType") or JSON_TYPE)
    fields["tags"] = _array(row.get("runTags"))
    fields["streams"] = _array(row.get("realtimeStreams"))
    fields["isTest"] = row.get("isTest") in _TRUE
    fields["error"] = _error(row.get("error"))
    fields["large"] = large
    return Run.model_validate(fields)


@lru_cache(1024)  # the times of one row, and of many that came together, are the same
def _time(text: Any) -> datetime:
    """UTC, written without saying so: `2026-11-23T18:44:08.156`."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _error(text: Any) -> TaskError | None:
    if text is None:
        return None
    body = json.loads(text) if isinstance(text, str) else text
    if not isinstance(body, dict):
        return TaskError(message=str(body))
    match body.get("type"):
        case "STRING_ERROR" | "CUSTOM_ERROR":
            return TaskError(message=str(body.get("raw", "")))
        case "INTERNAL_ERROR":
            code = str(body.get("code", "INTERNAL_ERROR"))
            message = body.get("message") or "the server gave no reason"
            return TaskError(message=message, name=code, stack_trace=body.get("stackTrace"))
        case _:
            return TaskError.model_validate({**body, "message": body.get("message") or ""})


def _array(literal: Any) -> list[str]:
    r"""A Postgres array literal, `{"a","with \"quotes\"",plain}`; null where it is empty."""
    if literal is None:
        return []
    if isinstance(literal, list):
        return [str(item) for item in literal]
    if not isinstance(literal, str) or not (literal.startswith("{") and literal.endswith("}")):
        raise ValueError(literal)
    items: list[str] = []
    at, end = 1, len(literal) - 1
    while at < end:
        item, at = _quoted(literal, at, end) if literal[at] == '"' else _bare(literal, at, end)
        items.append(item)
        if at < end and literal[at] != ",":
            raise ValueError(literal)
        at += 1
    return items


def _quoted(literal: str, at: int, end: int) -> tuple[str, int]:
    """The item whose opening quote is at `at`, and the place after its closing one."""
    chars: list[str] = []
    at += 1
    while at < end and literal[at] != '"':
        at += literal[at] == "\\"
        chars.append(literal[at])
        at += 1
    if at >= end:
        raise ValueError(literal)
    return "".join(chars), at + 1


def _bare(literal: str, at: int, end: int) -> tuple[str, int]:
    comma = literal.find(",", at, end)
    stop = end if comma < 0 else comma
    return literal[at:stop].strip(), stop
