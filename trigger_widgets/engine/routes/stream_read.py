"""Reading a stream of a run: what is there, then each part as it comes, until it is too silent."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from trigger_widgets.engine import auth, stream_frames, stream_table
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.hub import stream_topic
from trigger_widgets.engine.ids import now_ms
from trigger_widgets.engine.presence import Presence
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.web import Refusal, engine_of

_PING_SECONDS = 10
_DEFAULT_SILENCE = 60
_LONGEST_SILENCE = 600
_INTEGER = re.compile(r"\s*([+-]?\d{1,9})")


class EventStream(StreamingResponse):
    """Sends what its iterator gives; the iterator itself notices when the client has left."""

    media_type = "text/event-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """ASGI. `receive` is the iterator's: only one may read it."""
        await self.stream_response(send)


async def read_stream(request: Request) -> Response:
    """`GET /realtime/v1/streams/<run>/<stream>`. A stream nobody has opened is waited for."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    run = engine.run(request.path_params["run"])
    if run is None:
        raise Refusal(404, {"error": "Not found"}, {"x-should-retry": "false"})
    caller.require(("read",), auth.run_resources(run))
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    silence = _silence(request.headers.get("timeout-seconds", ""))
    frames: stream_frames.Frames
    if run.streams_version == "v2":
        frames = stream_frames.RecordFrames()
    else:
        frames = stream_frames.PartFrames()
    events = _events(request, engine, run, frames, silence)
    return EventStream(events, headers=frames.headers)


def _silence(text: str) -> int:
    """Seconds without a part after which the answer ends; what is no number is the default."""
    found = _INTEGER.match(text)
    seconds = int(found[1]) if found else 0
    if seconds < 0:
        raise Refusal(400, "Timeout seconds must be greater than 0")
    if seconds > _LONGEST_SILENCE:
        raise Refusal(400, "Timeout seconds must be less than 600")
    return seconds or _DEFAULT_SILENCE


def _start(engine: Engine, run: RunRecord, stream: str, last: str) -> int:
    """The number of the part after the one that `Last-Event-ID` names; 0 where it names none."""
    execute = engine.store.reader.execute
    if run.streams_version == "v2":
        number = stream_frames.record_number(last)
        if number is None:
            return 0
        return min(number + 1, stream_table.tail(execute, run.id, stream).seq)
    found = stream_frames.redis_id(last)
    return 0 if found is None else stream_table.first_after(execute, run.id, stream, *found)


async def _events(
    request: Request, engine: Engine, run: RunRecord, frames: stream_frames.Frames, silence: int
) -> AsyncIterator[bytes]:
    stream: str = request.path_params["stream"]
    execute = engine.store.reader.execute
    following = _start(engine, run, stream, request.headers.get("last-event-id", ""))
    with engine.hub.listen(stream_topic(run.id, stream)) as listener:
        async with Presence(request, silence, listener) as presence:
            heard = sent = time.monotonic()
            while not (presence.gone or engine.hub.closed):
                parts = stream_table.read(execute, run.id, stream, following)
                tail = stream_table.tail(execute, run.id, stream)
                if parts:
                    following = parts[-1].seq + 1
                    yield frames.parts(parts, tail)
                    heard = sent = time.monotonic()
                    continue
                now = time.monotonic()
                if now - heard >= silence:
                    yield frames.end()
                    return
                if now - sent >= _PING_SECONDS or not frames.greeted:
                    yield frames.ping(tail, now_ms())
                    sent = now
                await presence.wait_at_most(min(heard + silence, sent + _PING_SECONDS) - now)


routes = [Route("/realtime/v1/streams/{run}/{stream:path}", read_stream)]
