"""Streams: addresses, opening, appending."""

import json

import pytest

from trigger_widgets.api import streams
from trigger_widgets.api.requests import Answer
from trigger_widgets.errors import ConfigurationError, ProtocolError


@pytest.fixture
def said(wire):
    """Recorded answers by version and note."""

    def said(version, note):
        for e in wire.recorded("streams"):
            if e["note"] == note and (version == "v2") == ("x-s2-endpoint" in e["headers"]):
                return Answer(e["status"], e["headers"], e["response"].encode())
        raise KeyError(note)

    return said


def test_addresses():
    assert streams.read_path("run_1", "a/ü") == "/realtime/v1/streams/run_1/a%2F%C3%BC"
    assert streams.read_path("run_1") == "/realtime/v1/streams/run_1/default"
    assert streams.write_path("run_1", "a", target="parent") == (
        "/realtime/v1/streams/run_1/parent/a"
    )

    class Definition:
        id = "out"

    assert streams.stream_id(Definition()) == "out"
    for wrong in ("", None, 5):
        with pytest.raises(ConfigurationError):
            streams.stream_id(wrong)


def test_opening_says_where_the_parts_go(said):
    request = streams.open_stream("run_1", "out")
    assert (request.method, request.content()) == ("PUT", None)
    assert request.decode(said("v1", "PUT create stream")) == streams.StreamTarget("v1")
    target = request.decode(said("v2", "PUT create stream"))
    assert target.version == "v2"
    assert target.endpoint == "http://127.0.0.1:4566/v1"
    assert target.name.endswith("/ext2")
    assert (target.basin, target.flush_interval_ms, target.max_retries) == (
        "trigger-local",
        100,
        10,
    )
    assert target.access_token.get_secret_value() == "ignored"
    assert "ignored" not in repr(target)
    bare = {"x-s2-endpoint": "http://s2/", "x-s2-stream-name": "n", "x-s2-max-retries": "many"}
    target = request.decode(Answer(202, bare, b'{"version":"v2"}'))
    assert (target.endpoint, target.access_token, target.max_retries) == ("http://s2", None, 10)
    for headers, body in [({}, b'{"version":"v2"}'), ({}, b"{}"), (bare, b'{"version":"v3"}')]:
        with pytest.raises(ProtocolError):
            request.decode(Answer(202, headers, body))


def test_appending_sends_the_very_text():
    request = streams.append("run_1", 'ü "quoted"\n', "out")
    assert request.path == "/realtime/v1/streams/run_1/self/out/append"
    assert request.content() == 'ü "quoted"\n'.encode()
    assert request.content_type.startswith("text/plain")
    # all attempts of one request are one part, two requests are two
    assert request.headers["x-part-id"] != streams.append("run_1", "x").headers["x-part-id"]
    with pytest.raises(ConfigurationError, match=r"json\.dumps"):
        streams.append("run_1", {"a": 1})


def test_what_is_sent_to_an_input_stream_is_json():
    request = streams.send("run_1", "approve/it", {"yes": True})
    assert request.path == "/realtime/v1/streams/run_1/input/approve%2Fit"
    assert json.loads(request.content()) == {"data": {"yes": True}}
    with pytest.raises(ConfigurationError, match="id of a stream"):
        streams.send("run_1", "", "x")
