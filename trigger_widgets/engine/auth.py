"""Who asks: the holder of the secret key, or of a public token with some scopes.

The words of each refusal differ from route to route on a real server; they are kept, because
clients show them (protocol.md §1).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import Request

from . import scopes, tokens
from .core import Engine
from .records import RunRecord
from .web import Refusal, engine_of

INVALID_KEY = "Invalid API key"
MISSING_KEY = "Invalid or Missing API key"
UNAUTHORIZED = {
    "error": "Unauthorized",
    "code": "unauthorized",
    "param": "access_token",
    "type": "authorization",
}


@dataclass(frozen=True)
class Caller:
    """`token` is None for the holder of the secret key, who may do anything."""

    token: tokens.PublicToken | None = None
    raw: str = ""

    @property
    def one_time(self) -> tokens.OneTime | None:
        """What it asks with, if that is good for one trigger."""
        if self.token is None or not self.token.one_time:
            return None
        digest = hashlib.sha256(self.raw.encode()).hexdigest()
        return tokens.OneTime(digest, self.token.expires_at)

    def may(self, actions: Collection[str], resources: scopes.Resources) -> bool:
        """Whether the scopes cover it."""
        return self.token is None or scopes.allows(self.token.scopes, actions, resources)

    def require(self, actions: Collection[str], resources: scopes.Resources) -> None:
        """403 unless the scopes cover it. Look the resource up first: unknown ones are 404."""
        if not self.may(actions, resources):
            raise Refusal(403, UNAUTHORIZED)

    def __repr__(self) -> str:
        return f"Caller({'secret key' if self.token is None else 'public token'})"


def authenticate(request: Request) -> Caller:
    """The caller of an `/api` or `/realtime` route that takes public tokens."""
    return _caller(request, INVALID_KEY)


def require_key(request: Request, words: str = INVALID_KEY) -> Engine:
    """The engine, for a route that takes the secret key alone; `words` refuse a public token."""
    caller = _caller(request, words, tokens_too=False)
    if caller.token is not None:
        raise Refusal(401, {"error": words})
    return engine_of(request)


def require_key_for_claims(request: Request) -> Engine:
    """The engine, for the one `/api` route that words all three refusals the same."""
    header = request.headers.get("authorization")
    if header is None:
        raise Refusal(401, {"error": MISSING_KEY})
    return require_key(request, MISSING_KEY)


def _caller(request: Request, words: str, *, tokens_too: bool = True) -> Caller:
    engine = engine_of(request)
    header = request.headers.get("authorization")
    if header is None:
        raise _no_header(request.url.path)
    scheme, _, credential = header.partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise Refusal(401, {"error": words})
    secret = engine.key.get_secret_value()
    # bytes, because compare_digest takes no text beyond ASCII
    if hmac.compare_digest(credential.encode("utf-8", "replace"), secret.encode()):
        return Caller()
    if not tokens_too or not tokens.looks_like_token(credential):
        raise Refusal(401, {"error": words})
    try:
        token = tokens.verify(credential, engine.key, engine.environment)
    except tokens.InvalidTokenError as e:
        raise Refusal(401, {"error": str(e)}) from None
    return Caller(token, credential)


def _no_header(path: str) -> Refusal:
    if path.startswith("/realtime/"):
        return Refusal(401, {"error": MISSING_KEY})
    reason = "No authorization header provided"
    return Refusal(
        401,
        {
            "title": "Unauthorized",
            "status": 401,
            "type": "https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/401",
            "detail": reason,
            "error": reason,
        },
        {"content-type": "application/problem+json; charset=utf-8"},
    )


def run_resources(run: RunRecord) -> scopes.Resources:
    """By what names a scope may mean this run."""
    return {
        "runs": (run.friendly_id,),
        "tags": run.tags,
        "tasks": (run.task,),
        "batch": (f"batch_{run.batch}",) if run.batch else (),
    }
