"""Batches: the two phases, as they go out and as a real server answered them."""

import json

import pytest

from trigger_widgets.api import batches
from trigger_widgets.api.batches import Item
from trigger_widgets.api.requests import Answer
from trigger_widgets.errors import ConfigurationError, ProtocolError
from trigger_widgets.packets import encode_packet


@pytest.fixture
def said(wire):
    def said(note):
        (found,) = [e for e in wire.recorded("batches") if e["note"] == note]
        return Answer(found["status"], found["headers"], found["response"].encode())

    return said


def test_create(said):
    request = batches.create(3, ["b", "a", "b"])
    assert (request.method, request.path) == ("POST", "/api/v3/batches")
    assert request.body == {"runCount": 3, "taskIdentifiers": ["a", "b"]}
    created = request.decode(said("v3 create batch"))
    assert created.id.startswith("batch_")
    assert created.public_access_token.get_secret_value().startswith("ey")
    assert "ey" not in repr(created)
    bare = Answer(202, {}, b'{"id":"batch_1"}')
    assert request.decode(bare).public_access_token is None
    with pytest.raises(ProtocolError):
        request.decode(Answer(202, {}, b"{}"))


def test_items(said):
    item = Item("t", encode_packet({"a": "ü\n"}), {"tags": ["x"]})
    line = item.line(7)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "index": 7, "task": "t", "payload": '{"json":{"a":"ü\\n"}}',
        "options": {"tags": ["x"], "payloadType": "application/super+json"},
    }  # fmt: skip
    request = batches.send_items("batch_1/x", [line, line])
    assert request.path == "/api/v3/batches/batch_1%2Fx/items"
    assert request.content() == line * 2
    assert request.content_type == "application/x-ndjson"
    assert request.decode(said("v3 stream items NDJSON")) == batches.SentItems(True, 2)
    assert request.decode(said("v3 stream items again")) == batches.SentItems(True, 0)
    assert request.decode(said("only 2 of 3")) == batches.SentItems(False, 2)
    assert request.decode(Answer(200, {}, b"{}")) == batches.SentItems(False, 0)


def test_retrieve(said):
    request = batches.retrieve("batch_1")
    assert (request.method, request.path) == ("GET", "/api/v2/batches/batch_1")
    batch = request.decode(said("get v2 batch"))
    assert (batch.status, batch.run_count, len(batch.runs), batch.errors) == ("PENDING", 2, 2, [])
    body = json.loads(said("unsealed batch").body)
    body["processing"] = {"errors": [{"index": 1, "error": "no", "taskIdentifier": "t"}]}
    (error,) = request.decode(Answer(200, {}, json.dumps(body).encode())).errors
    assert (error.index, error.error, error.task_identifier) == (1, "no", "t")
    with pytest.raises(ProtocolError, match="Batch is malformed"):
        request.decode(Answer(200, {}, b'{"processing":1}'))


def test_a_batch_is_its_id_or_itself():
    for wrong in ("run_1", "", None):
        with pytest.raises(ConfigurationError, match="is not a batch"):
            batches.retrieve(wrong)


def test_bodies_are_as_long_as_they_may_be():
    lines = [b"12345\n"] * 5
    assert list(batches.bodies(lines, longest=12)) == [lines[:2], lines[2:4], lines[4:]]
    assert list(batches.bodies(lines, longest=1)) == [[line] for line in lines]
    assert list(batches.bodies([])) == []
