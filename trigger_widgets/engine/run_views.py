"""A run as the REST API shows it: absent keys rather than nulls (protocol.md §3)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from trigger_widgets.packets import SUPERJSON_TYPE, TEXT_TYPE

from .ids import iso
from .records import RunRecord
from .statuses import Status, api_status

_FAILED = frozenset({
    Status.COMPLETED_WITH_ERRORS, Status.CRASHED, Status.SYSTEM_FAILURE, Status.CANCELED,
})  # fmt: skip
_QUEUED = frozenset({Status.PENDING, Status.DELAYED, Status.PENDING_VERSION})
_EXECUTING = frozenset({Status.EXECUTING, Status.DEQUEUED, Status.RETRYING_AFTER_FAILURE})


def detail(
    run: RunRecord, related: dict[str, Any], api_version: str | None, region: str
) -> dict[str, Any]:
    """What `GET /api/v3/runs/<id>` gives."""
    return {
        **_common(run, api_version),
        **_flags(run, api_version),
        "triggerFunction": "batchTrigger" if run.batch else "trigger",
        **_present("metadata", run.metadata, run.metadata_type),
        "region": region,
        **_present("payload", run.payload, run.payload_type),
        **_present("output", run.output, run.output_type),
        **({"error": error_view(run.error)} if run.error else {}),
        "attemptCount": run.attempt,
        "attempts": [],
        "relatedRuns": related,
    }


def listed(run: RunRecord, api_version: str | None, region: str) -> dict[str, Any]:
    """One row of `GET /api/v1/runs`; it carries neither payload nor output."""
    return {
        **_common(run, api_version),
        "env": {"id": region, "name": "dev"},
        **_present("metadata", run.metadata, run.metadata_type),
        "taskKind": "STANDARD",
        "region": region,
        **_flags(run, api_version),
    }


def relation(run: RunRecord, api_version: str | None) -> dict[str, Any]:
    """A run as it appears in the `relatedRuns` of another."""
    return {**_common(run, api_version), **_flags(run, api_version)}


def related(
    parent: RunRecord | None,
    root: RunRecord | None,
    children: Iterable[RunRecord],
    api_version: str | None,
) -> dict[str, Any]:
    """The `relatedRuns` of a run."""
    found: dict[str, Any] = {}
    if root is not None:
        found["root"] = relation(root, api_version)
    if parent is not None:
        found["parent"] = relation(parent, api_version)
    found["children"] = [relation(child, api_version) for child in children]
    return found


def _common(run: RunRecord, api_version: str | None) -> dict[str, Any]:
    times = {
        "createdAt": run.created_at,
        "startedAt": run.started_at,
        "updatedAt": run.updated_at,
        "finishedAt": run.completed_at,
        "delayedUntil": run.delay_until,
        "expiredAt": run.expired_at,
    }
    optional = {
        "version": run.version,
        "ttl": run.ttl,
        "idempotencyKey": run.own_key or run.idempotency_key,
        "batchId": run.batch,
    }
    return {
        "id": run.friendly_id,
        "taskIdentifier": run.task,
        "status": api_status(run.status, api_version),
        **{name: iso(ms) for name, ms in times.items() if ms is not None},
        **{name: value for name, value in optional.items() if value is not None},
        "costInCents": 0,
        "baseCostInCents": 0,
        "durationMs": run.usage_ms,
        "isTest": run.is_test,
        "depth": run.depth,
        "tags": list(run.tags),
    }


def _flags(run: RunRecord, api_version: str | None) -> dict[str, bool]:
    """EXPIRED and TIMED_OUT are completed here, so that a loop on `isCompleted` ends; on a real
    server every flag of theirs is false (protocol.md §3). To clients that send no version a run
    that waits is one that executes, as measured.
    """
    waits = run.status is Status.WAITING_TO_RESUME
    return {
        "isQueued": run.status in _QUEUED,
        "isExecuting": run.status in _EXECUTING or (waits and not api_version),
        "isCompleted": run.status.is_final,
        "isFailed": run.status in _FAILED,
        "isSuccess": run.status is Status.COMPLETED_SUCCESSFULLY,
        "isCancelled": run.status is Status.CANCELED,
        "isWaiting": waits and bool(api_version),
    }


def _present(name: str, data: str | None, data_type: str) -> dict[str, Any]:
    return {} if data is None else {name: plain(data, data_type)}


def plain(data: str, data_type: str) -> Any:
    """The JSON of a packet: of superjson only the `json` part, so a Date stays ISO text."""
    if data_type == TEXT_TYPE:
        return data
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return data
    if data_type == SUPERJSON_TYPE:
        return value.get("json") if isinstance(value, dict) else value
    return value


def error_view(text: str) -> dict[str, Any]:
    """`{message, name?, stackTrace?}` of a stored error.

    An internal error keeps its own message where it has one; a real server always says
    "trigger.dev internal error (<code>)" there.
    """
    error = json.loads(text)
    kind = error["type"]
    if kind == "BUILT_IN_ERROR":
        return {name: error[name] for name in ("message", "name", "stackTrace")}
    if kind == "INTERNAL_ERROR":
        fallback = f"trigger.dev internal error ({error['code']})"
        found = {"message": error.get("message") or fallback}
        return found | {key: error[key] for key in ("stackTrace",) if key in error}
    return {"message": error["raw"]}
