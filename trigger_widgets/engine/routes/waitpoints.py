"""Wait tokens by their id: create, retrieve, complete, by the API and by their callback."""

from __future__ import annotations

import hmac
import json
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, tokens, waitpoint_table, waitpoint_views, waits
from trigger_widgets.engine.blocking import TOKEN
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.ids import now_ms
from trigger_widgets.engine.records import WaitpointRecord
from trigger_widgets.engine.trigger_request import RefusedError
from trigger_widgets.engine.validation import ValidationError, expect, loads
from trigger_widgets.engine.web import (
    JSON,
    Refusal,
    engine_of,
    invalid,
    origin_of,
    read,
    read_json,
)

_TOKEN_SECONDS = 24 * 3600
_UNKNOWN = {"error": "Waitpoint not found"}


async def create(request: Request) -> Response:
    """`POST /api/v1/waitpoints/tokens {timeout?,tags?,idempotencyKey?,idempotencyKeyTTL?}`."""
    engine = auth.require_key(request)
    try:
        wanted = waits.parse_token(await read_json(request), now_ms())
    except ValidationError as e:
        raise invalid(e) from None
    except RefusedError as e:
        raise Refusal(e.status, {"error": str(e)}) from None
    waitpoint, cached = await waits.create(engine, wanted)
    return JSON(
        {"id": waitpoint.friendly_id, "isCached": cached, "url": url_of(request, waitpoint)},
        headers=_token_headers(engine, waitpoint),
    )


def url_of(request: Request, waitpoint: WaitpointRecord) -> str:
    """The callback address of a token."""
    return waitpoint_views.callback_url(origin_of(request), engine_of(request).key, waitpoint)


def _token_headers(engine: Engine, waitpoint: WaitpointRecord) -> dict[str, str]:
    """The public token that its maker may give on, to complete this one wait token."""
    now = int(time.time())
    token = tokens.mint(
        engine.key,
        engine.environment,
        {"scopes": [f"write:waitpoints:{waitpoint.friendly_id}"]},
        issued_at=now,
        expires_at=now + _TOKEN_SECONDS,
    )
    claims = {"sub": engine.environment, "pub": True}
    return {
        "x-trigger-jwt": token,
        "x-trigger-jwt-claims": json.dumps(claims, separators=(",", ":")),
    }


async def retrieve(request: Request) -> Response:
    """`GET /api/v1/waitpoints/tokens/<id>`. A real server answers 500 for an unknown one."""
    engine = auth.require_key(request)
    waitpoint = _known(engine, request)
    return JSON(waitpoint_views.detail(waitpoint, url_of(request, waitpoint)))


async def complete(request: Request) -> Response:
    """`POST /api/v1/waitpoints/tokens/<id>/complete {"data"?}`; the first completion counts."""
    caller = auth.authenticate(request)
    engine = engine_of(request)
    # the scope comes first here, as measured: an unknown token is 403 to who may not complete it
    caller.require(("write",), {"waitpoints": (request.path_params["token"],)})
    try:
        body = expect(await read_json(request), "object")
    except ValidationError as e:
        raise invalid(e) from None
    output = waits.packet_of(body["data"]) if "data" in body else waits.NO_OUTPUT
    if not await waits.complete(engine, _bare(request), output):
        raise Refusal(404, _UNKNOWN)
    return JSON({"success": True})


async def callback(request: Request) -> Response:
    """`POST …/callback/<hash>`: any JSON becomes the output; what is none becomes `{}`."""
    if request.method != "POST":
        return JSON({"message": "Unexpected Server Error"}, 400)
    engine = engine_of(request)
    waitpoint = _known(engine, request)
    expected = waitpoint_views.callback_hash(engine.key, waitpoint)
    given: str = request.path_params["hash"]
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise Refusal(401, {"error": "Invalid URL, hash doesn't match"})
    try:
        value = loads(await read(request))
    except (ValueError, RecursionError):
        value = {}
    await waits.complete(engine, waitpoint.id, waits.packet_of(value))
    return JSON({"success": True})


def _bare(request: Request) -> str:
    return waitpoint_table.bare(request.path_params["token"])


def _known(engine: Engine, request: Request) -> WaitpointRecord:
    found = waitpoint_table.get(engine.store.reader.execute, _bare(request))
    if found is None or found.type != TOKEN:
        raise _unknown()
    return found


def _unknown() -> Refusal:
    return Refusal(404, _UNKNOWN, {"x-should-retry": "false"})


_TOKENS = "/api/v1/waitpoints/tokens"
routes = [
    Route(_TOKENS, create, methods=["POST"]),
    Route(f"{_TOKENS}/{{token}}", retrieve),
    Route(f"{_TOKENS}/{{token}}/complete", complete, methods=["POST"]),
    Route(f"{_TOKENS}/{{token}}/callback/{{hash}}", callback, methods=["GET", "POST"]),
]
