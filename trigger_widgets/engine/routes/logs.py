"""The log of a run: what its task printed and logged. Ours; a real server has no such routes."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, log_table, run_table
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.store import Transaction
from trigger_widgets.engine.validation import ValidationError, expect
from trigger_widgets.engine.web import JSON, Refusal, engine_of, invalid, read_json


async def append(request: Request) -> Response:
    """`POST /engine/v1/runs/<run>/logs {"records":[{"time","stream","text", …}]}`.

    A record may have a `level`, and `properties`: an object.
    """
    engine = auth.require_key(request)
    try:
        body = expect(await read_json(request), "object")
        records = log_table.parse(body.get("records"))
    except ValidationError as e:
        raise invalid(e) from None
    run_id = run_table.bare(request.path_params["run"])

    def work(transaction: Transaction) -> tuple[RunRecord, int] | None:
        run = run_table.get(transaction.execute, run_id)
        if run is None:
            return None
        return run, log_table.append(transaction, run_id, records)

    found = await engine.store.write(work)
    if found is None:
        raise Refusal(404, {"error": "Run not found"})
    run, following = found
    engine.registry.heard(run)
    return JSON({"next": following})


async def read(request: Request) -> Response:
    """`GET /api/v1/runs/<run>/logs?after=<n>`: the records from `n` on, and the next `n`."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    run = engine.run(request.path_params["run"])
    if run is None:
        raise Refusal(404, {"error": "Run not found"})
    caller.require(("read",), auth.run_resources(run))
    try:
        after = max(0, int(request.query_params.get("after") or 0))
    except ValueError:
        raise Refusal(400, {"error": "after must be a number"}) from None
    records: list[dict[str, Any]] = log_table.read(engine.store.reader.execute, run.id, after)
    following = records[-1]["seq"] + 1 if records else after
    return JSON({"records": records, "next": following})


routes = [
    Route("/engine/v1/runs/{run}/logs", append, methods=["POST"]),
    Route("/api/v1/runs/{run}/logs", read),
]
