"""Whether the engine is up, and which one. Needs no key and tells none."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.engine.web import JSON
from trigger_widgets.version import __version__


async def healthcheck(_request: Request) -> Response:
    """`GET /healthcheck`."""
    return JSON({"ok": True, "version": __version__})


routes = [Route("/healthcheck", healthcheck)]
