"""Streams of the real engine, written from outside and read by both clients."""

import asyncio
import json
import signal
import threading

import httpx
import pytest
from patience import PATIENCE

from trigger_widgets.client import AsyncTrigger
from trigger_widgets.errors import NotFoundError, PermissionDeniedError


def write_objects(client, run, stream, values, version="v2"):
    """As a worker does: open the stream, then send its parts where the answer says."""
    at = client.endpoint
    auth = {"authorization": f"Bearer {at.access_token.get_secret_value()}"}
    url = f"{at.api_url}/realtime/v1/streams/{run}/self/{stream}"
    opened = httpx.put(url, headers=auth)
    assert opened.json() == {"version": version}
    if version == "v1":
        lines = "".join(json.dumps(value) + "\n" for value in values)
        headers = {**auth, "x-client-id": "c", "x-resume-from-chunk": "0"}
        assert httpx.post(url, content=lines, headers=headers).status_code == 200
        return
    target = opened.headers
    name = target["x-s2-stream-name"].replace("/", "%2F")
    records = [
        {"body": json.dumps({"data": value, "id": f"{n:07}"})} for n, value in enumerate(values)
    ]
    # a writer that was not answered sends again: readers see it once
    for _ in range(2):
        response = httpx.post(
            f"{target['x-s2-endpoint']}/streams/{name}/records",
            json={"records": records},
            headers={
                "authorization": f"Bearer {target['x-s2-access-token']}",
                "s2-basin": target.get("x-s2-basin", ""),
                "s2-format": "raw",
            },
        )
        assert response.status_code < 300, response.text


def test_a_stream_is_read_while_it_is_written_and_ends_with_its_run(client, worker, in_thread):
    handle = client.tasks.trigger("task")
    run, snapshot = worker.start()
    texts = [f"{n} ü\n" for n in range(30)]

    def write():
        for text in texts:
            client.streams.append(run, text, "out")
        worker.succeed(run, snapshot, '{"json":1}')

    with client.streams.read(handle, "out", timeout=PATIENCE) as parts:
        first = None
        in_thread(write)
        first = next(parts)
        assert [first, *parts] == texts
    # a run that has ended is read whole, or from where one wants
    assert list(client.streams.read(run, "out", timeout=PATIENCE)) == texts
    assert list(client.streams.read(run, "out", start_index=28, timeout=PATIENCE)) == texts[28:]
    assert list(client.streams.read(run, "never-written", timeout=PATIENCE)) == []


def test_parts_are_any_json_and_a_writers_second_attempt_is_not_seen(client, worker):
    client.tasks.trigger("task")
    run, snapshot = worker.start()
    values = [{"a": [1, None, "ü"]}, None, 5, "text", True, []]
    write_objects(client, run, "events", values)
    worker.succeed(run, snapshot, '{"json":1}')
    assert list(client.streams.read(run, "events", timeout=PATIENCE)) == values


def test_a_run_of_version_1_is_read_the_same_way(client, worker):
    at = client.endpoint
    response = httpx.post(
        f"{at.api_url}/api/v1/tasks/task/trigger",
        json={"payload": 1},
        headers={
            "authorization": f"Bearer {at.access_token.get_secret_value()}",
            "x-trigger-realtime-streams-version": "v1",
        },
    )
    assert response.status_code == 200
    run, snapshot = worker.start()
    values = ["a", {"b": 1}, None, "c"]
    write_objects(client, run, "events", values, version="v1")
    reader = client.streams.read(run, "events", timeout=PATIENCE)
    assert [next(reader) for _ in values] == values
    worker.succeed(run, snapshot, '{"json":1}')
    assert list(reader) == []
    assert list(client.streams.read(run, "events", start_index=1, timeout=PATIENCE)) == values[1:]


def test_the_async_client_reads_the_same(engine, client, worker):
    client.tasks.trigger("task")
    run, snapshot = worker.start()
    at = engine.endpoint

    async def main():
        async with AsyncTrigger(api_url=at.api_url, secret_key=at.access_token) as twin:
            for text in ("a", "b"):
                await twin.streams.append(run, text)
            await asyncio.to_thread(worker.succeed, run, snapshot, '{"json":1}')
            return [part async for part in twin.streams.read(run, timeout=PATIENCE)]

    assert asyncio.run(main()) == ["a", "b"]


@pytest.mark.parametrize("engine", ["own"], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_an_engine_that_is_killed_in_the_middle_loses_nothing(engine, worker, client, how):
    client.tasks.trigger("task")
    run, _ = worker.start()
    for n in range(5):
        client.streams.append(run, str(n), "out")
    arrived, done = [], threading.Event()
    states = []
    watch = client.watch_stream(
        run, "out", on_parts=arrived.extend,
        on_connection=lambda connection: states.append(connection.state),
        on_end=lambda _error: done.set(),
    )  # fmt: skip
    reader = client.streams.read(run, "out", timeout=PATIENCE)
    assert [next(reader) for _ in range(5)] == list("01234")
    engine.stop(how)
    engine.start()
    for n in range(5, 9):
        client.streams.append(run, str(n), "out")
    assert [next(reader) for _ in range(4)] == list("5678")
    client.runs.cancel(run)
    watch.wake()
    assert done.wait(PATIENCE)
    assert arrived == list("012345678")
    assert list(reader) == []
    assert "retrying" in states


def test_a_narrow_token_reads_the_stream_of_its_run_and_no_other(client, worker):
    handle = client.tasks.trigger("task")
    run, snapshot = worker.start()
    client.streams.append(run, "part")
    worker.succeed(run, snapshot, '{"json":1}')
    narrow = client.with_access_token(handle.public_access_token)
    assert list(narrow.streams.read(handle, timeout=PATIENCE)) == ["part"]
    other = client.tasks.trigger("task")
    with pytest.raises(PermissionDeniedError):
        list(narrow.streams.read(other, timeout=PATIENCE))


def test_an_unknown_run_is_named(client):
    with pytest.raises(NotFoundError, match="run run_unknown"):
        list(client.streams.read("run_unknown", timeout=PATIENCE))
