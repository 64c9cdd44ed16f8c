"""The endpoints of a development worker that concern itself (worker-protocol.md §2, §3, §9)."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from trigger_widgets.engine import (
    attempts,
    auth,
    handover,
    worker_messages,
    worker_table,
    workers,
)
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.hub import HELD, QUEUE
from trigger_widgets.engine.ids import iso, now_ms
from trigger_widgets.engine.lifecycle import SESSION_ENDED
from trigger_widgets.engine.presence import Presence
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.registry import Process
from trigger_widgets.engine.snapshots import Execution
from trigger_widgets.engine.store import Standing
from trigger_widgets.engine.validation import ValidationError, expect, optional
from trigger_widgets.engine.web import (
    JSON,
    Refusal,
    invalid,
    origin_of,
    read,
    read_json,
    seconds_parameter,
)

_HOLD_SECONDS = 10
_LONGEST_HOLD = 60
_MOST_RUNS = 500
_KEY = re.compile("[0-9a-z]{16,64}")
_NUMBER = re.compile("[1-9][0-9]{0,2}")
_PRESENCE_SECONDS = 30
_PRESENCE_INTERVAL = 4


async def config(request: Request) -> Response:
    """`GET /engine/v1/dev/config`."""
    engine = auth.require_key(request)
    return JSON(
        {
            "environmentId": engine.environment,
            "dequeueIntervalWithRun": 250,
            "dequeueIntervalWithoutRun": 1000,
            "maxConcurrentRuns": 300,
            "engineUrl": origin_of(request),
        }
    )


async def variables(request: Request) -> Response:
    """`GET /api/v1/projects/<ref>/envvars`: none; tasks have the environment of their process."""
    auth.require_key(request)
    return JSON({"variables": {}})


async def register(request: Request) -> Response:
    """`POST /api/v1/projects/<ref>/background-workers`; any project ref is the embedded one."""
    engine = auth.require_key(request, auth.MISSING_KEY)
    try:
        registration = workers.parse(await read_json(request))
    except ValidationError as e:
        raise Refusal(400, {"error": "Invalid body", "issues": [{"message": str(e)}]}) from None
    except workers.DuplicateTaskError as e:
        raise Refusal(400, {"error": str(e)}) from None
    worker = await workers.register(engine, registration)
    return JSON(
        {
            "id": worker.friendly_id,
            "version": worker.version,
            "contentHash": worker.content_hash,
        }
    )


async def dequeue(request: Request) -> Response:
    """`POST /engine/v1/dev/dequeue`: held until there is a run, at most `?wait=` seconds.

    Ours: `?key=` and `?runs=` ask for as many runs, with the answers to their starts.
    """
    engine = auth.require_key(request)
    try:
        body = expect(await read_json(request), "object")
        current = expect(body.get("currentWorker"), "string", "currentWorker")
        expect(body.get("oldWorkers"), "array", "oldWorkers")
    except ValidationError as e:
        raise invalid(e) from None
    worker_id = current.removeprefix("worker_")
    process = engine.registry.of_worker(worker_id) or await workers.revive(engine, worker_id)
    if process is None:
        raise Refusal(404, {"error": f"There is no live worker {current}; register it again."})
    seconds = seconds_parameter(request, "wait", _HOLD_SECONDS, _LONGEST_HOLD)
    runs = await _next_runs(request, engine, process, seconds)
    return JSON({"dequeuedMessages": handed_over(request, engine, runs)})


async def _next_runs(
    request: Request, engine: Engine, process: Process, seconds: float
) -> list[RunRecord]:
    """The next runs for a process. A client that leaves while it waits takes none with it."""
    wanted = asked_for(request, engine, process)
    with engine.hub.listen(HELD) as listener:
        standing = Standing(QUEUE, lambda t: handover.take(t, wanted) or None, listener.wake)
        async with Presence(request, seconds, listener) as presence:
            async with engine.store.stand_by(standing):
                await engine.store.write(standing.attempt)
                while standing.result is None and await presence.wait():
                    pass
            runs = standing.result or []
            if runs and await presence.has_left():
                await handover.give_back(engine, runs)
                return []
            return runs


def asked_for(request: Request, engine: Engine, process: Process) -> handover.Asking:
    """What a process asks for with the parameters of a request."""
    asked = request.query_params
    key, runs = asked.get("key", ""), asked.get("runs", "")
    return handover.Asking(
        engine.registry,
        process.worker.process,
        min(int(runs), _MOST_RUNS) if _NUMBER.fullmatch(runs) else 1,
        key if _KEY.fullmatch(key) else None,
        again="again" in asked,
    )


def handed_over(
    request: Request, engine: Engine, runs: Sequence[RunRecord]
) -> list[dict[str, Any]]:
    """The `dequeuedMessages` of runs."""
    messages = []
    for run in runs:
        worker = engine.registry.worker(run.worker) or worker_table.by_id(
            engine.store.reader.execute, run.worker
        )
        if worker is None:
            continue
        message = worker_messages.dequeued(engine, run, worker)
        if run.execution is Execution.EXECUTING:
            message["started"] = worker_messages.started(engine, run, worker, origin_of(request))
        messages.append(message)
    return messages


async def disconnect(request: Request) -> Response:
    """`POST /engine/v1/dev/disconnect {"runFriendlyIds":[…]}`: cancels them.

    Ours: `"worker":"worker_…"` says that its whole process stops now.
    """
    engine = auth.require_key(request)
    try:
        body = expect(await read_json(request), "object")
        ids = expect(body.get("runFriendlyIds"), "array", "runFriendlyIds")
        run_ids = [expect(item, "string", f"runFriendlyIds[{i}]") for i, item in enumerate(ids)]
        worker = optional(body.get("worker"), "string", "worker") or ""
    except ValidationError as e:
        raise invalid(e) from None
    if len(run_ids) > _MOST_RUNS:
        raise Refusal(400, {"error": f"At most {_MOST_RUNS} runs can be disconnected at once."})
    bare = [run_id.removeprefix("run_") for run_id in run_ids]
    cancelled = await attempts.let_go(engine, bare, SESSION_ENDED)
    process = engine.registry.of_worker(worker.removeprefix("worker_"))
    if process is not None:
        reason = f"The process that ran it ({process.worker.label}) was stopped."
        await attempts.lose(engine, [process], reason, begun=False)
    return JSON({"cancelled": cancelled})


async def presence(request: Request) -> Response:
    """`GET /engine/v1/dev/presence`: says the time every 4 s, for 30 s."""
    engine = auth.require_key(request)
    await read(request)

    async def events() -> AsyncIterator[str]:
        yield f"event: start\ndata: Started {secrets.token_hex(3)}\n\n"
        ends_at = time.monotonic() + _PRESENCE_SECONDS
        with engine.hub.listen("presence") as listener:
            while time.monotonic() < ends_at and not engine.hub.closed:
                yield f"event: time\ndata: {iso(now_ms())}\n\n"
                await listener.wait(_PRESENCE_INTERVAL)

    return StreamingResponse(events(), media_type="text/event-stream")


routes = [
    Route("/engine/v1/dev/config", config),
    Route("/api/v1/projects/{project}/envvars", variables),
    Route("/api/v1/projects/{project}/background-workers", register, methods=["POST"]),
    Route("/engine/v1/dev/dequeue", dequeue, methods=["POST"]),
    Route("/engine/v1/dev/disconnect", disconnect, methods=["POST"]),
    Route("/engine/v1/dev/presence", presence),
]
