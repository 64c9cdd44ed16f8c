"""Triggering."""

from __future__ import annotations

import json
import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth, runs, tokens, trigger_request
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.ids import now_ms
from trigger_widgets.engine.snapshots import ConflictError
from trigger_widgets.engine.validation import ValidationError
from trigger_widgets.engine.web import JSON, Refusal, invalid, read_json
from trigger_widgets.version import __version__

_RUN_TOKEN_SECONDS = 3600


async def trigger(request: Request) -> Response:
    """`POST /api/v1/tasks/<id>/trigger`."""
    caller = auth.authenticate(request)
    engine: Engine = request.app.state.engine
    task = request.path_params["task"]
    caller.require(("trigger", "write"), {"tasks": (task,)})
    body = await read_json(request)
    try:
        wanted = trigger_request.parse(task, body, request.headers.get("idempotency-key"), now_ms())
        if wanted.resume_parent and caller.token is not None:
            raise Refusal(403, auth.UNAUTHORIZED)  # it would stop a run that is not the caller's
        version = request.headers.get("x-trigger-realtime-streams-version")
        run_id, cached = await runs.trigger(
            engine,
            wanted,
            streams_version="v2" if version == "v2" else "v1",
            one_time=caller.one_time,
            request_key=request.headers.get("x-trigger-request-idempotency-key"),
        )
    except ValidationError as e:
        raise invalid(e) from None
    except trigger_request.RefusedError as e:
        raise Refusal(e.status, {"error": str(e)}) from None
    except ConflictError as e:
        raise Refusal(409, {"error": f"parentRunId: {e}."}, {"x-should-retry": "false"}) from None
    except trigger_request.UnhonouredOptionError as e:
        raise Refusal(501, {"error": _not_honoured(str(e))}) from None
    return JSON(
        {"id": f"run_{run_id}", "isCached": cached}, headers=_run_token_headers(engine, run_id)
    )


def _not_honoured(option: str) -> str:
    return (
        f"options.{option} is not implemented by the embedded engine of "
        f"trigger-widgets {__version__}."
    )


def _run_token_headers(engine: Engine, run_id: str) -> dict[str, str]:
    """The token that its caller may give on, to watch this run."""
    scopes = [f"read:runs:run_{run_id}", f"write:inputStreams:run_{run_id}"]
    now = int(time.time())
    token = tokens.mint(
        engine.key,
        engine.environment,
        {"scopes": scopes},
        issued_at=now,
        expires_at=now + _RUN_TOKEN_SECONDS,
    )
    claims = {"sub": engine.environment, "pub": True, "scopes": scopes}
    return {
        "x-trigger-jwt": token,
        "x-trigger-jwt-claims": json.dumps(claims, separators=(",", ":")),
    }


routes = [Route("/api/v1/tasks/{task:path}/trigger", trigger, methods=["POST"])]
