"""What a client is made from: its options, and the server that they mean."""

from __future__ import annotations

from typing import Any, TypedDict

from pydantic import SecretStr

from trigger_widgets import config
from trigger_widgets.api.server import Server
from trigger_widgets.config import Endpoint, Locate, Token
from trigger_widgets.errors import ConfigurationError, refuse_unknown

from .shared import _Shared


class ClientOptions(TypedDict, total=False):
    """`timeout` is in seconds and for one attempt; `secret_key` is another name of the token.

    `access_token` may be a function that gives one: it is asked when a token is needed first, and
    again when the server no longer takes it, from any thread. A coroutine function is run on an
    event loop of its own.
    """

    api_url: str | None
    access_token: Token | None
    secret_key: str | SecretStr | None
    preview_branch: str | None
    timeout: float
    max_attempts: int


def use_embedded(locate: Locate) -> None:
    """Say how the embedded engine is found and started: the runtime does, once."""
    _Shared.embedded = locate


def server_of(options: ClientOptions, *, of: str) -> Server:
    """The server that a client's options and `TRIGGER_*` mean."""
    refuse_unknown(options, ClientOptions.__annotations__, of=of)
    token, secret = options.get("access_token"), options.get("secret_key")
    if token and secret:
        raise ConfigurationError(f"{of} takes access_token or secret_key, not both.")
    locate = config.locate(
        api_url=options.get("api_url"),
        access_token=token or secret,
        preview_branch=options.get("preview_branch"),
        embedded=_locate_embedded,
    )
    asks = token if callable(token) else None
    return Server(locate, embedded=locate is _locate_embedded, asks=asks)


def sending(options: ClientOptions) -> dict[str, Any]:
    """The options that are a transport's."""
    return {name: options[name] for name in ("timeout", "max_attempts") if name in options}


def _locate_embedded() -> Endpoint:
    if _Shared.embedded is None:
        raise ConfigurationError(
            "there is no server to speak to; set TRIGGER_SECRET_KEY and TRIGGER_API_URL."
        )
    return _Shared.embedded()
