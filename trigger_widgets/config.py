"""Which server, with which key: arguments first, then `TRIGGER_*`, else the embedded engine."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from .errors import ConfigurationError
from .secret import Secret

unattended: ContextVar[bool] = ContextVar("trigger_widgets_unattended", default=False)
"""Whether a server is looked for only to reconnect to it. Then an engine that somebody has stopped
stays so, and `EngineStoppedError` is raised."""

CLOUD_URL = "https://api.trigger.dev"


@dataclass(frozen=True)
class Endpoint:
    """A server and the right to speak to it. The token never shows in a repr."""

    api_url: str
    access_token: SecretStr
    preview_branch: str | None = None

    def __str__(self) -> str:
        return self.api_url


Token = str | SecretStr | Secret | Callable[[], str | SecretStr | Awaitable[str | SecretStr]]
"""A key or token, or what gives one, which may be a coroutine function: it is asked again when the
server no longer takes the last."""

Locate = Callable[[], Endpoint]
"""Finds the server when a request needs it. The embedded one is started by it, and may have
another address the next time it is asked."""


def locate(
    *,
    api_url: str | None = None,
    access_token: Token | None = None,
    preview_branch: str | None = None,
    embedded: Locate | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Locate:
    """Decide once where a client's requests go.

    A token without an address means Trigger.dev Cloud, as in the official SDK. Neither means the
    embedded engine, which `embedded` finds or starts. An address without a token is a mistake.
    """
    token = access_token or environ.get("TRIGGER_SECRET_KEY") or environ.get("TRIGGER_ACCESS_TOKEN")
    given = api_url or environ.get("TRIGGER_API_URL")
    url = _checked(given) if given else None
    branch = (
        preview_branch or environ.get("TRIGGER_PREVIEW_BRANCH") or environ.get("TRIGGER_DEV_BRANCH")
    )
    if not token:
        if url:
            raise ConfigurationError(
                f"there is no key for {url}; set TRIGGER_SECRET_KEY, or give access_token=…"
            )
        if embedded is None:
            raise ConfigurationError(
                "there is no server to speak to; set TRIGGER_SECRET_KEY and TRIGGER_API_URL."
            )
        return embedded
    at = url or CLOUD_URL
    if callable(token):
        return lambda: Endpoint(at, current(token), branch)
    endpoint = Endpoint(at, secret(token), branch)
    return lambda: endpoint


def _checked(url: str) -> str:
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        complete = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        complete = False
    if not complete:
        # what is no address may be a key in the wrong place, and is not repeated
        shown = f'"{url}"' if url.startswith("http") and "@" not in url else "what was given"
        raise ConfigurationError(
            f'{shown} is not the address of a server; it looks like "https://api.trigger.dev".'
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            f"the address of {parts.hostname} holds more than an address; give the key as "
            "access_token=… or by TRIGGER_SECRET_KEY, and the address alone."
        )
    return url


def current(token: Token) -> SecretStr:
    """The token itself, asked for where it is a function."""
    if not callable(token):
        return secret(token)
    given: Any = token()
    if inspect.isawaitable(given):
        given = _awaited(given)
    if not isinstance(given, str | SecretStr):
        raise ConfigurationError(
            f"the function that was given as access_token gave {type(given).__name__}, not a text."
        )
    return secret(given)


def _awaited(given: Awaitable[Any]) -> Any:
    """On an event loop of its own: this thread may have none, or one that waits for us."""

    async def wait() -> Any:
        return await given

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, wait()).result()


def secret(token: str | SecretStr | Secret) -> SecretStr:
    """A token that does not show itself, without the space around a copied one."""
    text = (token if isinstance(token, str) else token.get_secret_value()).strip()
    # an HTTP header cannot carry anything else, and the error of one would quote it
    if not text or not all("!" <= char <= "~" for char in text):
        raise ConfigurationError(
            "the key has characters that no key has (a line break, a space, a quote mark?); "
            "copy it again."
        )
    return SecretStr(text)
