"""The list of wait tokens, newest first, by pages and filters."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, paging, waitpoint_table, waitpoint_views
from trigger_widgets.engine.blocking import TOKEN
from trigger_widgets.engine.web import JSON

from .waitpoints import url_of

_STATUSES = {
    "WAITING": "completed_at IS NULL",
    "COMPLETED": "(completed_at IS NOT NULL AND NOT output_is_error)",
    "TIMED_OUT": "(completed_at IS NOT NULL AND output_is_error)",
}


async def listed(request: Request) -> Response:
    """`GET /api/v1/waitpoints/tokens?page[size|after|before]=…&filter[…]=…`.

    Filters: `status` and `tags` (lists with commas), `idempotencyKey`, `createdAt][period`,
    `createdAt][from` and `createdAt][to`.
    """
    engine = auth.require_key(request)
    wanted = paging.page(request)
    conditions, parameters = _filters(request)
    condition, cursor = wanted.condition
    where = " AND ".join(["type = ?", condition, *conditions])
    rows, more = wanted.cut(
        waitpoint_table.select(
            engine.store.reader.execute,
            f"{where} {wanted.order}",
            TOKEN,
            *cursor,
            *parameters,
        )
    )
    return JSON(
        {
            "data": [waitpoint_views.listed(row, url_of(request, row)) for row in rows],
            "pagination": wanted.cursors([row.id for row in rows], more=more),
        }
    )


def _filters(request: Request) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    parameters: list[Any] = []
    statuses = paging.words(request, "filter[status]")
    unknown = [name for name in statuses if name not in _STATUSES]
    if unknown:
        wrong = f"Invalid status values: {', '.join(unknown)}"
        raise paging.query_error(wrong, "filter[status]")
    if statuses:
        conditions.append(f"({' OR '.join(_STATUSES[name] for name in statuses)})")
    tags = paging.words(request, "filter[tags]")
    if tags:
        marks = ", ".join("?" * len(tags))
        conditions.append(
            f"EXISTS (SELECT 1 FROM json_each(waitpoints.tags) AS tag WHERE tag.value IN ({marks}))"  # noqa: S608
        )
        parameters += tags
    key = request.query_params.get("filter[idempotencyKey]")
    if key:
        conditions.append("idempotency_key = ?")
        parameters.append(key)
    for bound, moment in paging.created(request):
        conditions.append(f"created_at {bound} ?")
        parameters.append(moment)
    return conditions, parameters


routes = [Route("/api/v1/waitpoints/tokens", listed)]
