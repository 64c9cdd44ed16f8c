"""Writes the parts of streams as the official SDK does (worker-protocol.md §7, protocol.md §5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from trigger_widgets.api.streams import StreamTarget, open_stream, write_path
from trigger_widgets.errors import APIConnectionError, APIStatusError
from trigger_widgets.tasks.link import Parts

from .protocol import WorkerApi


class StreamWriter:
    """One stream of one attempt; one write at a time. What was written may be written again when
    its answer was lost: v1 is asked what it has, and on v2 each part has an id.
    """

    def __init__(self, api: WorkerApi, run_id: str, stream: str) -> None:
        self._api = api
        self._run_id = run_id
        self._stream = stream
        self._target: StreamTarget | None = None
        self._is_sure = True

    async def write(self, parts: Parts) -> None:
        """Have them stored; tried once, but for a target that is no longer good."""
        known = self._target is not None
        try:
            await self._write(parts)
        except APIConnectionError:
            self._target, self._is_sure = None, False  # the server may come back elsewhere
            raise
        except APIStatusError:
            if not known:
                raise
            self._target = None
            await self._write(parts)

    async def _write(self, parts: Parts) -> None:
        target = self._target or await self._open()
        self._target = target
        if target.version == "v1":
            await self._write_lines(parts)
        else:
            await self._write_records(target, parts)
        self._is_sure = True

    async def _open(self) -> StreamTarget:
        request = open_stream(self._run_id, self._stream)
        answer = await self._api.send(request.method, request.path, doing=request.doing)
        return request.decode(answer)

    async def _write_lines(self, parts: Parts) -> None:
        path = write_path(self._run_id, self._stream)
        texts, first = parts.texts, parts.first
        headers = {"x-client-id": parts.writer, "x-stream-version": "v1"}
        if not self._is_sure:
            stored = await self._last_chunk(path, headers)
            skip = min(max(0, stored + 1 - first), len(texts))
            texts, first = texts[skip:], first + skip
        if texts:
            await self._api.send(
                "POST",
                path,
                content=_lines(texts),
                headers={
                    **headers,
                    "x-resume-from-chunk": str(first),
                    "content-type": "application/x-ndjson",
                },
                doing=self._doing,
            )

    async def _last_chunk(self, path: str, headers: dict[str, str]) -> int:
        """The number of the last part that the server has of this writer, -1 if it has none."""
        answer = await self._api.send("HEAD", path, headers=headers, doing=self._doing)
        text = answer.headers.get("x-last-chunk-index", "-1")
        return int(text) if text.isdecimal() else -1

    async def _write_records(self, target: StreamTarget, parts: Parts) -> None:
        records = [
            {"body": f'{{"data":{text},"id":"{parts.writer}-{number:x}"}}'}
            for number, text in enumerate(parts.texts, parts.first)
        ]
        headers: dict[str, str] = {"s2-format": "raw"}
        if target.access_token is not None:
            headers["authorization"] = f"Bearer {target.access_token.get_secret_value()}"
        if target.basin is not None:
            headers["s2-basin"] = target.basin
        name = quote(target.name or "", safe="")
        url = f"{target.endpoint}/streams/{name}/records"
        body: dict[str, Any] = {"records": records}
        await self._api.exchange("POST", url, headers, body=body, doing=self._doing)

    @property
    def _doing(self) -> str:
        return f"write to the stream {self._stream} of {self._run_id}"


async def _lines(texts: list[str]) -> AsyncIterator[bytes]:
    # each in an HTTP chunk of its own: v1 readers get one event id a chunk
    for text in texts:
        yield text.encode() + b"\n"


class StreamWriters:
    """The writers of a worker's runs."""

    def __init__(self, api: WorkerApi) -> None:
        self._api = api
        self._writers: dict[str, dict[tuple[str, str], StreamWriter]] = {}

    async def write(self, run_id: str, parts: Parts) -> None:
        """Have parts of a run stored."""
        of_run = self._writers.setdefault(run_id, {})
        key = (parts.stream, parts.writer)
        if key not in of_run:
            of_run[key] = StreamWriter(self._api, parts.target or run_id, parts.stream)
        await of_run[key].write(parts)

    def forget(self, run_id: str) -> None:
        """The run has ended."""
        self._writers.pop(run_id, None)
