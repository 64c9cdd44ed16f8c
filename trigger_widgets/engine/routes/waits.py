"""The waits of a run: its worker says that the task waits (worker-protocol.md §7)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, run_table, waitpoint_table, waits
from trigger_widgets.engine.ids import iso, now_ms, to_ms
from trigger_widgets.engine.snapshots import ConflictError
from trigger_widgets.engine.validation import ValidationError, expect
from trigger_widgets.engine.web import JSON, Refusal, invalid, read, read_json


async def duration(request: Request) -> Response:
    """`POST /engine/v1/runs/<run>/wait/duration {"date":"<ISO>","idempotencyKey"?,…}`."""
    engine = auth.require_key(request)
    run_id = run_table.bare(request.path_params["run"])
    try:
        body = expect(await read_json(request), "object")
        wanted = waits.parse_moment(body, _date(body.get("date")), now_ms())
        waitpoint = await waits.wait_until(engine, run_id, wanted)
    except ValidationError as e:
        raise invalid(e) from None
    except ConflictError as e:
        raise _cannot_wait(e) from None
    if waitpoint is None:
        raise _unknown_run()
    until = iso(waitpoint.due_at or 0)
    return JSON({"waitUntil": until, "waitpoint": {"id": waitpoint.friendly_id}})


async def token(request: Request) -> Response:
    """`POST /engine/v1/runs/<run>/waitpoints/tokens/<waitpoint_…>/wait`; a body says nothing."""
    engine = auth.require_key(request)
    await read(request)
    run_id = run_table.bare(request.path_params["run"])
    waitpoint_id = waitpoint_table.bare(request.path_params["token"])
    try:
        blocked = await waits.wait_for_token(engine, run_id, waitpoint_id)
    except ConflictError as e:
        raise _cannot_wait(e) from None
    if blocked is None:
        raise _unknown_run()
    if not blocked:
        raise Refusal(404, {"error": "Waitpoint not found"}, {"x-should-retry": "false"})
    return JSON({"success": True})


def _date(value: Any) -> int:
    text = expect(value, "string", "date")
    try:
        moment = datetime.fromisoformat(text)
        return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ValidationError("Invalid date", "date") from None


def _unknown_run() -> Refusal:
    return Refusal(404, {"error": "Run not found"}, {"x-should-retry": "false"})


def _cannot_wait(error: ConflictError) -> Refusal:
    return Refusal(409, {"error": f"{error}."}, {"x-should-retry": "false"})


routes = [
    Route("/engine/v1/runs/{run}/wait/duration", duration, methods=["POST"]),
    Route("/engine/v1/runs/{run}/waitpoints/tokens/{token}/wait", token, methods=["POST"]),
]
