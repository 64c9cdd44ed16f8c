"""The application: the routes, and what becomes of the exceptions they let through."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from .core import Engine
from .gate import Gate
from .routes.table import routes
from .web import JSON, Refusal

_CLIENT_LEFT = 499
_METHOD_NOT_ALLOWED = 405


def create_app(engine: Engine, host: str) -> ASGIApp:
    """The ASGI application for an engine that listens on `host`."""
    app = Starlette(
        routes=routes,
        exception_handlers={
            Refusal: _refused,
            HTTPException: _no_such_route,
            ClientDisconnect: _left,
            Exception: _failed,
        },
    )
    app.router.redirect_slashes = False
    app.state.engine = engine
    return Gate(app, engine, host)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for it alone
    return error.response


async def _no_such_route(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if error.status_code == _METHOD_NOT_ALLOWED:
        return JSON({"message": "Unexpected Server Error"}, _METHOD_NOT_ALLOWED)
    return JSON({"error": "Not found"}, error.status_code)


async def _left(_request: Request, _error: Exception) -> Response:
    return Response(status_code=_CLIENT_LEFT)


async def _failed(_request: Request, _error: Exception) -> Response:
    """The traceback goes to the log; the answer tells nothing."""
    return JSON({"error": "Internal Server Error"}, 500)
