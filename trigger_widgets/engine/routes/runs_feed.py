"""The realtime feeds of many runs: those with some tags, and those of a batch.

A run is in the feed from the moment it is triggered; on a real server it comes a little later,
out of another database (protocol.md §4).
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.durations import parse_duration
from trigger_widgets.engine import auth, batch_table, feed_rows, run_sets
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.ids import now_ms
from trigger_widgets.engine.presence import Presence
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.run_sets import Found, RunSet
from trigger_widgets.engine.web import Refusal, api_version, engine_of
from trigger_widgets.errors import ConfigurationError

from . import feed_answers

_LONGEST_WINDOW = timedelta(days=1)
_MINUTE_MS = 60_000
_BURST_SECONDS = 0.005
"""Changes that come within it are one answer: one change of a batch is seldom alone."""
_HANDLE = re.compile(r"runs_(\d{1,15})_")


async def tag_feed(request: Request) -> Response:
    """`GET /realtime/v1/runs?tags=a,b&createdAt=1h`: the runs that have all the tags."""
    caller = auth.authenticate(request)
    tags = [tag for tag in request.query_params.get("tags", "").split(",") if tag]
    caller.require(("read",), {"tags": tags, "runs": ("*all*",)})
    since = _since(request)
    handle = f"runs_{since}_{next(feed_answers.sequence)}_{secrets.token_hex(4)}"
    return await _answer(request, caller, run_sets.tagged(tags, since), handle)


def _since(request: Request) -> int:
    """The start of the window: the handle of a feed keeps the one that it began with."""
    known = _HANDLE.match(request.query_params.get("handle", ""))
    if known is not None:
        return int(known[1])
    try:
        window = min(parse_duration(request.query_params.get("createdAt", "")), _LONGEST_WINDOW)
    except ConfigurationError:
        window = _LONGEST_WINDOW
    since = now_ms() - round(window.total_seconds() * 1000)
    return since - since % _MINUTE_MS


async def batch_feed(request: Request) -> Response:
    """`GET /realtime/v1/batches/<batch>`."""
    caller = auth.authenticate(request)
    connection = engine_of(request).store.reader
    batch = batch_table.get(connection.execute, batch_table.bare(request.path_params["batch"]))
    if batch is None:
        raise Refusal(404, {"error": "Not found"}, {"x-should-retry": "true"})
    caller.require(("read",), {"batch": (batch.friendly_id,)})
    handle = f"{batch.friendly_id}_{next(feed_answers.sequence)}_{secrets.token_hex(4)}"
    return await _answer(request, caller, run_sets.of_batch(connection, batch.id), handle)


async def _answer(request: Request, caller: auth.Caller, runs: RunSet, handle: str) -> Response:
    engine = engine_of(request)
    skip = feed_answers.skipped(request, caller)
    query = request.query_params
    handle = query.get("handle") or handle
    offset = query.get("offset", "-1")
    if feed_answers.wants_snapshot(request):
        found = run_sets.snapshot(engine.store.reader, runs)
        headers = feed_answers.headers(request, _offset(found, 0), handle)
        headers["electric-schema"] = feed_rows.schema_header(skip)
        inserted = frozenset(run.id for run in found.runs)
    else:
        found = await _changes(request, engine, runs, feed_answers.offset_part(offset, 1, 0))
        seen = feed_answers.offset_part(offset, 0, 0)
        headers = feed_answers.headers(request, _offset(found, seen), handle)
        headers["electric-cursor"] = str(next(feed_answers.sequence))
        inserted = found.fresh
    version = api_version(request)
    messages = [
        feed_rows.change(
            run, "insert" if run.id in inserted else "update", skip=skip, api_version=version
        )
        for run in found.runs
    ]
    return feed_answers.response(feed_rows.body(messages), headers)


def _offset(found: Found, seen: int) -> str:
    """The latest `updatedAt`, for people, and the number of the change, which is what counts."""
    return f"{_latest(found.runs, seen)}_{found.position}"


def _latest(runs: Sequence[RunRecord], seen: int) -> int:
    return max((run.updated_at for run in runs), default=seen)


async def _changes(request: Request, engine: Engine, runs: RunSet, after: int) -> Found:
    """Hold until one of the runs has changed."""
    reader = engine.store.reader
    with engine.hub.listen(*runs.topics) as listener:
        async with Presence(request, feed_answers.hold_seconds(), listener) as presence:
            found = run_sets.changes(reader, runs, after)
            while not found.runs and await presence.wait():
                await asyncio.sleep(_BURST_SECONDS)
                found = run_sets.changes(reader, runs, found.position)
    return found


routes = [
    Route("/realtime/v1/runs", tag_feed),
    Route("/realtime/v1/batches/{batch}", batch_feed),
]
