"""Public access tokens: narrow rights, signed here (protocol.md §1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from trigger_widgets.durations import deadline
from trigger_widgets.errors import ConfigurationError, ProtocolError, refuse_unknown

from .requests import Answer, Request

Scopes = Mapping[str, Mapping[str, Any]]
"""`{"read": {"runs": ["run_1"], "tags": "user-1"}, "write": {"runs": True}}`"""

_RESOURCES = {
    "read": ("batch", "deployments", "inputStreams", "runs", "tags", "tasks", "waitpoints"),
    "write": ("batch", "inputStreams", "runs", "tags", "tasks", "waitpoints"),
    "trigger": ("tasks",),
    "batchTrigger": ("tasks",),
}
_ALIASES = {
    "batch_trigger": "batchTrigger",
    "input_streams": "inputStreams",
    "batches": "batch",
    "wait_tokens": "waitpoints",
}
_ISSUER = "https://id.trigger.dev"
_AUDIENCE = "https://api.trigger.dev"
_LONGEST = timedelta(days=30)


def claims() -> Request[str]:
    """`POST /api/v1/auth/jwt/claims`: the id of the key's environment, a token's `sub`."""
    return Request("POST", "/api/v1/auth/jwt/claims", _subject, doing="create public tokens")


def _subject(answer: Answer) -> str:
    subject = answer.object().get("sub")
    if not isinstance(subject, str):
        raise ProtocolError("the server gave no environment id to create a token for.")
    return subject


def flatten_scopes(scopes: Scopes) -> list[str]:
    """`{"read": {"runs": [a, b]}}` as `["read:runs:a", "read:runs:b"]`; True means all of them."""
    flat: list[str] = []
    for action, resources in scopes.items():
        wire_action = _ALIASES.get(action, action)
        refuse_unknown([wire_action], _RESOURCES, of="scopes")
        for resource, ids in resources.items():
            wire_resource = _ALIASES.get(resource, resource)
            refuse_unknown([wire_resource], _RESOURCES[wire_action], of=f'scopes["{action}"]')
            flat += _flatten(f"{wire_action}:{wire_resource}", ids)
    if not flat:
        raise ConfigurationError(
            'a public token needs a scope, for instance scopes={"read": {"runs": [run.id]}}.'
        )
    return flat


def trigger_scopes(tasks: Any, *, batch: bool = False) -> Scopes:
    """What starts runs of these tasks: one id or task object, or several."""
    return {"batchTrigger" if batch else "trigger": {"tasks": tasks}}


def _flatten(prefix: str, ids: Any) -> list[str]:
    if ids is True:
        return [prefix]
    if ids is False or ids is None:
        return []
    many = [ids] if isinstance(ids, str) or not isinstance(ids, Iterable) else ids
    found = [one if isinstance(one, str) else getattr(one, "id", one) for one in many]
    if not all(isinstance(one, str) and one for one in found):
        raise ConfigurationError(f'the scope "{prefix}" takes ids, or True for all of them.')
    return [f"{prefix}:{one}" for one in found]


def sign_public_token(
    key: SecretStr,
    subject: str,
    scopes: Scopes,
    expiration_time: str | timedelta | datetime = "15m",
    *,
    one_time: bool = False,
    now: datetime | None = None,
) -> SecretStr:
    """A token that the server accepts because it is signed with the environment's own key.

    `one_time` says that it may trigger once.
    """
    now = now or datetime.now(UTC)
    expires = deadline(expiration_time, now=now)
    if not now < expires <= now + _LONGEST:
        raise ConfigurationError(
            f'a public token lives up to 30 days; "{expiration_time}" is not in that time.'
        )
    body: dict[str, Any] = {
        "sub": subject,
        "pub": True,
        "scopes": flatten_scopes(scopes),
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int(expires.timestamp()),
    }
    if one_time:
        body["otu"] = True
        # two of one second would be the same token, of which only one could be used
        body["jti"] = secrets.token_hex(8)
    # signed by hand: the header is exactly this one, and real keys are shorter than the 32 bytes
    # that JWT libraries insist on
    signed = f"{_encoded({'alg': 'HS256'})}.{_encoded(body)}"
    secret = key.get_secret_value().encode()
    signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return SecretStr(f"{signed}.{_base64(signature)}")


def require_secret_key(key: SecretStr) -> None:
    """Only an environment's secret key can sign."""
    if not key.get_secret_value().startswith("tr_"):
        raise ConfigurationError(
            "a public token cannot create other tokens; give the secret key of the environment "
            "(TRIGGER_SECRET_KEY, it starts with tr_)."
        )


def _encoded(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
