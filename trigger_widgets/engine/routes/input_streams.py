"""Input streams of a run: sent to from outside, waited for by its worker."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, input_streams, streams
from trigger_widgets.engine.ids import now_ms
from trigger_widgets.engine.trigger_request import RefusedError
from trigger_widgets.engine.validation import ValidationError, expect, loads
from trigger_widgets.engine.web import JSON, Refusal, engine_of, invalid, read, read_json

from .stream_read import read_stream

_LARGEST = 1024 * 1024


async def input_stream(request: Request) -> Response:
    """`POST /realtime/v1/streams/<run>/input/<stream> {"data":…}`; GET reads it, as any stream."""
    if request.method != "POST":
        request.path_params["stream"] = input_streams.PREFIX + request.path_params["stream"]
        return await read_stream(request)
    caller = auth.authenticate(request)
    engine = engine_of(request)
    run = engine.run(request.path_params["run"])
    if run is None:
        raise _no(404, "Run not found")
    caller.require(("write",), {"inputStreams": (run.friendly_id,)})
    body = await read(request)
    if len(body) > _LARGEST:
        raise _no(413, "Request body too large")
    try:
        data = expect(loads(body), "object").get("data")
        await input_streams.send(engine, run, request.path_params["stream"], data)
    except (ValueError, RecursionError, ValidationError):
        raise _no(400, "Invalid request body") from None
    except streams.EndedError:
        raise _no(400, "Cannot send to input stream on a completed run") from None
    return JSON({"ok": True})


async def wait(request: Request) -> Response:
    """`POST /api/v1/runs/<run>/input-streams/wait {"streamId","lastSeqNum"?,"timeout"?,…}`."""
    engine = auth.require_key(request)
    run = engine.run(request.path_params["run"])
    if run is None:
        raise Refusal(404, {"error": "Run not found"}, {"x-should-retry": "false"})
    try:
        wanted = input_streams.parse_wait(await read_json(request), now_ms())
    except ValidationError as e:
        raise invalid(e) from None
    except RefusedError as e:
        raise Refusal(e.status, {"error": str(e)}) from None
    waitpoint, cached = await input_streams.create_wait(engine, run, wanted)
    return JSON({"waitpointId": waitpoint.friendly_id, "isCached": cached})


def _no(status: int, words: str) -> Refusal:
    return Refusal(status, {"ok": False, "error": words})


routes = [
    Route("/realtime/v1/streams/{run}/input/{stream:path}", input_stream, methods=["GET", "POST"]),
    Route("/api/v1/runs/{run}/input-streams/wait", wait, methods=["POST"]),
]
