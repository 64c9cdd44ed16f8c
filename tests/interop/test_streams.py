"""Streams that our tasks write and the official SDK reads. It writes none outside of its own tasks:
there its `streams.pipe` and `streams.append` do nothing. What it sends to a run's input streams is
the run's.
"""

import httpx
import pytest
from patience import PATIENCE

pytestmark = pytest.mark.slow

PARTS = ["Hello ", "ü 🎈\n", "", {"n": [1, None, True]}, [], 5, "line\r\nline\u2028end"]


def version_of(client, run):
    """The version a stream of this run is served in: only v2 says so (protocol.md §5)."""
    at = client.endpoint
    key = at.access_token.get_secret_value()
    url = f"{at.api_url}/realtime/v1/streams/{run}/out"
    with httpx.stream("GET", url, headers={"authorization": f"Bearer {key}"}) as answer:
        return answer.headers.get("x-stream-version", "v1")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_stream_is_read_while_it_is_written(official, client, version):
    seen = official.play("streams", "triggerAndRead", version=version, parts=PARTS)
    assert seen["parts"] == PARTS
    assert version_of(client, seen["id"]) == version
    assert list(client.streams.read(seen["id"], "out", timeout=PATIENCE)) == PARTS


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_many_parts_come_whole_and_in_order(official, version):
    parts = [f"{n} " for n in range(2_000)]
    seen = official.play("streams", "triggerAndRead", version=version, parts=parts)
    assert seen["parts"] == parts


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_run_and_its_streams_in_one_loop(official, client, version):
    seen = official.play("streams", "followWithStreams", version=version, parts=PARTS)
    assert seen["seen"] == [["out", part] for part in PARTS]
    (last,) = [run for run in client.runs.subscribe_to_run(seen["id"]) if run.is_terminal]
    assert seen["streams"] == last.streams == ["out"]


def test_what_it_sends_reaches_the_run_that_waits_for_it(official, client):
    run = client.tasks.trigger("takes", {"count": len(PARTS)})
    sent = official.play("streams", "send", id=run.id, stream="orders", data=PARTS)
    assert sent == len(PARTS)
    assert run.result(timeout=PATIENCE) == PARTS


def test_a_stream_of_ours_is_read_from_anywhere(official, client):
    handle = client.tasks.trigger("writes", {"parts": PARTS})
    handle.result(timeout=PATIENCE)
    reading = {"id": handle.id, "stream": "out"}
    count = len(PARTS)
    assert official.play("streams", "read", **reading, count=count) == PARTS
    late = official.play("streams", "read", **reading, count=count - 4, startIndex=4)
    assert late == list(client.streams.read(handle, "out", start_index=4)) == PARTS[4:]
    assert official.play("streams", "readWithNarrowToken", **reading, count=count) == PARTS
    assert official.play("streams", "readToTheSilence", **reading) == PARTS
