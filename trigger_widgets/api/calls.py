"""One request with all its attempts, without I/O: what to send, and what its outcome means."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import httpx

from trigger_widgets.config import Endpoint

from . import retries, sentences
from .headers import anonymous_headers, api_headers
from .requests import Answer, Request
from .server import Server

T = TypeVar("T")
_SUCCESS = range(200, 300)
_UNAUTHORIZED = 401


class Call(Generic[T]):
    """Drives a request: `prepare`, send, then `answered` or `failed`, until there is a result.

    Both give the seconds to wait before the next attempt, or raise the final error.
    """

    def __init__(
        self,
        request: Request[T],
        server: Server,
        *,
        timeout: float,
        max_attempts: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._server = server
        self._timeout = timeout
        self._attempts = max_attempts
        self._clock = clock
        self._started = clock()
        self._attempt = 0
        self._renewed = False
        self._key = str(uuid.uuid4())
        self._content = request.content()

    def prepare(self, endpoint: Endpoint) -> dict[str, Any]:
        """The arguments of `httpx.Client.request` for the next attempt."""
        self._attempt += 1
        own = self._request.url
        headers = anonymous_headers() if own else api_headers(endpoint, self._key)
        headers |= self._request.headers
        if self._content is not None:
            headers["content-type"] = self._request.content_type
        return {
            "method": self._request.method,
            "url": own or endpoint.api_url + self._request.path,
            "params": dict(self._request.params) or None,
            "headers": headers,
            "content": self._content,
        }

    def answered(self, answer: Answer, endpoint: Endpoint) -> float | None:
        """None when there is a result."""
        if answer.status in _SUCCESS:
            self.result = self._request.decode(answer)
            return None
        if answer.status == _UNAUTHORIZED and not self._renewed and self._server.renew(endpoint):
            self._renewed = True
            return 0.0
        policy = retries.for_status(answer.status, answer.headers, self._attempts)
        if policy is not None:
            asked = retries.asked_wait(answer.status, answer.headers)
            wait = policy.wait(self._attempt, self._clock() - self._started, asked=asked)
            if wait is not None:
                return wait
        raise sentences.status_error(
            answer,
            doing=self._request.doing,
            subject=self._request.subject,
            server=self._server,
            endpoint=None if self._request.url else endpoint,
        )

    def failed(self, error: httpx.TransportError, endpoint: Endpoint) -> float:
        """There was no answer."""
        no_connection = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        policy = (
            retries.unreachable(self._attempts)
            if no_connection
            else retries.Policy(attempts=self._attempts)
        )
        wait = policy.wait(self._attempt, self._clock() - self._started)
        if wait is None:
            raise sentences.connection_error(
                error, server=self._server, timeout=self._timeout
            ) from None
        self._server.forget(endpoint)
        # an engine that was restarted is there at once: only the first, dead connection is lost
        return 0.0 if self._server.embedded and self._attempt == 1 else wait
