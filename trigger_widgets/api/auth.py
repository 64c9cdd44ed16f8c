"""Public access tokens: narrow rights, signed here or by the server (protocol.md §1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from trigger_widgets.durations import Moment, deadline
from trigger_widgets.errors import ConfigurationError, ProtocolError, refuse_unknown

from .columns import wire_columns
from .refs import Ref
from .requests import Answer, Request
from .scopes import Scopes, flatten_scopes, trigger_scopes

_ISSUER = "https://id.trigger.dev"
_AUDIENCE = "https://api.trigger.dev"
_LONGEST = timedelta(days=30)
_ADDITIONAL_KEY = re.compile(r"tr_(dev|stg|prod|preview)_sk_[0-9a-zA-Z]{24}")


@dataclass(frozen=True)
class Minting:
    """A token to be made. `one_time` says that it may trigger once."""

    scopes: list[str]
    expires: datetime
    one_time: bool = False
    skip_columns: list[str] = field(default_factory=list)

    def sign(self, key: SecretStr, subject: str) -> SecretStr:
        """The token, signed with the environment's own key; `subject` is the environment's id."""
        return sign(key, {"sub": subject, "pub": True, **self.claims()}, self.expires)

    def claims(self) -> dict[str, Any]:
        """What it may do, as claims."""
        found: dict[str, Any] = {"scopes": self.scopes}
        if self.skip_columns:
            found["realtime"] = {"skipColumns": self.skip_columns}
        if self.one_time:
            found["otu"] = True
            # two of one second would be the same token, of which only one could be used
            found["jti"] = secrets.token_hex(8)
        return found

    def request(self) -> Request[SecretStr]:
        """`POST /api/v1/auth/public-tokens`: the server signs."""
        body: dict[str, Any] = {
            "scopes": self.scopes,
            "expirationTime": int(self.expires.timestamp()),
        }
        if self.skip_columns:
            body["realtime"] = {"skipColumns": self.skip_columns}
        if self.one_time:
            body["oneTimeUse"] = True
        return Request(
            "POST",
            "/api/v1/auth/public-tokens",
            _token,
            doing="create public tokens",
            subject="way to create public tokens for an additional key",
            body=body,
        )


def create_public_token(
    *,
    scopes: Scopes,
    expiration_time: Moment = "15m",
    realtime: Mapping[str, Any] | None = None,
) -> Minting:
    """A token with narrow rights, as `{"read": {"runs": [run.id]}}`; True means all of them.

    `expiration_time` is a duration ("1h", a timedelta) or a moment (a datetime, seconds since
    1970), at most 30 days away. `realtime={"skip_columns": ["payload"]}` keeps columns from
    whoever watches runs with it.
    """
    return _minting(flatten_scopes(scopes), expiration_time, realtime)


def create_trigger_public_token(
    tasks: Ref | Iterable[Ref],
    *,
    multiple_use: bool = False,
    expiration_time: Moment = "15m",
    realtime: Mapping[str, Any] | None = None,
) -> Minting:
    """A token that may trigger these tasks and nothing else; once, unless `multiple_use`.

    Trigger.dev 4.5.12 accepts only the first one-time token of an environment ever: there, use
    `multiple_use=True`.
    """
    scopes = flatten_scopes(trigger_scopes(tasks))
    return _minting(scopes, expiration_time, realtime, one_time=not multiple_use)


def create_batch_trigger_public_token(
    tasks: Ref | Iterable[Ref],
    *,
    multiple_use: bool = False,
    expiration_time: Moment = "15m",
    realtime: Mapping[str, Any] | None = None,
) -> Minting:
    """As `create_trigger_public_token`, for batches."""
    scopes = flatten_scopes(trigger_scopes(tasks, batch=True))
    return _minting(scopes, expiration_time, realtime, one_time=not multiple_use)


def _minting(
    scopes: list[str],
    expiration_time: Moment,
    realtime: Mapping[str, Any] | None,
    *,
    one_time: bool = False,
) -> Minting:
    now = datetime.now(UTC)
    expires = deadline(expiration_time, now=now)
    if not now < expires <= now + _LONGEST:
        raise ConfigurationError(
            f'a public token lives up to 30 days; "{expiration_time}" is not in that time '
            "(a number means seconds since 1970)."
        )
    realtime = realtime or {}
    refuse_unknown(realtime, ["skip_columns"], of="realtime")
    columns = wire_columns(realtime.get("skip_columns", ()), of='realtime["skip_columns"]')
    return Minting(scopes, expires, one_time, columns)


def can_sign(key: SecretStr) -> bool:
    """Whether a secret key signs by itself; an additional one cannot, because the server knows
    its hash alone. `ConfigurationError` for a public token.
    """
    text = key.get_secret_value()
    if not text.startswith("tr_"):
        raise ConfigurationError(
            "a public token cannot create other tokens; give the secret key of the environment "
            "(TRIGGER_SECRET_KEY, it starts with tr_)."
        )
    return _ADDITIONAL_KEY.fullmatch(text) is None


def claims() -> Request[str]:
    """`POST /api/v1/auth/jwt/claims`: the id of the key's environment, a token's `sub`."""
    return Request("POST", "/api/v1/auth/jwt/claims", _subject, doing="create public tokens")


def _subject(answer: Answer) -> str:
    subject = answer.object().get("sub")
    if not isinstance(subject, str):
        raise ProtocolError("the server gave no environment id to create a token for.")
    return subject


def _token(answer: Answer) -> SecretStr:
    token = answer.object().get("token")
    if not isinstance(token, str):
        raise ProtocolError("the server created a public token without giving it.")
    return SecretStr(token)


def sign(key: SecretStr, claims: Mapping[str, Any], expires: datetime) -> SecretStr:
    """A token that the server accepts because it is signed with the environment's own key."""
    body = {
        **claims,
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "iat": int(datetime.now(UTC).timestamp()),
        "exp": int(expires.timestamp()),
    }
    # signed by hand: the header is exactly this one, and real keys are shorter than the 32 bytes
    # that JWT libraries insist on
    signed = f"{_encoded({'alg': 'HS256'})}.{_encoded(body)}"
    secret = key.get_secret_value().encode()
    signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return SecretStr(f"{signed}.{_base64(signature)}")


def _encoded(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
