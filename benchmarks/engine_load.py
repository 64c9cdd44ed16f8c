"""HTTP by bare sockets, because a client that costs more than the server measures itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass
class Connection:
    """One kept-alive connection; one request at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: str

    @classmethod
    async def open(cls, api_url: str, key: str) -> Self:
        """Connect to an engine."""
        where = urlsplit(api_url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        return cls(reader, writer, f"Host: {where.netloc}\r\nAuthorization: Bearer {key}\r\n")

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[dict[str, str], bytes]:
        """The headers and the body of an answer, which must be a success."""
        request = f"{method} {path} HTTP/1.1\r\n{self.head}Content-Length: {len(body)}\r\n\r\n"
        self.writer.write(request.encode() + body)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        answer = await self.reader.readexactly(int(headers.get("content-length", 0)))
        if not lines[0].split()[1].startswith("2"):
            raise RuntimeError(f"{method} {path}: {lines[0]} {answer[:200]!r}")
        return headers, answer

    async def json(self, method: str, path: str, body: Any = None) -> Any:
        """The same with JSON on both sides."""
        sent = b"" if body is None else json.dumps(body).encode()
        _, answer = await self.ask(method, path, sent)
        return json.loads(answer)

    def close(self) -> None:
        """Let go."""
        self.writer.close()


async def connections(api_url: str, key: str, count: int) -> list[Connection]:
    """Several at once."""
    return list(await asyncio.gather(*(Connection.open(api_url, key) for _ in range(count))))


async def per_second(
    workers: Sequence[Connection], each: Callable[[Connection], Awaitable[int]], seconds: float
) -> float:
    """How much `each` gets done by all connections together; it says how much it has done."""
    began = time.perf_counter()

    async def go_on(worker: Connection) -> int:
        done = 0
        while time.perf_counter() - began < seconds:
            done += await each(worker)
        return done

    done = sum(await asyncio.gather(*(go_on(worker) for worker in workers)))
    return done / (time.perf_counter() - began)
