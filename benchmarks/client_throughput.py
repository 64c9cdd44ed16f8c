"""Parts and rows a second, from the network to a `for` loop, JSON parsing included."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from trigger_widgets.client import Trigger

from .measure import paired, timed
from .registry import benchmark
from .report import Row
from .servers import Node, Replay, dev

_PARTS = 20_000
_RUNS = 500
_TASKS = Path(__file__).with_name("tasks.py")


@benchmark
def parts() -> Iterator[Row]:
    """A stream that is all there: from the engine, and from memory, where only readers work."""
    with (
        dev(_TASKS) as server,
        Trigger(api_url=server.api_url, access_token=server.secret_key) as client,
        Node("client_sdk.mjs", server) as node,
    ):
        run = client.tasks.trigger("writes", {"count": _PARTS})
        assert run.result(timeout=120) == _PARTS

        def ours() -> float:
            def read() -> None:
                with client.streams.read(run.id, "out") as parts:
                    for n, _part in enumerate(parts, 1):
                        if n == _PARTS:
                            return

            return _PARTS / timed(read)

        def peer() -> float:
            return _PARTS / node.ask("read", run=run.id, stream="out", count=_PARTS)

        yield Row.of("parts from the engine", paired(ours, peer), "parts/s", "ratio >= 2")
        with Replay(server) as replay, contextlib.ExitStack() as stack:
            client = stack.enter_context(  # noqa: PLW2901 - ours() and peer() read from there
                Trigger(api_url=replay.api_url, access_token=server.secret_key)
            )
            node = stack.enter_context(Node("client_sdk.mjs", replay))  # noqa: PLW2901
            yield Row.of("parts from memory", paired(ours, peer), "parts/s", "ratio >= 2")


@benchmark
def rows() -> Iterator[Row]:
    """Runs with a tag, as many as a table has."""
    with (
        dev(_TASKS) as server,
        Trigger(api_url=server.api_url, access_token=server.secret_key) as client,
        Replay(server) as replay,
        Trigger(api_url=replay.api_url, access_token=server.secret_key) as from_memory,
        Node("client_sdk.mjs", replay) as node,
    ):
        for n in range(_RUNS):
            client.tasks.trigger("nobody", {"n": n, "text": "row " * 20}, tags=["bench"])

        def ours() -> float:
            def read() -> None:
                with from_memory.runs.subscribe_to_runs_with_tag("bench") as lists:
                    assert len(next(lists)) == _RUNS

            return _RUNS / timed(read)

        def peer() -> float:
            return _RUNS / node.ask("readTag", tag="bench", count=_RUNS)

        yield Row.of("rows of a tag from memory", paired(ours, peer), "rows/s")
