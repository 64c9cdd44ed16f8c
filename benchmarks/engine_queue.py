"""The engine as a queue, over HTTP; beside it huey, which writes to SQLite without a server.

huey's `synchronous` is set to FULL, as ours is: both keep what they have accepted through a power
cut.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from huey import SqliteHuey

from trigger_widgets.runtime import start_engine

from .engine_load import Connection, connections, per_second
from .measure import paired, percentile, timed
from .registry import benchmark
from .report import Row
from .servers import Dev, dev, memory

_SECONDS = 1.5
_ROWS = 1000
_BODY = json.dumps({"payload": {"n": 1}}).encode()
_TASKS = Path(__file__).with_name("tasks.py")


def _huey(directory: str) -> tuple[Any, Callable[[int], Any]]:
    queue = SqliteHuey(filename=f"{directory}/huey.db", fsync=True)

    @queue.task()
    def noop(n: int) -> int:
        return n

    return queue, noop


def _trigger(task: str) -> Callable[[Connection], Any]:
    async def each(connection: Connection) -> int:
        await connection.ask("POST", f"/api/v1/tasks/{task}/trigger", _BODY)
        return 1

    return each


def _rate(server: Dev, each: Callable[[Connection], Any], clients: int) -> float:
    async def measure() -> float:
        workers = await connections(server.api_url, server.secret_key, clients)
        try:
            return await per_second(workers, each, _SECONDS)
        finally:
            for worker in workers:
                worker.close()

    return asyncio.run(measure())


@benchmark
def durable_triggers() -> Iterator[Row]:
    """Runs that are on the disk when they are acknowledged."""
    with dev(_TASKS) as server, tempfile.TemporaryDirectory() as directory:
        _, noop = _huey(directory)

        def enqueue() -> float:
            count = 300
            return count / timed(lambda: [noop(i) for i in range(count)])

        for clients in (1, 16):
            pair = paired(lambda: _rate(server, _trigger("nobody"), clients), enqueue, rounds=3)  # noqa: B023
            target = "ours >= 400" if clients > 1 else None
            yield Row.of(f"single triggers by {clients} clients", pair, "runs/s", target)

        items = {"items": [{"task": "nobody", "payload": {"n": n}} for n in range(_ROWS)]}
        body = json.dumps(items).encode()

        async def batch(connection: Connection) -> int:
            await connection.ask("POST", "/api/v2/tasks/batch", body)
            return _ROWS

        pair = paired(lambda: _rate(server, batch, 1), enqueue, rounds=3)
        yield Row.of("triggers in batches of 1,000", pair, "runs/s", "ours >= 3000")


@benchmark
def runs_end_to_end() -> Iterator[Row]:
    """No-op runs from trigger to completion: ours in the process pool of `dev`."""
    with dev(_TASKS) as server, tempfile.TemporaryDirectory() as directory:
        queue, noop = _huey(directory)
        consumer = queue.create_consumer(workers=os.cpu_count() or 2, initial_delay=0.001)
        vars(consumer)["_set_signal_handlers"] = lambda: None  # this process keeps its own
        threading.Thread(target=consumer.run, daemon=True).start()
        count = 200

        def peer() -> float:
            def run_all() -> None:
                for result in [noop(i) for i in range(count)]:
                    result.get(blocking=True, backoff=1, max_delay=0.005)

            return count / timed(run_all)

        async def run_all() -> None:
            (connection,) = await connections(server.api_url, server.secret_key, 1)
            items = [{"task": "noop", "payload": n} for n in range(count)]
            made = await connection.json("POST", "/api/v2/tasks/batch", {"items": items})
            path = f"/api/v2/batches/{made['id']}"
            while (await connection.json("GET", path))["status"] != "COMPLETED":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            connection.close()

        pair = paired(lambda: count / timed(lambda: asyncio.run(run_all())), peer, rounds=3)
        yield Row.of("no-op runs end to end", pair, "runs/s", "ours >= 150")
        consumer.stop()


@benchmark
def trigger_to_executing() -> Iterator[Row]:
    """From the sending of a trigger to the first line of the task, one run at a time."""
    with dev(_TASKS) as server:

        async def measure() -> list[float]:
            (connection,) = await connections(server.api_url, server.secret_key, 1)
            latencies = []
            for _ in range(60):
                sent = time.time()
                made = await connection.json("POST", "/api/v1/tasks/when/trigger", {"payload": 0})
                path = f"/api/v3/runs/{made['id']}"
                while (run := await connection.json("GET", path))["status"] != "COMPLETED":  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                latencies.append(1000 * (run["output"] - sent))
            connection.close()
            return latencies[10:]

        latencies = asyncio.run(measure())
        yield Row("trigger to executing, p50", percentile(latencies, 50), "ms", target="ours < 10")
        yield Row("trigger to executing, p95", percentile(latencies, 95), "ms")


@benchmark
def parts() -> Iterator[Row]:
    """Parts of a stream, each a request of its own, and sent in lines."""
    with dev(_TASKS) as server:

        async def start() -> str:
            (connection,) = await connections(server.api_url, server.secret_key, 1)
            made = await connection.json("POST", "/api/v1/tasks/nobody/trigger", {})
            connection.close()
            return str(made["id"])

        run = asyncio.run(start())

        async def append(connection: Connection) -> int:
            await connection.ask("POST", f"/realtime/v1/streams/{run}/self/a/append", b"token")
            return 1

        numbers = itertools.count()
        lines = b'"a token"\n' * 100

        async def write(connection: Connection) -> int:
            connection.head = connection.head.partition("X-Client")[0] + (
                f"X-Client-Id: c{next(numbers)}\r\nX-Resume-From-Chunk: 0\r\n"
            )
            await connection.ask("POST", f"/realtime/v1/streams/{run}/self/b", lines)
            return 100

        yield Row("parts appended by 8 clients", _rate(server, append, 8), "parts/s")
        yield Row("parts in lines by 1 client", _rate(server, write, 1), "parts/s")


@benchmark
def stored_runs() -> Iterator[Row]:
    """What the engine holds in memory, and how soon it answers, with 100,000 runs on its disk."""
    with dev(_TASKS) as server:
        before = memory(_engine_of(server))
        body = {"items": [{"task": "nobody", "payload": {"n": n}} for n in range(_ROWS)]}

        async def fill() -> float:
            (connection,) = await connections(server.api_url, server.secret_key, 1)
            for _ in range(100):
                await connection.json("POST", "/api/v2/tasks/batch", body)
            began = time.perf_counter()
            for _ in range(50):
                await connection.json("GET", "/api/v1/runs?page[size]=25")
            connection.close()
            return 1000 * (time.perf_counter() - began) / 50

        listed = asyncio.run(fill())
        yield Row("memory with 100,000 stored runs", memory(_engine_of(server)), "MB")
        yield Row("memory without", before, "MB")
        yield Row("a page of the 100,000 runs", listed, "ms")


def _engine_of(server: Dev) -> int:
    """The process of the engine that a `dev` has started."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    for child in children:
        if b"trigger_widgets.engine" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise RuntimeError("the engine is not a child of its command")


@benchmark
def ready() -> Iterator[Row]:
    """From the start of the process to its first answer; its code is compiled, as installed."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

    def start() -> float:
        with tempfile.TemporaryDirectory() as directory:
            began = time.perf_counter()
            _, process = start_engine(Path(directory), port=0)
            took = time.perf_counter() - began
            assert process is not None
            process.terminate()
            process.wait()
            return took

    start()
    took = [start() for _ in range(5)]
    yield Row("engine ready", percentile(took, 50), "s", target="ours < 0.4")
