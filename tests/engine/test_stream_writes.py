"""Writing to a stream of either version: who may, of which run, and until when."""

from urllib.parse import quote

import pytest

from tests.engine.streams import Reader, Writer, path, stored, trigger, write_lines


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_appended_text_is_a_string(engine, task, version):
    """raw-21 0023 to 0030, raw-22: whatever is sent is read as a string of just that."""
    run = trigger(engine, task, version)
    url = path(run, "ext", "self") + "/append"
    assert engine.http.post(url, content="hello from outside").json() == {"ok": True}
    for _ in range(2):  # sent again under the same part id, it is the same part
        sent = engine.http.post(url, content='"json string"', headers={"x-part-id": "p1"})
        assert sent.json() == {"ok": True}
    assert Reader(engine, run, "ext").rest() == ["hello from outside", '"json string"']
    assert engine.feed_row(run)["realtimeStreams"] == '{"ext"}'


def test_only_the_secret_key_writes(engine, task):
    run = trigger(engine, task)
    client = engine.client(engine.mint(f"write:runs:{run}"))
    for answer in (
        client.post(path(run, "s", "self") + "/append", content="x"),
        client.put(path(run, "s", "self")),
        client.post(path(run, "s", "self"), content='"x"\n'),
    ):
        assert (answer.status_code, answer.json()) == (401, {"error": "Invalid API key"})


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_completed_run_takes_no_more(engine, task, version):
    """raw-21 0039."""
    run = trigger(engine, task, version)
    writer = Writer(engine, run) if version == "v2" else None
    engine.http.post(f"/api/v2/runs/{run}/cancel")
    words = "Cannot append to a realtime stream on a completed run"
    late = engine.http.post(path(run, "ai-output", "self") + "/append", content="late")
    assert (late.status_code, late.text) == (400, words)
    lines = write_lines(engine, run, ["late"])
    assert (lines.status_code, lines.text) == (400, words)
    assert engine.http.put(path(run, "ai-output", "self")).status_code == 400
    if writer is not None:
        assert writer.send("late").status_code == 400
    assert Reader(engine, run).rest() == []


def test_the_row_has_a_stream_from_the_moment_it_is_opened(engine, task):
    run = trigger(engine, task)
    offset = engine.http.get(f"/realtime/v1/runs/{run}?offset=-1").headers
    engine.http.put(path(run, "ai-output", "self"))
    live = {"live": "true", "handle": "h", "offset": offset["electric-chunk-last-offset"]}
    row = engine.http.get(f"/realtime/v1/runs/{run}", params=live).json()[0]["value"]
    assert row["realtimeStreams"] == '{"ai-output"}'
    write_lines(engine, run, [1], stream="events")
    engine.http.put(path(run, "ai-output", "self"))
    assert engine.feed_row(run)["realtimeStreams"] == '{"ai-output","events"}'


def test_streams_of_the_parent_and_the_root(engine, task):
    top = trigger(engine, task)
    middle = trigger(engine, task, parentRunId=top)
    child = trigger(engine, task, parentRunId=middle)
    for target in ("self", "parent", "root"):
        engine.http.post(path(child, "s", target) + "/append", content=target)
    found = [stored(engine, run, "s") for run in (child, middle, top)]
    assert found == [["self"], ["parent"], ["root"]]
    assert engine.http.put(path(top, "s", "parent")).status_code == 404
    assert engine.http.put(path(top, "s", "root")).status_code == 202


def test_odd_stream_ids(engine, task):
    run = trigger(engine, task)
    for stream in ("ä/b c%", 'q"uo,te'):
        quoted = quote(stream, safe="")
        Writer(engine, run, quoted).send(stream)
        assert stored(engine, run, quoted) == [stream]


def test_only_head_reads_the_writers_side(engine, task):
    """raw-21 0029."""
    answer = engine.http.get(path(trigger(engine, task), "s", "self"))
    words = "Only HEAD requests are allowed for this endpoint"
    assert (answer.status_code, answer.text) == (405, words)
