"""Runs by their id: replay, reschedule, add tags, and how one ended; idempotency keys."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, batch_table, run_edits, run_table, run_views
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.ids import now_ms
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.trigger_request import RefusedError, checked_tags
from trigger_widgets.engine.validation import ValidationError, expect, later_moment
from trigger_widgets.engine.web import JSON, Refusal, api_version, engine_of, invalid, read_json

_KEY_WORDS = "Invalid or Missing API Key"


async def replay(request: Request) -> Response:
    """`POST /api/v1/runs/<run>/replay`. A body is not looked at, as on a real server."""
    engine = auth.require_key(request)
    run = _known(engine, request, "Resource not found")
    key = request.headers.get("x-trigger-request-idempotency-key")
    run_id = await run_edits.replay(engine, run, key)
    return JSON({"id": f"run_{run_id}"})


async def reschedule(request: Request) -> Response:
    """`POST /api/v1/runs/<run>/reschedule` `{"delay"}`: a duration, or a date."""
    engine = auth.require_key(request, "Invalid or missing API Key")
    run = _known(engine, request, "Run not found")
    body = await _body(request)
    delay = body.get("delay")
    until = later_moment(delay, now_ms())
    if until is None:
        raise Refusal(400, {"error": f"Invalid delay: {delay}"})
    try:
        changed = await run_edits.reschedule(engine, run.id, until)
    except RefusedError as e:
        raise Refusal(e.status, {"error": str(e)}) from None
    version = api_version(request)
    related = run_views.related(None, None, (), version)
    return JSON(run_views.detail(changed or run, related, version, engine.environment))


async def add_tags(request: Request) -> Response:
    """`POST /api/v1/runs/<run>/tags` `{"tags"}`: one or several."""
    engine = auth.require_key(request, _KEY_WORDS)
    body = await _body(request)
    try:
        tags = checked_tags(body.get("tags", 0), "tags")
        run = _known(engine, request, "Run not found")
        count = await run_edits.add_tags(engine, run.id, list(dict.fromkeys(tags)))
    except ValidationError as e:
        raise invalid(e) from None
    except RefusedError as e:
        raise Refusal(e.status, {"error": str(e)}) from None
    words = f"Successfully set {count} new tags." if count else "No new tags to add"
    return JSON({"message": words})


async def result(request: Request) -> Response:
    """`GET /api/v1/runs/<run>/result`."""
    engine = auth.require_key(request, _KEY_WORDS)
    run = engine.run(request.path_params["run"])
    found = None if run is None else run_edits.result(run)
    if found is None:
        raise Refusal(404, {"error": "Run either doesn't exist or is not finished"})
    return JSON(found)


async def batch_results(request: Request) -> Response:
    """`GET /api/v1/batches/<batch>/results`: those of its runs that have ended, in their order."""
    engine = auth.require_key(request, _KEY_WORDS)
    execute = engine.store.reader.execute
    batch = batch_table.get(execute, batch_table.bare(request.path_params["batch"]))
    if batch is None:
        raise Refusal(404, {"error": "Batch not found"})
    members = batch_table.members(execute, batch)
    found = {member.run: run_table.get(execute, member.run) for member in members}
    items = [run_edits.result(run) for m in members if (run := found[m.run]) is not None]
    return JSON({"id": batch.friendly_id, "items": [item for item in items if item is not None]})


async def reset_idempotency_key(request: Request) -> Response:
    """`POST /api/v1/idempotencyKeys/<key>/reset` `{"taskIdentifier"}`."""
    caller = auth.authenticate(request)
    caller.require(("write",), {"runs": ("*all*",)})
    key = request.path_params["key"]
    body = await _body(request)
    try:
        task = expect(body.get("taskIdentifier"), "string", "taskIdentifier")
    except ValidationError as e:
        raise invalid(e) from None
    if not await run_edits.reset_idempotency_key(engine_of(request), task, key):
        words = f"No runs found with idempotency key: {key} and task: {task}"
        raise Refusal(404, {"error": words})
    return JSON({"id": key})


async def _body(request: Request) -> dict[str, Any]:
    try:
        body: dict[str, Any] = expect(await read_json(request), "object")
    except ValidationError as e:
        raise invalid(e) from None
    return body


def _known(engine: Engine, request: Request, words: str) -> RunRecord:
    run = engine.run(request.path_params["run"])
    if run is None:
        raise Refusal(404, {"error": words})
    return run


routes = [
    Route("/api/v1/runs/{run}/replay", replay, methods=["POST"]),
    Route("/api/v1/runs/{run}/reschedule", reschedule, methods=["POST"]),
    Route("/api/v1/runs/{run}/tags", add_tags, methods=["POST"]),
    Route("/api/v1/runs/{run}/result", result),
    Route("/api/v1/batches/{batch}/results", batch_results),
    Route("/api/v1/idempotencyKeys/{key:path}/reset", reset_idempotency_key, methods=["POST"]),
]
