"""Input streams on the wire: raw-21-streams-v2-b, 0032 to 0038, and the official SDK's `wait`."""

import json
import threading

import pytest

from .test_children import latest

V2 = {"x-trigger-realtime-streams-version": "v2"}


@pytest.fixture
def attempt(engine, task):
    worker = engine.worker(task)
    engine.http.post(f"/api/v1/tasks/{task}/trigger", json={"payload": 1}, headers=V2)
    return worker.execute()


def send(engine, run, data, http=None, stream="approve"):
    path = f"/realtime/v1/streams/{run}/input/{stream}"
    return (http or engine.http).post(path, json={"data": data})


def records(engine, run, **headers):
    headers = {"timeout-seconds": "1", **headers}
    answer = engine.http.get(f"/realtime/v1/streams/{run}/input/approve", headers=headers)
    assert answer.headers["x-stream-version"] == "v2"
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: {")]
    return [record for line in lines for record in json.loads(line).get("records", ())]


def ask(engine, run, **body):
    path = f"/api/v1/runs/{run}/input-streams/wait"
    answer = engine.http.post(path, json={"streamId": "approve", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_sent_is_read_as_texts(engine, attempt):
    assert send(engine, attempt.run, {"ok": True}).json() == {"ok": True}
    public = engine.client(engine.mint(f"write:inputStreams:{attempt.run}"))
    assert send(engine, attempt.run, "two", public).json() == {"ok": True}
    assert engine.http.post(
        f"/realtime/v1/streams/{attempt.run}/input/approve", json={"x": 1}
    ).json() == {"ok": True}
    found = [json.loads(record["body"]) for record in records(engine, attempt.run)]
    assert [json.loads(body["data"]) for body in found] == [{"ok": True}, "two", None]
    assert all(body["id"].startswith("inp_") for body in found)
    after = records(engine, attempt.run, **{"last-event-id": "0"})
    assert [record["seq_num"] for record in after] == [1, 2]
    assert engine.retrieve(attempt.run).get("realtimeStreams", []) == []


def test_who_may_send_and_what(engine, attempt):
    for scope in (f"read:runs:{attempt.run}", "write:inputStreams:run_other"):
        assert send(engine, attempt.run, 1, engine.client(engine.mint(scope))).status_code == 403
    unknown = send(engine, "run_unknown", 1)
    assert (unknown.status_code, unknown.json()) == (404, {"ok": False, "error": "Run not found"})
    assert send(engine, attempt.run, "x" * 1024 * 1024).status_code == 413
    path = f"/realtime/v1/streams/{attempt.run}/input/approve"
    for body in (b"", b"{", b"[1]"):
        bad = engine.http.post(path, content=body)
        assert (bad.status_code, bad.json()["ok"]) == (400, False)
    attempt.complete()
    ended = send(engine, attempt.run, 1)
    assert ended.status_code == 400
    assert ended.json()["error"] == "Cannot send to input stream on a completed run"


def test_a_waiting_run_goes_on_with_what_is_sent(engine, attempt):
    made = ask(engine, attempt.run, idempotencyKey=f"{attempt.run}-1")
    assert made["isCached"] is False
    token = made["waitpointId"]
    engine.http.post(f"/engine/v1/runs/{attempt.run}/waitpoints/tokens/{token}/wait", json={})
    assert latest(attempt)["snapshot"]["executionStatus"] == "EXECUTING_WITH_WAITPOINTS"
    send(engine, attempt.run, 0, stream="another")
    assert engine.status(attempt.run) == "WAITING"
    later = threading.Thread(target=send, args=(engine, attempt.run, {"ok": 1}))
    later.start()
    (found,) = latest(attempt, attempt.snapshot)["completedWaitpoints"]
    later.join()
    assert (found["friendlyId"], found["type"], found["output"]) == (token, "MANUAL", '{"ok":1}')
    again = ask(engine, attempt.run, idempotencyKey=f"{attempt.run}-1")
    assert again == {"waitpointId": token, "isCached": True}


def test_what_was_sent_before_is_not_waited_for(engine, attempt):
    for data in (1, "two"):
        send(engine, attempt.run, data)

    def output(**body):
        token = ask(engine, attempt.run, **body)["waitpointId"]
        return engine.http.get(f"/api/v1/waitpoints/tokens/{token}").json().get("output")

    assert [output(), output(lastSeqNum=0), output(lastSeqNum=1)] == ["1", '"two"', None]
    assert output(lastSeqNum=1, timeout="1h") is None


def test_what_cannot_be_waited_for(engine, attempt):
    path = f"/api/v1/runs/{attempt.run}/input-streams/wait"
    assert engine.http.post(path, json={}).status_code == 400
    many = {"streamId": "a", "tags": [str(i) for i in range(11)]}
    assert engine.http.post(path, json=many).status_code == 422
    unknown = engine.http.post("/api/v1/runs/run_x/input-streams/wait", json={"streamId": "a"})
    assert unknown.status_code == 404
