"""What a token may do, as far as it says so itself: a control that cannot work is not shown."""

from __future__ import annotations

import jwt
from pydantic import SecretStr

from trigger_widgets.models import Run


def scopes_of(token: SecretStr) -> frozenset[str] | None:
    """The scopes of a public token; None for a secret key, which may do everything.

    The signature is not checked: the server does that, this only decides what to offer.
    """
    try:
        claims = jwt.decode(token.get_secret_value(), options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    scopes = claims.get("scopes")
    return frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset()


def may_cancel(token: SecretStr, run: Run) -> bool:
    """Cancelling needs `write:runs` or `write:runs:<id>` (protocol.md §1)."""
    scopes = scopes_of(token)
    enough = {"admin", "write:all", "write:runs", f"write:runs:{run.id}"}
    return scopes is None or bool(scopes & enough)


def may_complete(token: SecretStr, wait_token: str) -> bool:
    """Completing needs `write:waitpoints` or `write:waitpoints:<id>` (protocol.md §1)."""
    scopes = scopes_of(token)
    enough = {"admin", "write:all", "write:waitpoints", f"write:waitpoints:{wait_token}"}
    return scopes is None or bool(scopes & enough)


def may_send(token: SecretStr, run_id: str) -> bool:
    """Sending to input streams needs `write:inputStreams` or `write:inputStreams:<run>` (§1)."""
    scopes = scopes_of(token)
    enough = {"admin", "write:all", "write:inputStreams", f"write:inputStreams:{run_id}"}
    return scopes is None or bool(scopes & enough)


def may_replay(token: SecretStr) -> bool:
    """Only a secret key may; a public token is refused whatever its scopes (protocol.md §1)."""
    return scopes_of(token) is None


def may_read_wait_tokens(token: SecretStr) -> bool:
    """Only a secret key may: no public token retrieves or lists them (protocol.md §1)."""
    return scopes_of(token) is None


def may_cancel_runs(token: SecretStr) -> bool:
    """Whether it can cancel any run, not only one that its scopes name."""
    scopes = scopes_of(token)
    return scopes is None or bool(scopes & {"admin", "write:all", "write:runs"})
