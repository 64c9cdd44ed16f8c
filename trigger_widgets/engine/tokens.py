"""Public tokens: HS256 JWTs, signed with the secret key itself (protocol.md §1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from trigger_widgets.secret import Secret

ISSUER = "https://id.trigger.dev"
AUDIENCE = "https://api.trigger.dev"
_LATEST = 2**53


class InvalidTokenError(Exception):
    """The message is what the server answers with its 401."""


@dataclass(frozen=True)
class PublicToken:
    """A token that was checked. `skip_columns` is None where it says nothing about them."""

    scopes: frozenset[str] = field(default_factory=frozenset)
    one_time: bool = False
    expires_at: int | None = None
    """In seconds since 1970."""
    skip_columns: tuple[str, ...] | None = None


class OneTime(NamedTuple):
    """A token that is good for one trigger: by what it is known, and its expiry in seconds."""

    digest: str
    expires_at: int | None


def looks_like_token(text: str) -> bool:
    """Whether a bearer is meant to be a JWT rather than a key."""
    return text.count(".") == 2  # noqa: PLR2004 - header, claims, signature


def mint(
    key: Secret, environment: str, claims: dict[str, Any], *, issued_at: int, expires_at: int
) -> str:
    """A signed token; times in seconds since 1970."""
    import jwt  # not while the engine starts: it may bring cryptography along

    body = {
        "sub": environment,
        "pub": True,
        **claims,
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": expires_at,
        "iat": issued_at,
    }
    # a real server sends no "typ"
    return jwt.encode(body, key.get_secret_value(), "HS256", headers={"typ": None})


def verify(text: str, key: Secret, environment: str) -> PublicToken:
    """The token that `text` is; `InvalidTokenError` has the server's words for why it is none.

    The order of the checks is the real server's: it looks at `pub` and `sub` before it looks at
    the signature. A token without `exp` never expires there, and so here.
    """
    import jwt

    try:
        unchecked = jwt.decode(text, options={"verify_signature": False, "verify_exp": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise InvalidTokenError("Invalid API key") from None
    if unchecked.get("pub") is not True:
        raise InvalidTokenError("Invalid API key")
    if unchecked.get("sub") != environment:
        raise InvalidTokenError("Invalid Public Access Token")
    try:
        claims = jwt.decode(
            text,
            key.get_secret_value(),
            algorithms=["HS256"],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["iss", "aud"], "verify_iat": False},
        )
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise InvalidTokenError("Public Access Token is invalid") from None
    return _token(claims)


def _token(claims: dict[str, Any]) -> PublicToken:
    scopes = claims.get("scopes")
    realtime = claims.get("realtime")
    columns = realtime.get("skipColumns") if isinstance(realtime, dict) else None
    return PublicToken(
        scopes=frozenset(s for s in scopes if isinstance(s, str))
        if isinstance(scopes, list)
        else frozenset(),
        one_time=bool(claims.get("otu")),
        expires_at=None if claims.get("exp") is None else min(int(claims["exp"]), _LATEST),
        skip_columns=tuple(c for c in columns if isinstance(c, str))
        if isinstance(columns, list)
        else None,
    )
