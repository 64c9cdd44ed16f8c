"""Batches: created and filled (v3), triggered in one request (v1, v2), retrieved."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, batch_table, batches, tokens
from trigger_widgets.engine.batch_table import BatchRecord
from trigger_widgets.engine.batches import BatchRequest, Item
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.ids import iso, now_ms
from trigger_widgets.engine.ndjson import read_lines
from trigger_widgets.engine.snapshots import ConflictError
from trigger_widgets.engine.statuses import Status
from trigger_widgets.engine.trigger_request import RefusedError, UnhonouredOptionError
from trigger_widgets.engine.validation import ValidationError
from trigger_widgets.engine.web import JSON, Refusal, engine_of, invalid, read_json
from trigger_widgets.version import __version__

_TOKEN_SECONDS = 3600
_LARGEST = 64 * 1024 * 1024
"""Of all items that come in one request."""
_MAY = ("batchTrigger", "write")
_ANY = ("*any*",)
_SAYS_WHY = (ValidationError, RefusedError, UnhonouredOptionError, ConflictError)


async def create(request: Request) -> Response:
    """`POST /api/v3/batches {"runCount",…}`: a batch that waits for its items."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    body = await read_json(request)
    try:
        wanted = batches.parse(body, request.headers.get("idempotency-key"))
        _may_wait(caller, wanted)
        caller.require(_MAY, {"batch": _ANY, "tasks": wanted.tasks or _ANY})
        batch, cached = await batches.create(engine, wanted, caller.one_time)
    except _SAYS_WHY as e:
        raise _refusal(e) from None
    answer = {"id": batch.friendly_id, "runCount": batch.run_count, "isCached": cached}
    return JSON(answer, 202, _token_headers(engine, batch))


async def add_items(request: Request) -> Response:
    """`POST /api/v3/batches/<batch>/items`: lines of JSON; those that came before are skipped."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    batch = _known(engine, request)
    try:
        items = await _read_items(request)
        _check(caller, (item.request.task for item in items))
        if caller.one_time and batch.creator != caller.one_time.digest:
            raise Refusal(403, auth.UNAUTHORIZED)
        accepted = await batches.add(engine, batch.id, items, _streams_version(request))
    except _SAYS_WHY as e:
        raise _refusal(e) from None
    answer: dict[str, Any] = {
        "id": batch.friendly_id,
        "itemsAccepted": accepted.new,
        "itemsDeduplicated": accepted.repeated,
        "sealed": accepted.sealed,
    }
    if not accepted.sealed:
        answer |= {"enqueuedCount": accepted.count, "expectedCount": batch.run_count}
    return JSON(answer | {"runCount": batch.run_count})


async def _read_items(request: Request) -> list[Item]:
    now, size = now_ms(), 0
    items: list[Item] = []
    async for lines in read_lines(request):
        size += sum(map(len, lines))
        if size > _LARGEST:
            raise Refusal(413, {"error": "Request body too large"})
        items += [batches.parse_line(line, now) for line in lines]
    return items


def _may_wait(caller: auth.Caller, wanted: BatchRequest) -> None:
    if wanted.resume_parent and caller.token is not None:
        raise Refusal(403, auth.UNAUTHORIZED)  # it would stop a run that is not the caller's


def _check(caller: auth.Caller, tasks: Iterable[str]) -> None:
    """Each task must be in the scopes: what the batch was created for is only a claim."""
    for task in set(tasks):
        caller.require(_MAY, {"batch": _ANY, "tasks": (task,)})


async def trigger_all(request: Request) -> Response:
    """`POST /api/v1|v2/tasks/batch {"items":[…]}`; v1 also names the runs."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    body = await read_json(request)
    try:
        key = request.headers.get("idempotency-key")
        wanted, items = batches.parse_whole(body, key, now_ms())
        _may_wait(caller, wanted)
        _check(caller, (item.request.task for item in items))
        batch, cached = await batches.trigger_all(
            engine,
            wanted,
            items,
            streams_version=_streams_version(request),
            one_time=caller.one_time,
        )
    except _SAYS_WHY as e:
        raise _refusal(e) from None
    answer: dict[str, Any] = {"id": batch.friendly_id, "isCached": cached}
    if request.url.path.startswith("/api/v1/"):
        found = batch_table.members(engine.store.reader.execute, batch)
        answer["runs"] = [
            {"id": f"run_{m.run}", "isCached": m.is_cached, "taskIdentifier": m.task} for m in found
        ]
    else:
        answer["runCount"] = batch.run_count
    return JSON(answer, 202, _token_headers(engine, batch))


async def retrieve(request: Request) -> Response:
    """`GET /api/v1|v2/batches/<batch>`."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    batch = _known(engine, request)
    caller.require(("read",), {"batch": (batch.friendly_id,)})
    execute = engine.store.reader.execute
    members = batch_table.members(execute, batch)
    statuses = Counter(member.status for member in members)
    ended = sum(count for status, count in statuses.items() if Status(status).is_final)
    over = batch.sealed_at is not None and ended == len(members)
    updated = batch_table.last_update(execute, batch)
    sealed = {} if batch.sealed_at is None else {"completedAt": iso(batch.sealed_at)}
    view: dict[str, Any] = {
        "id": batch.friendly_id,
        "status": "COMPLETED" if over else "PENDING",
        "createdAt": iso(batch.created_at),
        "updatedAt": iso(updated),
        **({"completedAt": iso(updated)} if over else {}),
    }
    if batch.idempotency_key is not None:
        view["idempotencyKey"] = batch.idempotency_key
    runs = [f"run_{member.run}" for member in members]
    succeeded = statuses[Status.COMPLETED_SUCCESSFULLY]
    counts = {"successfulRunCount": succeeded, "failedRunCount": ended - succeeded}
    content = {"runCount": batch.run_count, "runs": runs}
    if request.url.path.startswith("/api/v1/"):
        return JSON(view | content | counts)
    if batch.sealed_at is not None:
        view["processingCompletedAt"] = iso(batch.sealed_at)
    return JSON(view | content | {"processing": {**sealed, "errors": []}} | counts)


def _known(engine: Engine, request: Request) -> BatchRecord:
    batch_id = batch_table.bare(request.path_params["batch"])
    batch = batch_table.get(engine.store.reader.execute, batch_id)
    if batch is None:
        raise Refusal(404, {"error": "Not found"}, {"x-should-retry": "true"})
    return batch


def _streams_version(request: Request) -> str:
    return "v2" if request.headers.get("x-trigger-realtime-streams-version") == "v2" else "v1"


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, ValidationError):
        return invalid(error)
    if isinstance(error, RefusedError):
        return Refusal(error.status, {"error": str(error)})
    if isinstance(error, ConflictError):
        return Refusal(409, {"error": f"parentRunId: {error}."}, {"x-should-retry": "false"})
    words = f"{error} of a batch is not implemented by the embedded engine of trigger-widgets"
    return Refusal(501, {"error": f"{words} {__version__}."}, {"x-should-retry": "false"})


def _token_headers(engine: Engine, batch: BatchRecord) -> dict[str, str]:
    """The token that its caller may give on, to watch this batch."""
    now = int(time.time())
    token = tokens.mint(
        engine.key,
        engine.environment,
        {"scopes": [f"read:batch:{batch.friendly_id}"]},
        issued_at=now,
        expires_at=now + _TOKEN_SECONDS,
    )
    claims = {"sub": engine.environment, "pub": True}
    return {
        "x-trigger-jwt": token,
        "x-trigger-jwt-claims": json.dumps(claims, separators=(",", ":")),
    }


routes = [
    Route("/api/v3/batches", create, methods=["POST"]),
    Route("/api/v3/batches/{batch}/items", add_items, methods=["POST"]),
    *(
        Route(f"/api/{version}/tasks/batch", trigger_all, methods=["POST"])
        for version in ("v1", "v2")
    ),
    *(Route(f"/api/{version}/batches/{{batch}}", retrieve) for version in ("v1", "v2")),
]
