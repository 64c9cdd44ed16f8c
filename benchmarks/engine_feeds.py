"""One run, and many who watch it: how soon each of them knows of a change."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

from .engine_load import Connection, connections
from .measure import percentile
from .registry import benchmark
from .report import Row
from .servers import Dev, dev

_CHANGES = 20
_SUBSCRIBERS = {10: ("p95", 95, "ours < 20"), 100: ("p95", 95, None), 500: ("last", 100, None)}
_TARGET_OF_ALL = "ours < 2000"


async def _follow(connection: Connection, run: str, latencies: list[list[float]]) -> None:
    """Live polls, as a client makes them, until every change was seen."""
    path = f"/realtime/v1/runs/{run}"
    headers, _ = await connection.ask("GET", f"{path}?offset=-1")
    seen = 0
    while seen < _CHANGES:
        offset, handle = headers["electric-chunk-last-offset"], headers["electric-shape-id"]
        query = f"{path}?offset={offset}&handle={handle}&live=true"
        headers, answer = await connection.ask("GET", query)
        now = time.time()
        for message in json.loads(answer):
            metadata = json.loads(message.get("value", {}).get("metadata") or "{}")
            if "at" in metadata and metadata["number"] > seen:
                seen = metadata["number"]
                latencies[seen - 1].append(1000 * (now - metadata["at"]))


async def _measure(server: Dev, subscribers: int) -> list[list[float]]:
    """For each change, when each subscriber knew it."""
    (writer,) = await connections(server.api_url, server.secret_key, 1)
    run = (await writer.json("POST", "/api/v1/tasks/nobody/trigger", {}))["id"]
    readers = await connections(server.api_url, server.secret_key, subscribers)
    latencies: list[list[float]] = [[] for _ in range(_CHANGES)]
    following = [asyncio.create_task(_follow(reader, run, latencies)) for reader in readers]
    for number in range(1, _CHANGES + 1):
        await asyncio.sleep(0.3)
        body = {"metadata": {"number": number, "at": time.time()}}
        await writer.json("PUT", f"/api/v1/runs/{run}/metadata", body)
        while len(latencies[number - 1]) < subscribers:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    await asyncio.gather(*following)
    for connection in (writer, *readers):
        connection.close()
    return latencies


@benchmark
def fan_out() -> Iterator[Row]:
    """From the sending of a change to its arrival."""
    with dev(Path(__file__).with_name("tasks.py")) as server:
        for subscribers, (word, percent, target) in _SUBSCRIBERS.items():
            changes = asyncio.run(_measure(server, subscribers))[2:]
            worst = [percentile(change, percent) for change in changes]
            name = f"write to subscriber, {subscribers} of them, {word}"
            wanted = target or (_TARGET_OF_ALL if percent == 100 else None)  # noqa: PLR2004 - all
            yield Row(name, percentile(worst, 50), "ms", target=wanted)
