"""Where requests go right now: the located endpoint, kept until it stops answering."""

from __future__ import annotations

import threading
from collections.abc import Hashable

import httpx

from trigger_widgets.config import Endpoint, Locate


class Server:
    """An endpoint that is located when first needed.

    `embedded` says that the address may change: when the embedded engine was restarted, a
    connection error makes the client locate it again. `http` replaces the network.
    """

    def __init__(
        self, locate: Locate, *, embedded: bool = False, http: httpx.MockTransport | None = None
    ) -> None:
        self._locate = locate
        self._lock = threading.Lock()
        self._endpoint: Endpoint | None = None
        self.embedded = embedded
        self.http = http

    @property
    def key(self) -> Hashable:
        """Equal for two servers that are the same one to a feed: same address, same rights."""
        if self.embedded:
            return ("embedded", self._locate)
        at = self.endpoint()
        return (at.api_url, at.access_token.get_secret_value(), at.preview_branch)

    def endpoint(self) -> Endpoint:
        """The endpoint; locating it may start the embedded engine, and then takes a moment."""
        with self._lock:
            if self._endpoint is None:
                self._endpoint = self._locate()
            return self._endpoint

    @property
    def located(self) -> Endpoint | None:
        """The endpoint if it is known already."""
        return self._endpoint

    def forget(self, endpoint: Endpoint) -> None:
        """`endpoint` did not answer: an embedded engine is located anew by the next request."""
        if not self.embedded:
            return
        with self._lock:
            # another thread may have found the new one already
            if self._endpoint == endpoint:
                self._endpoint = None

    def __str__(self) -> str:
        at = self._endpoint
        name = "the embedded engine" if self.embedded else "the server"
        if at is None:
            return name
        return f"{name} at {at}" if self.embedded else str(at)
