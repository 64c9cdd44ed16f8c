"""The realtime feed of one run: a snapshot, then held requests that end when it changes."""

from __future__ import annotations

import itertools
import random

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, feed_rows
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.hub import run_topic
from trigger_widgets.engine.presence import Presence
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.web import Refusal, api_version, engine_of

_HOLD_SECONDS = (17, 23)
_sequence = itertools.count(1)


async def run_feed(request: Request) -> Response:
    """`GET /realtime/v1/runs/<run>?offset=…&handle=…&live=true`."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    run = engine.run(request.path_params["run"])
    if run is None:
        raise Refusal(404, {"error": "Not found"}, {"x-should-retry": "false"})
    caller.require(("read",), auth.run_resources(run))
    columns = caller.token.skip_columns if caller.token else None
    wanted = request.query_params.get("skipColumns", "")
    skip = feed_rows.skipped(wanted if columns is None else ",".join(columns))
    query = request.query_params
    if query.get("live") != "true" or not query.get("handle") or query.get("offset", "-1") == "-1":
        return _snapshot(request, run, skip)
    return await _live(request, engine, run, skip)


def _snapshot(request: Request, run: RunRecord, skip: frozenset[str]) -> Response:
    message = feed_rows.change(run, "insert", skip=skip, api_version=api_version(request))
    handle = request.query_params.get("handle") or f"run-{run.id}"
    headers = _headers(request, f"{run.updated_at}_{next(_sequence)}", handle)
    headers["electric-schema"] = feed_rows.schema_header(skip)
    return _response([message], headers)


async def _live(request: Request, engine: Engine, run: RunRecord, skip: frozenset[str]) -> Response:
    """Hold until the run is newer than `offset`; a finished run is held as long as any other."""
    handle, offset = request.query_params["handle"], request.query_params["offset"]
    latest = await _newer(request, engine, run, _milliseconds(offset))
    number = next(_sequence)
    if latest is None:
        headers = _headers(request, offset, handle)
        messages = []
    else:
        headers = _headers(request, f"{latest.updated_at}_{number}", handle)
        version = api_version(request)
        messages = [feed_rows.change(latest, "update", skip=skip, api_version=version)]
    headers["electric-cursor"] = str(number)
    return _response(messages, headers)


async def _newer(request: Request, engine: Engine, run: RunRecord, seen: int) -> RunRecord | None:
    with engine.hub.listen(run_topic(run.id)) as listener:
        async with Presence(request, random.uniform(*_HOLD_SECONDS), listener) as presence:  # noqa: S311
            while True:
                latest = engine.run(run.friendly_id) or run
                if latest.updated_at > seen:
                    return latest
                if not await presence.wait():
                    return None


def _milliseconds(offset: str) -> int:
    """The part of an offset that counts; what is none is before everything."""
    try:
        return int(offset.partition("_")[0])
    except ValueError:
        return -1


def _headers(request: Request, offset: str, handle: str) -> dict[str, str]:
    """Older clients know two of the headers by other names."""
    new = "x-trigger-electric-version" in request.headers
    return {
        "cache-control": "no-store",
        ("electric-offset" if new else "electric-chunk-last-offset"): _printable(offset),
        ("electric-handle" if new else "electric-shape-id"): _printable(handle),
    }


def _printable(text: str) -> str:
    """Any handle is echoed, but a header is one line of ASCII without spaces at its ends."""
    return "".join(char for char in text if " " <= char <= "~").strip()


def _response(messages: list[dict[str, object]], headers: dict[str, str]) -> Response:
    return Response(feed_rows.body(messages), headers=headers, media_type="application/json")


routes = [Route("/realtime/v1/runs/{run}", run_feed)]
