"""From the writing of a part, over HTTP, to the callback of who follows the stream."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trigger_widgets.client import Trigger

from .measure import paired, percentile
from .registry import benchmark
from .report import Row
from .servers import Node, dev

_PARTS = 50


@benchmark
def append_to_callback() -> Iterator[Row]:
    """The p50 of parts that are appended one after the other."""
    with (
        dev(Path(__file__).with_name("tasks.py")) as server,
        Trigger(api_url=server.api_url, access_token=server.secret_key) as client,
        Node("client_sdk.mjs", server) as node,
    ):
        seen: list[float] = []

        def on_parts(parts: Any) -> None:
            seen.extend(1000 * (time.time() - float(part)) for part in parts)

        ours, peers = client.tasks.trigger("holds"), client.tasks.trigger("holds")
        watch = client.watch_stream(ours.id, "out", on_parts=on_parts)
        node.ask("follow", run=peers.id, stream="out")

        def write(run: str) -> None:
            for _ in range(_PARTS):
                client.streams.append(run, repr(time.time()), "out")

        def measure_ours() -> float:
            write(ours.id)
            while len(seen) < _PARTS:
                time.sleep(0.005)
            latencies = [seen.pop(0) for _ in range(_PARTS)]
            return percentile(latencies, 50)

        def measure_peer() -> float:
            write(peers.id)
            return percentile(node.ask("latencies", run=peers.id, count=_PARTS), 50)

        pair = paired(measure_ours, measure_peer)
        watch.stop()
        ours.cancel(), peers.cancel()
        yield Row.of("append to callback, p50", pair, "ms", "ours < 5")
