"""Routes of Trigger.dev that this engine does not have: each says so by its name."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine import auth
from trigger_widgets.engine.web import JSON
from trigger_widgets.version import __version__

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_PATTERNS = (
    "/api/v1/runs/{run}/events",
    "/api/v1/runs/{run}/trace",
    "/api/v1/schedules",
    "/api/v1/schedules/{rest:path}",
    "/api/v1/queues",
    "/api/v1/queues/{rest:path}",
    "/api/v1/deployments",
    "/api/v1/deployments/{rest:path}",
    "/api/v1/packets/{rest:path}",
    "/api/v1/query",
    "/engine/v1/worker-actions/{rest:path}",
)


def _route(pattern: str) -> Route:
    async def refuse(request: Request) -> Response:
        auth.authenticate(request)
        words = (
            f"{request.method} {pattern.replace(':path', '')} is not implemented by the embedded "
            f"engine of trigger-widgets {__version__}."
        )
        return JSON({"error": words}, 501, {"x-should-retry": "false"})

    return Route(pattern, refuse, methods=_METHODS)


routes = [_route(pattern) for pattern in _PATTERNS]
