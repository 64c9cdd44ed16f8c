"""The realtime feed of one run: a snapshot, then held requests that end when it changes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, feed_rows
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.hub import run_topic
from trigger_widgets.engine.presence import Presence
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.web import Refusal, api_version, engine_of

from . import feed_answers


async def run_feed(request: Request) -> Response:
    """`GET /realtime/v1/runs/<run>?offset=…&handle=…&live=true`."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    run = engine.run(request.path_params["run"])
    if run is None:
        raise Refusal(404, {"error": "Not found"}, {"x-should-retry": "false"})
    caller.require(("read",), auth.run_resources(run))
    skip = feed_answers.skipped(request, caller)
    if feed_answers.wants_snapshot(request):
        return _snapshot(request, run, skip)
    return await _live(request, engine, run, skip)


def _snapshot(request: Request, run: RunRecord, skip: frozenset[str]) -> Response:
    body = feed_rows.changed_body(run, "insert", skip, api_version(request))
    handle = request.query_params.get("handle") or f"run-{run.id}"
    offset = f"{run.updated_at}_{next(feed_answers.sequence)}"
    headers = feed_answers.headers(request, offset, handle)
    headers["electric-schema"] = feed_rows.schema_header(skip)
    return feed_answers.response(body, headers)


async def _live(request: Request, engine: Engine, run: RunRecord, skip: frozenset[str]) -> Response:
    """Hold until the run is newer than `offset`; a finished run is held as long as any other."""
    handle, offset = request.query_params["handle"], request.query_params["offset"]
    latest = await _newer(request, engine, run, feed_answers.offset_part(offset, 0, -1))
    number = next(feed_answers.sequence)
    if latest is None:
        headers = feed_answers.headers(request, offset, handle)
        body = feed_rows.body(())
    else:
        headers = feed_answers.headers(request, f"{latest.updated_at}_{number}", handle)
        body = feed_rows.changed_body(latest, "update", skip, api_version(request))
    headers["electric-cursor"] = str(number)
    return feed_answers.response(body, headers)


async def _newer(request: Request, engine: Engine, run: RunRecord, seen: int) -> RunRecord | None:
    with engine.hub.listen(run_topic(run.id)) as listener:
        async with Presence(request, feed_answers.hold_seconds(), listener) as presence:
            while True:
                latest = engine.run(run.friendly_id) or run
                if latest.updated_at > seen:
                    return latest
                if not await presence.wait():
                    return None


routes = [Route("/realtime/v1/runs/{run}", run_feed)]
