"""The endpoints of a development worker that concern one run (worker-protocol.md §4 to §6)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import (
    attempts,
    auth,
    completion,
    handover,
    worker_messages,
    worker_table,
)
from trigger_widgets.engine.hub import run_topic
from trigger_widgets.engine.metadata import TooLargeError
from trigger_widgets.engine.presence import Presence
from trigger_widgets.engine.routes.workers import asked_for, handed_over
from trigger_widgets.engine.snapshots import ConflictError
from trigger_widgets.engine.validation import ValidationError, expect
from trigger_widgets.engine.web import (
    JSON,
    Refusal,
    invalid,
    origin_of,
    read,
    read_json,
    seconds_parameter,
)

_LONGEST_HOLD = 60


async def start(request: Request) -> Response:
    """`POST /engine/v1/dev/runs/<run>/snapshots/<snapshot>/attempts/start {}`."""
    engine = auth.require_key(request)
    try:
        expect(await read_json(request), "object")
        run = await attempts.start(engine, *_names(request))
    except ValidationError as e:
        raise invalid(e) from None
    except ConflictError as e:
        raise _conflict(e) from None
    if run is None:
        raise _unknown()
    engine.registry.heard(run)
    worker = engine.registry.worker(run.worker) or worker_table.by_id(
        engine.store.reader.execute, run.worker
    )
    return JSON(worker_messages.started(engine, run, worker, origin_of(request)))


async def complete(request: Request) -> Response:
    """`POST /engine/v1/dev/runs/<run>/snapshots/<snapshot>/attempts/complete`.

    Ours: `?next=<worker_…>&key=` asks for another run in the place of this one.
    """
    engine = auth.require_key(request)
    try:
        parsed = completion.parse(await read_json(request))
        following = request.query_params.get("next", "").removeprefix("worker_")
        process = engine.registry.of_worker(following)
        wanted = asked_for(request, engine, process) if process else None
        found = await attempts.complete(engine, *_names(request), parsed, wanted)
    except ValidationError as e:
        raise invalid(e) from None
    except TooLargeError as e:
        raise Refusal(413, {"error": str(e)}) from None
    except ConflictError as e:
        raise _conflict(e) from None
    if found is None:
        raise _unknown()
    run, status, handed = found
    engine.registry.heard(run)
    if handed and await request.is_disconnected():
        await handover.give_back(engine, handed)
        handed = []
    told = {"result": worker_messages.completed(run, status)}
    if wanted is None:
        return JSON(told)
    return JSON({**told, "dequeuedMessages": handed_over(request, engine, handed)})


async def heartbeat(request: Request) -> Response:
    """`POST /engine/v1/dev/runs/<run>/snapshots/<snapshot>/heartbeat`; a body is not needed."""
    engine = auth.require_key(request)
    await read(request)
    if not await attempts.beat(engine, *_names(request)):
        raise _unknown()
    return JSON({"ok": True})


async def latest(request: Request) -> Response:
    """`GET /engine/v1/dev/runs/<run>/snapshots/latest`.

    Ours: `?after=<snapshot_…>&wait=<seconds>` holds the answer while that is the latest one.
    """
    engine = auth.require_key(request)
    run_id = request.path_params["run"]
    after = request.query_params.get("after")
    seconds = seconds_parameter(request, "wait", 0, _LONGEST_HOLD) if after else 0
    run = engine.run(run_id)
    if run is None:
        raise _unknown()
    engine.registry.heard(run)
    with engine.hub.listen(run_topic(run.id)) as listener:
        async with Presence(request, seconds, listener) as presence:
            while run.friendly_snapshot == after and await presence.wait():
                run = engine.run(run_id) or run
    engine.registry.heard(run)
    return JSON({"execution": worker_messages.execution_data(engine, run)})


async def debug_logs(request: Request) -> Response:
    """`POST /engine/v1/dev/runs/<run>/logs/debug`: taken and dropped, as measured."""
    auth.require_key(request)
    await read(request)
    return Response(status_code=204)


def _names(request: Request) -> tuple[str, str]:
    run_id: str = request.path_params["run"]
    return run_id.removeprefix("run_"), request.path_params["snapshot"]


def _unknown() -> Refusal:
    return Refusal(401, "You don't have permissions for this run")


def _conflict(error: ConflictError) -> Refusal:
    """A bare 500 on a real server, which workers take as "ask for the latest snapshot"."""
    body: dict[str, Any] = {"error": "Internal Server Error", "conflict": f"{error}."}
    return Refusal(500, body, {"x-should-retry": "false"})


_RUN = "/engine/v1/dev/runs/{run}"
_SNAPSHOT = _RUN + "/snapshots/{snapshot}"
routes = [
    Route(f"{_RUN}/snapshots/latest", latest),
    Route(f"{_RUN}/logs/debug", debug_logs, methods=["POST"]),
    Route(f"{_SNAPSHOT}/attempts/start", start, methods=["POST"]),
    Route(f"{_SNAPSHOT}/attempts/complete", complete, methods=["POST"]),
    Route(f"{_SNAPSHOT}/heartbeat", heartbeat, methods=["POST"]),
]
