"""Sends requests: one transport with `httpx.Client`, its twin with `httpx.AsyncClient`."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
import time
import weakref
from typing import Any, TypeVar

import httpx

from trigger_widgets.config import Endpoint
from trigger_widgets.lock import Lock

from .calls import Call
from .requests import Answer, Request
from .server import Server

T = TypeVar("T")
_CONNECT_TIMEOUT = 5.0
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for the process: making one reads all root certificates, which takes milliseconds."""
    return httpx.create_ssl_context()


def client_options(*, read_timeout: float) -> dict[str, Any]:
    """How every httpx client of ours is set up.

    Redirects are not followed (the key would travel), proxies are never used for loopback, and
    the pool has no limit: a held poll must not keep another request waiting.
    """
    return {
        "follow_redirects": False,
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=20),
        "mounts": {f"all://{host}": None for host in _LOOPBACK},
        "timeout": httpx.Timeout(read_timeout, connect=_CONNECT_TIMEOUT),
        "verify": _tls(),
    }


def to_answer(response: httpx.Response) -> Answer:
    """An httpx response as plain data."""
    return Answer(response.status_code, dict(response.headers), response.content)


class Transport:
    """Sends requests and waits for their results; may be used from any thread."""

    def __init__(self, server: Server, *, timeout: float = 60, max_attempts: int = 5) -> None:
        self.server = server
        self.timeout = timeout
        self.max_attempts = max_attempts
        self._client: httpx.Client | None = None
        self._lock = Lock()

    def on(self, server: Server) -> Transport:
        """The same for another server, or for other rights on this one."""
        if server is self.server:
            return self
        return Transport(server, timeout=self.timeout, max_attempts=self.max_attempts)

    def send(self, request: Request[T]) -> T:
        """The result; raises `APIConnectionError`, `APIStatusError` or `ProtocolError`."""
        call = Call(request, self.server, timeout=self.timeout, max_attempts=self.max_attempts)
        while True:
            endpoint = self.server.endpoint()
            try:
                answer = to_answer(self._open().request(**call.prepare(endpoint)))
            except httpx.TransportError as error:
                wait: float | None = call.failed(error, endpoint)
            else:
                wait = call.answered(answer, endpoint)
            if wait is None:
                return call.result
            time.sleep(wait)

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                options = client_options(read_timeout=self.timeout)
                self._client = httpx.Client(transport=self.server.http, **options)
                # nobody closes a client in a notebook cell
                weakref.finalize(self, self._client.close)
            return self._client


class AsyncTransport:
    """The twin for asyncio. Its connections belong to the loop that uses them."""

    def __init__(self, server: Server, *, timeout: float = 60, max_attempts: int = 5) -> None:
        self.server = server
        self.timeout = timeout
        self.max_attempts = max_attempts
        self._client: tuple[asyncio.AbstractEventLoop, httpx.AsyncClient] | None = None

    def on(self, server: Server) -> AsyncTransport:
        """The same for another server, or for other rights on this one."""
        if server is self.server:
            return self
        return AsyncTransport(server, timeout=self.timeout, max_attempts=self.max_attempts)

    async def send(self, request: Request[T]) -> T:
        """As `Transport.send`."""
        call = Call(request, self.server, timeout=self.timeout, max_attempts=self.max_attempts)
        while True:
            endpoint = await self.endpoint()
            try:
                response = await self._open().request(**call.prepare(endpoint))
            except httpx.TransportError as error:
                wait: float | None = call.failed(error, endpoint)
            else:
                wait = call.answered(to_answer(response), endpoint)
            if wait is None:
                return call.result
            await asyncio.sleep(wait)

    async def endpoint(self) -> Endpoint:
        """The server's endpoint; locating it may start the engine, so not on this loop."""
        return await asyncio.to_thread(self.server.endpoint)

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        opened, self._client = self._client, None
        if opened is not None and opened[0] is asyncio.get_running_loop():
            with contextlib.suppress(RuntimeError):
                await opened[1].aclose()

    def _open(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._client is None or self._client[0] is not loop:
            options = client_options(read_timeout=self.timeout)
            self._client = (loop, httpx.AsyncClient(transport=self.server.http, **options))
        return self._client[1]
