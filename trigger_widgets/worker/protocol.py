"""The requests of a Trigger.dev development worker, one method each (worker-protocol.md §2 to §7).

All query parameters are this project's, and a real server ignores them: its engine holds a request
until there is something to say (`wait`, `after`), and hands over runs that it has started (`key`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
from httpx_sse import EventSource

from trigger_widgets.api import sentences
from trigger_widgets.api.headers import api_headers, common_headers
from trigger_widgets.api.requests import Answer
from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import client_options, to_answer
from trigger_widgets.config import Endpoint, Locate
from trigger_widgets.errors import APIConnectionError, APIStatusError, TriggerError
from trigger_widgets.tasks.input_position import InputPosition
from trigger_widgets.tasks.manifest import TaskManifest, content_hash
from trigger_widgets.version import __version__

_TIMEOUT = 30.0
_HOLD_MARGIN = 10.0
_ERROR_STATUS = 400
_LATER = (408, 425, 429, 502, 503, 504)


class Registered(NamedTuple):
    """What the server calls this worker: its id and the version of its tasks."""

    worker_id: str
    version: str


class Snapshot(NamedTuple):
    """One state of a run's execution; start and complete must name the latest."""

    id: str
    status: str


class Asking(NamedTuple):
    """For runs to be handed over: the key of the request, and whether it was sent before."""

    key: str
    again: bool

    def __str__(self) -> str:
        return f"key={self.key}&again" if self.again else f"key={self.key}"


class Next(NamedTuple):
    """A worker that wants another run in the place of one that it completes."""

    worker_id: str
    asking: Asking


class WorkerApi:
    """Speaks to one server, wherever it is now. Used on one event loop."""

    def __init__(self, locate: Locate) -> None:
        self._server = Server(locate, embedded=True)
        self._http: httpx.AsyncClient | None = None
        self.connections_lost = 0
        """How often no answer came: whoever sees it grow registers again."""

    async def register(
        self, project_ref: str, tasks: Sequence[TaskManifest], process: dict[str, Any]
    ) -> Registered:
        """Announce the tasks of this process, in place of those announced before."""
        salt = json.dumps([process["origin"], process["pid"], process["started"]])
        body = {
            "localOnly": True,
            "engine": "V2",
            "supportsLazyAttempts": True,
            "metadata": {
                "packageVersion": __version__,
                "contentHash": content_hash(tasks, salt),
                "runtime": "python",
                "tasks": [task.to_wire() for task in tasks],
                "process": process,
            },
        }
        path = f"/api/v1/projects/{quote(project_ref, safe='')}/background-workers"
        answer = await self.call("POST", path, body, doing="register tasks")
        return Registered(answer["id"], answer["version"])

    async def dequeue(
        self, worker_id: str, wait: float, asking: Asking, most: int
    ) -> list[dict[str, Any]]:
        """The next runs for this worker, held up to `wait` seconds; at most one from a real server,
        at most `most` from ours, which come with the answer to their `start`.
        """
        body = {"currentWorker": worker_id, "oldWorkers": []}
        path = f"/engine/v1/dev/dequeue?wait={wait:g}&runs={most}&{asking}"
        answer = await self.call("POST", path, body, timeout=wait + _HOLD_MARGIN)
        return list(answer["dequeuedMessages"])

    async def start(self, run_id: str, snapshot_id: str) -> dict[str, Any]:
        """Begin an attempt; the answer holds the payload and the new snapshot."""
        path = _snapshot_path(run_id, snapshot_id) + "/attempts/start"
        return dict(await self.call("POST", path, {}))

    async def complete(
        self,
        run_id: str,
        snapshot_id: str,
        completion: dict[str, Any],
        following: Next | None = None,
    ) -> dict[str, Any]:
        """End an attempt; `result` says what becomes of the run. Ours has more `dequeuedMessages`
        for who wants a `following` run.
        """
        path = _snapshot_path(run_id, snapshot_id) + "/attempts/complete"
        if following is not None:
            path += f"?next={following.worker_id}&{following.asking}"
        return dict(await self.call("POST", path, {"completion": completion}))

    async def heartbeat(self, run_id: str, snapshot_id: str) -> None:
        """Say that the run is still being worked on."""
        await self.call("POST", _snapshot_path(run_id, snapshot_id) + "/heartbeat", {})

    async def latest(
        self, run_id: str, after: str | None = None, wait: float = 0
    ) -> dict[str, Any]:
        """The latest execution; with `after`, held until it is no longer that snapshot."""
        held = f"?after={after}&wait={wait:g}" if after else ""
        path = f"/engine/v1/dev/runs/{run_id}/snapshots/latest{held}"
        return dict((await self.call("GET", path, timeout=wait + _HOLD_MARGIN))["execution"])

    async def retrieve(self, run_id: str) -> dict[str, Any]:
        """The run as the API shows it."""
        return dict(await self.call("GET", f"/api/v3/runs/{run_id}"))

    async def disconnect(self, worker_id: str | None, run_ids: Sequence[str]) -> None:
        """A clean end: the server cancels these runs and expects nothing more of the worker."""
        body: dict[str, Any] = {"runFriendlyIds": list(run_ids)}
        if worker_id is not None:
            body["worker"] = worker_id
        await self.call("POST", "/engine/v1/dev/disconnect", body)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        timeout: float = _TIMEOUT,  # noqa: ASYNC109 - httpx takes it
        doing: str | None = None,
    ) -> Any:
        """One request, tried once, and its decoded answer; `ProtocolError` if that is not JSON."""
        answer = await self.send(method, path, body, timeout=timeout, doing=doing)
        return answer.json() if answer.body else None

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        doing: str | None = None,
    ) -> Answer:
        """One request, repeated for as long as there is no server to answer it."""
        backoff, key = Backoff(), str(uuid.uuid4())
        while True:
            try:
                return await self.send(
                    method, path, body, content=content, headers=headers, doing=doing, key=key
                )
            except APIConnectionError:
                await asyncio.sleep(backoff.next())
            except APIStatusError as e:
                if e.status not in _LATER:
                    raise
                await asyncio.sleep(backoff.next())

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content: AsyncIterable[bytes] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = _TIMEOUT,  # noqa: ASYNC109 - httpx takes it
        doing: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """One request, tried once. `content` is a body that is not JSON, sent in these very
        pieces; `key` is that of an earlier attempt.

        `APIConnectionError` without an answer, the `APIStatusError` of an error status.
        """
        endpoint = await self._locate()
        return await self.exchange(
            method,
            endpoint.api_url + path,
            {
                **api_headers(endpoint, key or str(uuid.uuid4())),
                **(headers or {}),
            },
            endpoint,
            content=content,
            body=body,
            timeout=timeout,
            doing=doing or f"{method} {path.partition('?')[0]}",
        )

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        endpoint: Endpoint | None = None,
        *,
        body: Any = None,
        content: AsyncIterable[bytes] | bytes | None = None,
        timeout: float = _TIMEOUT,  # noqa: ASYNC109 - httpx takes it
        doing: str,
    ) -> Answer:
        """One request to any address, errors as those of `send`."""
        endpoint = endpoint or await self._locate()
        try:
            response = await self._client().request(
                method,
                url,
                json=body,
                content=content,
                headers=dict(headers),
                timeout=timeout,
            )
        except httpx.TransportError as e:
            self.connections_lost += 1
            self._server.forget(endpoint)
            raise sentences.connection_error(e, server=self._server, timeout=timeout) from None
        answer = to_answer(response)
        if answer.status >= _ERROR_STATUS:
            raise sentences.status_error(
                answer, doing=doing, subject="", server=self._server, endpoint=endpoint
            )
        return answer

    async def read_stream(self, path: str, stream: InputPosition, seconds: float) -> list[Any]:
        """The next parts of a stream, from where its reader is; none after `seconds`. Errors as
        those of `send`.
        """
        endpoint = await self._locate()
        headers = {
            **common_headers(endpoint), **stream.headers(),
            "accept": "text/event-stream", "accept-encoding": "identity",
        }  # fmt: skip
        url = endpoint.api_url + path
        try:
            async with (
                asyncio.timeout(seconds),
                self._client().stream("GET", url, headers=headers, timeout=None) as response,
            ):
                if response.status_code >= _ERROR_STATUS:
                    await response.aread()
                    raise sentences.status_error(
                        to_answer(response),
                        doing=f"read {path}",
                        subject="",
                        server=self._server,
                        endpoint=endpoint,
                    )
                stream.opened(response.headers)
                async with contextlib.aclosing(EventSource(response).aiter_sse()) as events:
                    async for event in events:
                        if parts := stream.event(event.event, event.data, event.id):
                            return parts
        except TimeoutError:
            pass
        except httpx.TransportError as e:
            self.connections_lost += 1
            self._server.forget(endpoint)
            raise sentences.connection_error(e, server=self._server, timeout=seconds) from None
        return []

    async def _locate(self) -> Endpoint:
        if (located := self._server.located) is not None:
            return located  # no thread: at the end of the interpreter there are no more of them
        try:
            # finding the engine reads files, and may start it
            return await asyncio.to_thread(self._server.endpoint)
        except TriggerError as e:
            self.connections_lost += 1
            raise APIConnectionError(str(e)) from e

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(**client_options(read_timeout=_TIMEOUT))
        return self._http

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None


class Backoff:
    """Seconds between attempts while the server is away: soon at first, then every few seconds."""

    def __init__(self, first: float = 0.05, longest: float = 2.0) -> None:
        self._first = first
        self._longest = longest
        self._next = first
        self.since = time.monotonic()

    def next(self) -> float:
        """How long to wait now."""
        wait, self._next = self._next, min(self._next * 1.6, self._longest)
        return wait

    def reset(self) -> None:
        """The server is back."""
        self._next = self._first
        self.since = time.monotonic()


def _snapshot_path(run_id: str, snapshot_id: str) -> str:
    return f"/engine/v1/dev/runs/{run_id}/snapshots/{snapshot_id}"
