"""Which server, with which key: arguments first, then `TRIGGER_*`, else the embedded engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from .errors import ConfigurationError

CLOUD_URL = "https://api.trigger.dev"


@dataclass(frozen=True)
class Endpoint:
    """A server and the right to speak to it. The token never shows in a repr."""

    api_url: str
    access_token: SecretStr
    preview_branch: str | None = None

    def __str__(self) -> str:
        return self.api_url


Locate = Callable[[], Endpoint]
"""Finds the server when a request needs it. The embedded one is started by it, and may have
another address the next time it is asked."""


def locate(
    *,
    api_url: str | None = None,
    access_token: str | SecretStr | None = None,
    preview_branch: str | None = None,
    embedded: Locate | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Locate:
    """Decide once where a client's requests go.

    A token without an address means Trigger.dev Cloud, as in the official SDK. Neither means the
    embedded engine, which `embedded` finds or starts. An address without a token is a mistake.
    """
    token = access_token or environ.get("TRIGGER_SECRET_KEY") or environ.get("TRIGGER_ACCESS_TOKEN")
    url = api_url or environ.get("TRIGGER_API_URL")
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
    endpoint = Endpoint(_checked(url or CLOUD_URL), secret(token), branch)
    return lambda: endpoint


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f'"{url}" is not the address of a server; it looks like "https://api.trigger.dev".'
        )
    return url.rstrip("/")


def secret(token: str | SecretStr) -> SecretStr:
    """A token that does not show itself."""
    return token if isinstance(token, SecretStr) else SecretStr(token)
