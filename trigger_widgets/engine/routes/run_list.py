"""The list of runs, newest first, by pages and filters (raw-44)."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, batch_table, paging, run_table, run_views
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.statuses import Status, from_api_status
from trigger_widgets.engine.trigger_request import MACHINES
from trigger_widgets.engine.validation import loads
from trigger_widgets.engine.web import JSON, api_version, engine_of

_NOBODYS = ("schedule", "bulkAction", "error")


async def listed(request: Request) -> Response:
    """`GET /api/v1/runs?page[size|after|before]=…&filter[…]=…`.

    Filters: `status`, `taskIdentifier`, `version`, `tag`, `queue`, `machine`, `region` (lists with
    commas: any of them), `batch`, `isTest`, `createdAt][period`, `createdAt][from` and
    `createdAt][to`. No run here is of a schedule, a bulk action or an error group.
    """
    caller = auth.authenticate(request)
    engine = engine_of(request)
    caller.require(("read",), {"runs": ("*all*",)})
    wanted = _page(request)
    condition, cursor = wanted.condition
    conditions, parameters = _filters(request)
    where = " AND ".join([f"runs.{condition}" if cursor else condition, *conditions])
    rows, more = wanted.cut(
        run_table.select(
            engine.store.reader.execute, f"{where} {wanted.order}", *cursor, *parameters
        )
    )
    cursors = wanted.cursors([_cursor(run) for run in rows], more=more)
    version = api_version(request)
    data = [run_views.listed(run, version, engine.environment) for run in rows]
    return JSON({"data": data, "pagination": cursors})


def _page(request: Request) -> paging.Page:
    """The cursors hold ids, which sort as the runs were created; a bogus one is none."""
    page = paging.page(request)
    return replace(page, after=_id_of(page.after), before=_id_of(page.before))


def _cursor(run: RunRecord) -> str:
    text = json.dumps({"c": run.created_at, "r": run.id}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _id_of(cursor: str | None) -> str | None:
    try:
        text = base64.urlsafe_b64decode((cursor or "") + "==")
        value = loads(text)
    except (ValueError, RecursionError):
        return None
    found = value.get("r") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _filters(request: Request) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = []

    def one_of(column: str, values: list[Any]) -> None:
        if values:
            conditions.append(f"{column} IN ({', '.join('?' * len(values))})")
            parameters.extend(values)

    one_of("runs.status", _statuses(request))
    one_of("runs.task", paging.words(request, "filter[taskIdentifier]"))
    one_of("runs.version", paging.words(request, "filter[version]"))
    if tags := paging.words(request, "filter[tag]"):
        marks = ", ".join("?" * len(tags))
        conditions.append(f"runs.id IN (SELECT run FROM run_tags WHERE tag IN ({marks}))")  # noqa: S608
        parameters += tags
    if batch := request.query_params.get("filter[batch]"):
        conditions.append("runs.id IN (SELECT run FROM batch_items WHERE batch = ?)")
        parameters.append(batch_table.bare(batch))
    one_of("runs.machine", _machines(request))
    one_of("runs.region", paging.words(request, "filter[region]"))
    # a run is told its default queue when it is dequeued
    one_of(
        "CASE runs.queue WHEN '' THEN 'task/' || runs.task ELSE runs.queue END",
        paging.words(request, "filter[queue]"),
    )
    if any(request.query_params.get(f"filter[{name}]") for name in _NOBODYS):
        conditions.append("0")
    if is_test := request.query_params.get("filter[isTest]"):
        if is_test not in ("true", "false"):
            raise paging.query_error(f"Invalid value for isTest: {is_test}", "filter[isTest]")
        conditions.append("runs.is_test = ?")
        parameters.append(is_test == "true")
    for bound, moment in paging.created(request):
        conditions.append(f"runs.created_at {bound} ?")
        parameters.append(moment)
    return conditions, parameters


def _machines(request: Request) -> list[str]:
    names = paging.words(request, "filter[machine]")
    unknown = [name for name in names if name not in MACHINES]
    if unknown:
        words = f"Invalid machine values: {', '.join(unknown)}"
        raise paging.query_error(words, "filter[machine]")
    return names


def _statuses(request: Request) -> list[Status]:
    found: set[Status] = set()
    names = paging.words(request, "filter[status]")
    unknown = [name for name in names if from_api_status(name) is None]
    if unknown:
        raise paging.query_error(f"Invalid status values: {', '.join(unknown)}", "filter[status]")
    for name in names:
        found |= from_api_status(name) or set()
    return sorted(found)


routes = [Route("/api/v1/runs", listed)]
