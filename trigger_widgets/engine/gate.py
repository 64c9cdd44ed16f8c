"""What every request passes: the Host check, CORS, and the engine's sign of life."""

from __future__ import annotations

import ipaddress
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .core import Engine
from .web import JSON

_SHARED = ("/api/", "/realtime/")
_METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"


def is_local(host_header: str) -> bool:
    """Whether a Host header names this machine from within: loopback, with any port.

    A page that points its own name at 127.0.0.1 (DNS rebinding) sends its own name here.
    """
    name = host_header.strip().lower()
    if name.startswith("["):
        name, closed, _ = name[1:].partition("]")
        if not closed:
            return False
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Gate:
    """Around the whole application. `host` is where it listens, if not on loopback."""

    def __init__(self, app: ASGIApp, engine: Engine, host: str) -> None:
        self._app = app
        self._engine = engine
        self._everywhere = not is_local(f"[{host}]" if ":" in host else host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        self._engine.active_at = time.monotonic()
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if not (self._everywhere or (len(hosts) == 1 and is_local(hosts[0]))):
            words = "This engine answers requests to localhost only; the Host header names another."
            await JSON({"error": words}, 403)(scope, receive, send)
            return
        path: str = scope["path"]
        if not path.startswith(_SHARED):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await _preflight(headers)(scope, receive, send)
            return
        await self._app(scope, receive, _with_cors(send, path, headers.get("origin")))


def _preflight(headers: Headers) -> JSON:
    """Any origin may ask: what protects the engine is its key, which no page has."""
    answer = {"access-control-allow-methods": _METHODS, "access-control-max-age": "300"}
    for asked, allowed in (
        ("origin", "access-control-allow-origin"),
        ("access-control-request-headers", "access-control-allow-headers"),
    ):
        if asked in headers:
            answer[allowed] = headers[asked]
    return JSON({}, headers=answer)


def _with_cors(send: Send, path: str, origin: str | None) -> Send:
    """The measured headers: feeds are open to all, the API names the asking origin."""
    is_feed = path.startswith("/realtime/")

    async def send_with_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            exposed = "*" if is_feed else "x-trigger-jwt,x-trigger-jwt-claims"
            headers["access-control-expose-headers"] = exposed
            if is_feed:
                headers["access-control-allow-origin"] = "*"
            elif origin is not None:
                headers["access-control-allow-origin"] = origin
                headers["vary"] = "Origin"
        await send(message)

    return send_with_cors
