"""Requests as they go out and answers as they came, without a network."""

import json

import pytest

from trigger_widgets.api import runs, tasks
from trigger_widgets.api.refs import task_id
from trigger_widgets.api.requests import Answer
from trigger_widgets.errors import ConfigurationError, ProtocolError, UnserializableError


def to_answer(exchange):
    return Answer(exchange["status"], exchange["headers"], (exchange["response"] or "").encode())


def ok(body):
    return Answer(200, {}, json.dumps(body).encode())


def test_trigger():
    request = tasks.trigger("my task/ü", {"n": 2**60}, {"tags": "a"})
    assert (request.method, request.path) == ("POST", "/api/v1/tasks/my%20task%2F%C3%BC/trigger")
    assert json.loads(request.content()) == {
        "payload": json.dumps(
            {"json": {"n": str(2**60)}, "meta": {"values": {"n": ["bigint"]}, "v": 1}},
            separators=(",", ":"),
        ),
        "options": {"tags": ["a"], "payloadType": "application/super+json"},
    }
    assert tasks.trigger("t", "text", {}).body["options"] == {"payloadType": "text/plain"}


def test_triggered(wire):
    (exchange, *_) = wire.recorded("trigger")
    triggered = tasks.trigger("hello", None, {}).decode(to_answer(exchange))
    assert triggered.id == json.loads(exchange["response"])["id"]
    assert triggered.is_cached is False
    assert triggered.public_access_token.get_secret_value().startswith("ey")
    assert "ey" not in repr(triggered)
    assert tasks.trigger("t", None, {}).decode(ok({"id": "run_1"})).public_access_token is None
    with pytest.raises(ProtocolError):
        tasks.trigger("t", None, {}).decode(ok({}))


def test_a_task_is_its_id():
    class Task:
        id = "my-task"

    assert task_id(Task()) == "my-task"
    for wrong in ("", None, object(), print):
        with pytest.raises(ConfigurationError, match="named by its id"):
            task_id(wrong)


def test_a_payload_that_json_cannot_carry_says_where():
    with pytest.raises(UnserializableError, match=r"payload\['model'\] is a builtins.object"):
        tasks.trigger("t", {"model": object()}, {})


def test_half_a_surrogate_pair_can_be_sent():
    content = tasks.trigger("t", "\ud83d", {}).content()
    assert json.loads(content)["payload"] == "\ud83d"


def test_a_request_without_a_body_has_no_content():
    assert runs.retrieve("run_1").content() is None


def test_retrieve(wire):
    answer = ok(
        {
            "id": "run_1", "taskIdentifier": "t", "status": "FAILED", "depth": 0,
            "createdAt": "2026-11-23T18:44:08.156Z", "updatedAt": "2026-11-23T18:44:08.156Z",
            "tags": ["a"], "isCompleted": True, "metadata": {"a": 1}, "attemptCount": 2,
            "error": {"name": "TypeError", "message": "m", "stackTrace": "s"},
            "outputPresignedUrl": "https://store/1",
        }
    )  # fmt: skip
    request = runs.retrieve("run_1")
    assert (request.method, request.path) == ("GET", "/api/v3/runs/run_1")
    run = request.decode(answer)
    assert (run.status, run.attempt_count, run.error.name) == ("FAILED", 2, "TypeError")
    assert run.large == {"output"}


def test_a_malformed_run_is_a_protocol_error_that_quotes_nothing():
    with pytest.raises(ProtocolError) as raised:
        runs.retrieve("run_1").decode(ok({"id": "run_1", "status": "FAILED", "ttl": ["secret"]}))
    assert "createdAt" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b"\xff\xfe", b"[" * 100_000])
def test_an_answer_that_is_not_an_object_is_a_protocol_error(body):
    with pytest.raises(ProtocolError):
        runs.retrieve("run_1").decode(Answer(200, {}, body))


def test_a_run_is_its_id_a_handle_or_a_run():
    class Handle:
        id = "run_1"

    assert runs.run_id("run_1") == runs.run_id(Handle()) == "run_1"
    for wrong in ("", "batch_1", None, 5):
        with pytest.raises(ConfigurationError, match="is not a run"):
            runs.run_id(wrong)
    assert runs.retrieve("run_a/../b").path == "/api/v3/runs/run_a%2F..%2Fb"


def test_cancel_and_metadata():
    assert runs.cancel("run_1").path == "/api/v2/runs/run_1/cancel"
    assert runs.cancel("run_1").decode(ok({"id": "run_1"})) is None
    request = runs.update_metadata("run_1", {"a": float("nan")})
    assert (request.method, request.body) == ("PUT", {"metadata": {"a": None}})
    assert request.decode(ok({"metadata": {"a": None}})) == {"a": None}
    assert request.decode(ok({})) == {}
    with pytest.raises(ConfigurationError, match="a dict"):
        runs.update_metadata("run_1", [1])


def test_logs():
    request = runs.logs("run_1", after=4)
    assert request.params == {"after": "4"}
    page = request.decode(
        ok({"records": [{"seq": 5, "time": 1, "stream": "stdout", "text": "x"}], "next": 5})
    )
    assert (page.records[0].text, page.records[0].properties, page.next) == ("x", {}, 5)
    for wrong in ({}, {"records": [{}], "next": 1}):
        with pytest.raises(ProtocolError):
            request.decode(ok(wrong))
