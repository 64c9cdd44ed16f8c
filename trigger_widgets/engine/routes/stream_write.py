"""Writing the streams of a run (worker-protocol.md §7): open, append, v1 lines, v2 records."""

from __future__ import annotations

import json
import time

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, run_table, stream_frames, stream_table, streams, tokens
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.ndjson import is_json, read_lines
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.validation import MAX_INTEGER, ValidationError
from trigger_widgets.engine.web import JSON, Refusal, engine_of, invalid, read, read_json

_WRITER_TOKEN_SECONDS = 30 * 24 * 3600
_S2 = "/realtime/v1/s2"
_FLUSH_INTERVAL_MS = 100
_MAX_RETRIES = 10


async def target_route(request: Request) -> Response:
    """`/realtime/v1/streams/<run>/<self|parent|root>/<stream>`: PUT, POST, HEAD."""
    engine = auth.require_key(request)
    where = streams.target(_target_run(engine, request), request.path_params["stream"])
    if request.method == "PUT":
        return await _open(request, engine, where)
    if request.method == "POST":
        return await _ingest(request, engine, where)
    if request.method == "HEAD":
        client = request.headers.get("x-client-id") or ""
        execute = engine.store.reader.execute
        stored = stream_table.next_of_writer(execute, where.run_id, where.stream, client)
        return Response(headers={"x-last-chunk-index": str(stored - 1)})
    raise Refusal(405, "Only HEAD requests are allowed for this endpoint")


async def _open(request: Request, engine: Engine, where: streams.Target) -> Response:
    """202 with the version; of a v2 stream also where and how its records are written."""
    await read(request)
    try:
        await streams.open_stream(engine, where)
    except streams.EndedError:
        raise _ended("initialize") from None
    headers = {}
    if where.version == "v2":
        headers = {
            "x-s2-access-token": _writer_token(engine, where),
            "x-s2-basin": "embedded",
            "x-s2-endpoint": f"{request.url.scheme}://{request.url.netloc}{_S2}",
            "x-s2-flush-interval-ms": str(_FLUSH_INTERVAL_MS),
            "x-s2-max-retries": str(_MAX_RETRIES),
            "x-s2-stream-name": streams.s2_name(engine.environment, where),
        }
    return JSON({"version": where.version}, 202, headers)


def _writer_token(engine: Engine, where: streams.Target) -> str:
    """May write the streams of this run, and nothing else."""
    now = int(time.time())
    return tokens.mint(
        engine.key,
        engine.environment,
        {"scopes": [f"write:streams:run_{where.run_id}"]},
        issued_at=now,
        expires_at=now + _WRITER_TOKEN_SECONDS,
    )


async def _ingest(request: Request, engine: Engine, where: streams.Target) -> Response:
    """v1: lines of JSON for as long as the writer sends some; each is stored as it comes."""
    client = request.headers.get("x-client-id")
    try:
        number = int(request.headers.get("x-resume-from-chunk") or 0)
    except ValueError:
        number = 0
    number = min(max(number, 0), MAX_INTEGER)
    try:
        # so that it is in the run's row before it has a part
        await streams.open_stream(engine, where)
        async for lines in read_lines(request):
            checked = _checked(lines)
            await streams.append_lines(engine, where, checked, client=client, start=number)
            number += len(lines)
    except streams.EndedError:
        raise _ended("append to") from None
    return Response()


def _checked(lines: list[str]) -> list[str]:
    if not all(is_json(line) for line in lines):
        raise Refusal(400, {"error": "A line of a stream must be JSON"})
    # a bare carriage return is JSON's white space, and would end the line of an event
    return [line.replace("\r", " ") for line in lines]


async def append(request: Request) -> Response:
    """`POST …/<target>/<stream>/append`: the body, whatever it is, is one part: a string."""
    engine = auth.require_key(request)
    where = streams.target(_target_run(engine, request), request.path_params["stream"])
    try:
        text = (await read(request)).decode()
    except UnicodeDecodeError:
        raise Refusal(400, {"error": "The body must be UTF-8 text"}) from None
    data = json.dumps(text, ensure_ascii=False)
    try:
        part = where.part(data, request.headers.get("x-part-id"))
        await streams.append(engine, where, [part])
    except streams.EndedError:
        raise _ended("append to") from None
    return JSON({"ok": True})


async def append_records(request: Request) -> Response:
    """`POST <X-S2-Endpoint>/streams/<X-S2-Stream-Name>/records`, as S2 has it."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    named = streams.of_s2_name(request.path_params["name"])
    run = engine.run(named[0]) if named else None
    if run is None or named is None or run.streams_version != "v2":
        raise Refusal(404, {"code": "stream_not_found", "message": "Stream not found"})
    caller.require(("write",), {"streams": (run.friendly_id,)})
    if request.headers.get("s2-format", "raw") != "raw":
        raise Refusal(400, {"code": "bad_header", "message": "S2-Format must be raw"})
    try:
        parts = streams.parse_records(await read_json(request))
        first, tail = await streams.append(engine, streams.target(run, named[1]), parts)
    except ValidationError as e:
        raise invalid(e) from None
    except streams.EndedError:
        raise _ended("append to") from None
    end = stream_frames.position(tail)
    start = {"seq_num": first, "timestamp": tail.time}
    return JSON({"start": start, "end": end, "tail": end})


def _target_run(engine: Engine, request: Request) -> RunRecord:
    """The run itself, its parent, or the run at the root of its tree."""
    run = engine.run(request.path_params["run"])
    which = request.path_params["target"]
    if run is not None and which != "self":
        wanted = run.parent if which == "parent" else run.root or run.id
        run = run_table.get(engine.store.reader.execute, wanted)
    if run is None:
        raise Refusal(404, {"error": "Not found"}, {"x-should-retry": "false"})
    return run


def _ended(deed: str) -> Refusal:
    return Refusal(400, f"Cannot {deed} a realtime stream on a completed run")


class _TargetConvertor(Convertor[str]):
    """Which run is meant: the one in the path, its parent or its root."""

    regex = "self|parent|root"

    def convert(self, value: str) -> str:
        """As it stands."""
        return value

    def to_string(self, value: str) -> str:
        """As it stands."""
        return value


register_url_convertor("target", _TargetConvertor())

_STREAM = "/realtime/v1/streams/{run}/{target:target}/{stream:path}"
routes = [
    Route(f"{_S2}/streams/{{name:path}}/records", append_records, methods=["POST"]),
    Route(f"{_STREAM}/append", append, methods=["POST"]),
    Route(_STREAM, target_route, methods=["GET", "PUT", "POST"]),
]
