"""Reading a stream of either version: who may, for how long, and over kills."""

import threading
import time

import httpx
import pytest
from patience import PATIENCE, until

from tests.engine.streams import Reader, Writer, path, stored, trigger


def test_who_may_read(engine, task):
    run = trigger(engine, task, tags=["t:1"])
    Writer(engine, run).send("x")
    for scope in (f"read:runs:{run}", "read:runs", "read:tags:t:1", f"read:tasks:{task}"):
        assert stored(engine, run, token=engine.mint(scope)) == ["x"]
    for scope in ("read:runs:run_other", f"write:runs:{run}"):
        answer = engine.client(engine.mint(scope)).get(path(run, "ai-output"))
        assert answer.status_code == 403
    answer = engine.client().get(path(run, "ai-output"))
    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid or Missing API key"})


def test_an_unknown_run_and_an_unknown_stream(engine, task):
    answer = engine.http.get(path("run_unknown", "x"))
    assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})
    assert answer.headers["x-should-retry"] == "false"
    run = trigger(engine, task)
    began = time.monotonic()
    reader = Reader(engine, run, "nothing-here", silence=1)
    assert reader.rest() == []
    assert time.monotonic() - began > 0.9
    assert reader.raw.startswith('event: ping\ndata: {"timestamp":')
    assert '"tail":{"seq_num":0,"timestamp":0}' in reader.raw
    assert engine.feed_row(run)["realtimeStreams"] == "{}"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        ("601", "Timeout seconds must be less than 600"),
        ("-1", "Timeout seconds must be greater than 0"),
    ],
)
def test_impossible_silences(engine, task, seconds, words):
    """raw-20 0020, 0021."""
    run = trigger(engine, task, "v1")
    answer = engine.http.get(path(run, "x"), headers={"timeout-seconds": seconds})
    assert (answer.status_code, answer.text) == (400, words)


@pytest.mark.slow
def test_silence_counts_from_the_last_part(engine, task):
    run = trigger(engine, task)
    writer, reader = Writer(engine, run), Reader(engine, run, silence=12)
    for i in range(4):
        writer.send(i)
        time.sleep(4)  # shorter than the silence, longer in sum
    assert reader.rest() == [0, 1, 2, 3]


def test_many_readers_of_one_stream(engine, task):
    run = trigger(engine, task)
    writer = Writer(engine, run)
    readers = [Reader(engine, run, silence=60, enough=30) for _ in range(10)]
    for i in range(30):
        writer.send(i)
    assert all(reader.rest() == list(range(30)) for reader in readers)


def test_an_acknowledged_part_survives_a_kill(own_engine):
    """Written and read over three kills: each part is there once, and in order."""
    engine = own_engine
    run = trigger(engine, "t")
    sent, seen, last = 0, [], None
    for _ in range(3):
        writer = Writer(engine, run)
        writer.count = sent
        reader = Reader(engine, run, last=last, silence=5)
        stopping = threading.Event()

        def send(writer=writer, stopping=stopping):
            nonlocal sent
            try:
                while not stopping.is_set():
                    # the number that was not acknowledged is sent again after the kill
                    writer.count = sent
                    if writer.send(sent).status_code == 200:
                        sent += 1
            except (httpx.TransportError, RuntimeError):
                pass  # the engine is gone, or the client that is closed with it

        thread = threading.Thread(target=send)
        thread.start()
        until(lambda reader=reader: len(reader.parts) >= 20, 60)
        engine.kill()
        stopping.set()
        thread.join(PATIENCE)
        seen += reader.rest()
        last = reader.ids[-1]
        engine.start()
    seen += stored(engine, run, last=last)
    assert seen == list(range(len(seen)))
    assert len(seen) in (sent, sent + 1)
    assert sent >= 60


def test_readers_are_let_go_when_the_engine_stops(own_engine):
    run = trigger(own_engine, "t")
    readers = [Reader(own_engine, run, name, silence=600) for name in ("ai-output", "other")]
    own_engine.stop()
    for reader in readers:
        reader.rest()
    assert "DONE" not in readers[0].raw


@pytest.mark.slow
@pytest.mark.parametrize(("version", "ping"), [("v1", ": ping\n\n"), ("v2", "event: ping\n")])
def test_a_silent_stream_shows_that_it_lives(engine, task, version, ping):
    run = trigger(engine, task, version)
    reader = Reader(engine, run, silence=12)
    reader.rest()
    assert reader.raw.count(ping) == (1 if version == "v1" else 2)
