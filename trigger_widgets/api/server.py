"""Where requests go right now: the located endpoint, kept until it stops answering."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import httpx
from pydantic import SecretStr

from trigger_widgets.config import Endpoint, Locate, Token, current
from trigger_widgets.lock import Lock

from .rights import scopes_of


class Server:
    """An endpoint that is located when first needed.

    `embedded` says that the address may change: when the embedded engine was restarted, a
    connection error makes the client locate it again. `http` replaces the network. `asks` is the
    function that `locate` has its token from, if it has: what is refused is asked for again.
    """

    def __init__(
        self,
        locate: Locate,
        *,
        embedded: bool = False,
        http: httpx.MockTransport | None = None,
        asks: Callable[[], Any] | None = None,
    ) -> None:
        self._locate = locate
        self._asks = asks
        self._lock = Lock()
        self._endpoint: Endpoint | None = None
        self.embedded = embedded
        self.http = http

    @property
    def key(self) -> Hashable:
        """Equal for two servers that are the same one to a feed: same address, same rights."""
        if self.embedded:
            return ("embedded", self._locate)
        at = self.endpoint()
        rights = self._asks or at.access_token.get_secret_value()
        return (at.api_url, rights, at.preview_branch)

    @property
    def located(self) -> Endpoint | None:
        """The endpoint if it is known already."""
        return self._endpoint

    def endpoint(self) -> Endpoint:
        """The endpoint; locating it may start the embedded engine, and then takes a moment."""
        with self._lock:
            if self._endpoint is None:
                self._endpoint = self._locate()
            return self._endpoint

    def forget(self, endpoint: Endpoint) -> None:
        """`endpoint` did not answer: an embedded engine is located anew by the next request."""
        if not self.embedded:
            return
        with self._lock:
            # another thread may have found the new one already
            if self._endpoint is not None and self._endpoint.api_url == endpoint.api_url:
                self._endpoint = None

    def renew(self, endpoint: Endpoint) -> bool:
        """The server refused the token of `endpoint`: whether the next request has another one."""
        if self._asks is None:
            return False
        with self._lock:
            # another thread may have asked already
            if self._endpoint is not None and self._endpoint.access_token == endpoint.access_token:
                self._endpoint = None
        return True

    def with_token(self, token: Token) -> Server:
        """The same server, wherever it moves, with other rights."""
        return _WithToken(self, token)

    def readable_with(self, token: SecretStr | None) -> Server:
        """The server to watch what was triggered with: a public token that may trigger need not
        read, so what the trigger answered with does; a secret key may do everything itself.
        """
        if token is None or scopes_of(self.endpoint().access_token) is None:
            return self
        return self.with_token(token)

    def __str__(self) -> str:
        at = self.located
        name = "the embedded engine" if self.embedded else "the server"
        if at is None:
            return name
        return f"{name} at {at}" if self.embedded else str(at)


class _WithToken(Server):
    def __init__(self, server: Server, token: Token) -> None:
        asks = token if callable(token) else None
        super().__init__(server.endpoint, embedded=server.embedded, http=server.http, asks=asks)
        self._server = server
        self._given = token
        self._token = None if asks else current(token)

    @property
    def key(self) -> Hashable:
        if not self.embedded and self._asks is None:
            return super().key
        return (self._server.key, self._asks or self._known().get_secret_value())

    @property
    def located(self) -> Endpoint | None:
        at, token = self._server.located, self._token
        return None if at is None or token is None else replace(at, access_token=token)

    def endpoint(self) -> Endpoint:
        return replace(self._server.endpoint(), access_token=self._known())

    def forget(self, endpoint: Endpoint) -> None:
        self._server.forget(endpoint)

    def renew(self, endpoint: Endpoint) -> bool:
        if self._asks is None:
            return False
        with self._lock:
            if self._token == endpoint.access_token:
                self._token = None
        return True

    def _known(self) -> SecretStr:
        with self._lock:
            if self._token is None:
                self._token = current(self._given)
            return self._token
