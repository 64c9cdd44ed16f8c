"""Making public tokens, and the claims that a client needs to sign its own."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trigger_widgets.durations import parse_duration
from trigger_widgets.engine import auth, scopes, tokens
from trigger_widgets.engine.core import Engine
from trigger_widgets.engine.validation import ValidationError, expect, kind_of, optional
from trigger_widgets.engine.web import JSON, Refusal, read_json
from trigger_widgets.errors import ConfigurationError

_DEFAULT_SECONDS = 15 * 60
_DEFAULT_JWT_SECONDS = 3600
_LONGEST = timedelta(days=30)


async def claims(request: Request) -> Response:
    """`POST /api/v1/auth/jwt/claims`."""
    if request.method != "POST":
        return JSON({"message": "Unexpected Server Error"}, 400)
    engine = auth.require_key_for_claims(request)
    return JSON({"sub": engine.environment, "pub": True})


async def jwt(request: Request) -> Response:
    """`POST /api/v1/auth/jwt` `{"claims":{"scopes":[…]},"expirationTime":…}`."""
    engine = auth.require_key(request)
    try:
        body = expect(await read_json(request), "object")
        given = optional(body.get("claims"), "object", "claims") or {}
        wanted = optional(given.get("scopes"), "array", "claims.scopes") or []
    except ValidationError as e:
        raise _invalid(str(e)) from None
    return _minted(engine, wanted, given, body.get("expirationTime"), _DEFAULT_JWT_SECONDS)


async def public_tokens(request: Request) -> Response:
    """`POST /api/v1/auth/public-tokens` `{"scopes":[…],"expirationTime"?,"oneTimeUse"?}`."""
    engine = auth.require_key(request)
    try:
        body = expect(await read_json(request), "object")
    except ValidationError as e:
        raise _invalid(str(e)) from None
    wanted = body.get("scopes")
    if not isinstance(wanted, list):
        received = "undefined" if "scopes" not in body else kind_of(wanted)
        issue: dict[str, Any] = {"code": "invalid_type", "expected": "array", "received": received}
        raise _invalid("Required" if received == "undefined" else "Expected array", issue)
    if not wanted:
        issue = {"code": "too_small", "minimum": 1, "type": "array", "inclusive": True}
        raise _invalid("Array must contain at least 1 element(s)", issue | {"exact": False})
    extra: dict[str, Any] = {}
    if body.get("oneTimeUse") is True:
        extra["otu"] = True
    if isinstance(body.get("realtime"), dict):
        extra["realtime"] = body["realtime"]
    return _minted(engine, wanted, extra, body.get("expirationTime"), _DEFAULT_SECONDS)


def _invalid(message: str, issue: dict[str, Any] | None = None) -> Refusal:
    found = {**issue, "message": message, "path": ["scopes"]} if issue else {"message": message}
    return Refusal(400, {"error": "Invalid request body", "issues": [found]})


def _minted(
    engine: Engine, wanted: list[Any], extra: dict[str, Any], expiration: Any, default: int
) -> Response:
    wrong = scopes.denied(wanted)
    if wrong:
        body = {
            "error": "Requested scopes exceed the API key's access",
            "code": "scopes_exceed_key_access",
            "deniedScopes": wrong,
        }
        raise Refusal(403, body)
    now = int(time.time())
    expires = _expiry(expiration, now, default)
    kept: dict[str, Any] = {name: extra[name] for name in ("otu", "realtime") if name in extra}
    token = tokens.mint(
        engine.key,
        engine.environment,
        {"scopes": wanted, **kept},
        issued_at=now,
        expires_at=expires,
    )
    return JSON({"token": token})


def _expiry(value: Any, now: int, default: int) -> int:
    """A duration as text, or a moment in seconds since 1970 as a number."""
    if value is None:
        return now + default
    try:
        if isinstance(value, str):
            moment = now + int(parse_duration(value).total_seconds())
        else:
            moment = int(expect(value, "number", "expirationTime"))
    except OverflowError:
        moment = now + int(_LONGEST.total_seconds()) + 1
    except (ConfigurationError, ValidationError) as e:
        raise _invalid(str(e)) from None
    if moment - now > _LONGEST.total_seconds():
        raise Refusal(400, {"error": "Expiration time cannot exceed 30 days"})
    return moment


routes = [
    Route("/api/v1/auth/jwt/claims", claims, methods=["GET", "POST"]),
    Route("/api/v1/auth/jwt", jwt, methods=["POST"]),
    Route("/api/v1/auth/public-tokens", public_tokens, methods=["POST"]),
]
