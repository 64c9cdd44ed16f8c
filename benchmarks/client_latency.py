"""From the engine's writing a part to the callback of who follows the stream."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from trigger_widgets.client import Trigger

from .measure import paired, percentile
from .registry import benchmark
from .report import Row
from .servers import Dev, Node, dev

_PARTS = 50


@benchmark
def append_to_callback() -> Iterator[Row]:
    """The p50 of parts that are appended one by one, since the time the engine gave them."""
    with (
        dev(Path(__file__).with_name("tasks.py")) as server,
        Trigger(api_url=server.api_url, access_token=server.secret_key) as client,
        Node("client_sdk.mjs", server) as node,
    ):
        seen: list[float] = []
        ours, peers = client.tasks.trigger("holds"), client.tasks.trigger("holds")
        watch = client.watch_stream(
            ours.id, "out", on_parts=lambda parts: seen.extend(1000 * time.time() for _ in parts)
        )
        node.ask("follow", run=peers.id, stream="out")
        requests: list[float] = []
        written = dict.fromkeys((ours.id, peers.id), 0)

        def write(run: str) -> None:
            for _ in range(_PARTS):
                began = time.perf_counter()
                client.streams.append(run, "a part", "out")
                requests.append(1000 * (time.perf_counter() - began))
            written[run] += _PARTS

        def measure_ours() -> float:
            write(ours.id)
            while len(seen) < written[ours.id]:
                time.sleep(0.005)
            return _p50(seen, _times(server, ours.id))

        def measure_peer() -> float:
            write(peers.id)
            arrivals = node.ask("arrivals", run=peers.id, count=written[peers.id])
            return _p50(arrivals, _times(server, peers.id))

        pair = paired(measure_ours, measure_peer)
        watch.stop()
        ours.cancel(), peers.cancel()
        yield Row.of("write to callback, p50", pair, "ms", "ours < 5")
        yield Row("append, until it is answered, p50", percentile(requests, 50), "ms")


def _p50(arrivals: list[float], times: list[int]) -> float:
    news = list(zip(arrivals, times, strict=True))[-_PARTS:]
    return percentile([arrived - written for arrived, written in news], 50)


def _times(server: Dev, run: str) -> list[int]:
    """When the engine wrote each part, as its records say (ms since 1970)."""
    url = f"{server.api_url}/realtime/v1/streams/{run}/out"
    headers = {"authorization": f"Bearer {server.secret_key}", "timeout-seconds": "1"}
    body = httpx.get(url, headers=headers, timeout=30).text
    events = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
    return [record["timestamp"] for event in events for record in event.get("records", ())]
