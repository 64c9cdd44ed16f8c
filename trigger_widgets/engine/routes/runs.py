"""Runs by their id: retrieve, cancel, metadata."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import (
    auth,
    metadata,
    run_table,
    run_views,
    runs,
    waitpoint_table,
)
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.statuses import Status
from trigger_widgets.engine.validation import ValidationError, expect
from trigger_widgets.engine.web import JSON, Refusal, api_version, engine_of, invalid, read_json


async def retrieve(request: Request) -> Response:
    """`GET /api/v3/runs/<run>`."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    run = engine.run(request.path_params["run"])
    if run is None:
        raise Refusal(404, {"error": "Not found"}, {"x-should-retry": "true"})
    caller.require(("read",), auth.run_resources(run))
    version = api_version(request)
    execute = engine.store.reader.execute
    children = run_table.select(execute, "runs.parent = ? ORDER BY seq LIMIT 100", run.id)
    related = run_views.related(
        run_table.get(execute, run.parent), run_table.get(execute, run.root), children, version
    )
    body = run_views.detail(run, related, version, engine.environment)
    if run.max_attempts is not None:  # ours: a card says "attempt 2 of 3"
        body["maxAttempts"] = run.max_attempts
    if run.status is Status.WAITING_TO_RESUME:
        # ours: who waits for the run must know whether a person has to do something first
        body["waitsFor"] = waitpoint_table.awaited_tokens(execute, run)
    return JSON(body)


async def cancel(request: Request) -> Response:
    """`POST /api/v2/runs/<run>/cancel`. Also 200 for a run that has ended."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    run = engine.run(request.path_params["run"])
    if run is None:
        raise Refusal(404, {"error": "Resource not found"})
    caller.require(("write",), {"runs": (run.friendly_id,)})
    await runs.cancel(engine, run.id)
    return JSON({"id": run.friendly_id})


async def get_metadata(request: Request) -> Response:
    """`GET /api/v1/runs/<run>/metadata`: the packet, not its value."""
    engine = auth.require_key(request)
    run = _known(engine, request)
    return JSON({"metadata": run.metadata, "metadataType": run.metadata_type})


async def put_metadata(request: Request) -> Response:
    """`PUT /api/v1/runs/<run>/metadata`: a whole object, or operations. Also on ended runs."""
    engine = auth.require_key(request)
    run = _known(engine, request)
    try:
        body = expect(await read_json(request), "object")
        if "metadata" in body:
            value = expect(body["metadata"], "object", "metadata")
            await runs.replace_metadata(engine, run.id, metadata.text_of(value))
            return JSON({"metadata": value})
        key = request.headers.get("x-trigger-request-idempotency-key")
        text = await runs.change_metadata(engine, run.id, metadata.parse_changes(body, key))
    except ValidationError as e:
        raise invalid(e) from None
    except metadata.TooLargeError as e:
        raise Refusal(413, {"error": str(e)}) from None
    return JSON({"metadata": json.loads(text) if text else {}})


def _known(engine: Engine, request: Request) -> RunRecord:
    run = engine.run(request.path_params["run"])
    if run is None:
        raise Refusal(404, {"error": "Task Run not found"})
    return run


routes = [
    Route("/api/v3/runs/{run}", retrieve),
    Route("/api/v2/runs/{run}/cancel", cancel, methods=["POST"]),
    Route("/api/v1/runs/{run}/metadata", get_metadata),
    Route("/api/v1/runs/{run}/metadata", put_metadata, methods=["PUT"]),
]
