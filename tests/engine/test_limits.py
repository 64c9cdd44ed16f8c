"""The limits of Trigger.dev, with its words; what is within them is taken whole."""

import contextlib
import gzip
import json
import re
from pathlib import Path

import httpx
import pytest

from trigger_widgets.engine.routes.feed_answers import offset_part
from trigger_widgets.engine.validation import MAX_INTEGER

KB = 1024
TOO_LARGE = {"error": "Request body too large"}
METADATA = {"error": "Metadata exceeds maximum size of 262144 bytes"}


def post(engine, path, **more):
    answer = engine.http.post(path, **more)
    return answer.status_code, answer.json()


def test_a_body_of_three_megabytes(engine, task):
    path = f"/api/v1/tasks/{task}/trigger"
    around = len(json.dumps({"payload": ""}, separators=(",", ":")))
    most = "x" * (3 * KB * KB - around)
    status, body = post(engine, path, json={"payload": most})
    assert status == 200
    assert engine.retrieve(body["id"])["payload"] == most
    assert post(engine, path, json={"payload": most + "x"}) == (413, TOO_LARGE)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v2/tasks/batch"),
        ("POST", "/api/v3/batches"),
        ("PUT", "/api/v1/runs/{run}/metadata"),
        ("POST", "/api/v1/waitpoints/tokens"),
        ("POST", "/realtime/v1/streams/{run}/self/s/append"),
        ("POST", "/engine/v1/runs/{run}/logs"),
        ("POST", "/api/v1/auth/public-tokens"),
    ],
)
def test_no_route_takes_more(engine, task, method, path):
    path = path.format(run=engine.trigger(task))
    answer = engine.http.request(method, path, content=b" " * (3 * KB * KB + 1))
    assert (answer.status_code, answer.json()) == (413, TOO_LARGE)


def test_a_body_that_goes_on_is_not_kept(engine):
    before = peak_memory(engine)
    chunks = (b"x" * KB * KB for _ in range(200))
    with contextlib.suppress(httpx.TransportError):  # it may be told so while it still sends
        answer = engine.http.post("/api/v1/tasks/t/trigger", content=chunks)
        assert answer.status_code == 413
    assert peak_memory(engine) - before < 50_000
    assert engine.http.get("/healthcheck").status_code == 200


def peak_memory(engine):
    """In KB."""
    status = Path(f"/proc/{engine.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])


def test_a_gzip_bomb_is_text_that_is_not_json(engine):
    """Bodies are not decompressed, as on a real server: nothing can grow."""
    bomb = gzip.compress(json.dumps({"payload": "x" * 50 * KB * KB}).encode())
    answer = engine.http.post(
        "/api/v1/tasks/t/trigger",
        content=bomb,
        headers={"content-encoding": "gzip", "content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid JSON"})


def test_metadata_of_256_kilobytes(engine, task):
    most = {"k": "x" * (256 * KB - len('{"k":""}'))}
    more = {"k": most["k"] + "x"}
    path = f"/api/v1/tasks/{task}/trigger"
    assert post(engine, path, json={"options": {"metadata": more}}) == (413, METADATA)
    run = engine.trigger(task, metadata=most)
    where = f"/api/v1/runs/{run}/metadata"
    for body in (
        {"metadata": more},
        {"operations": [{"type": "set", "key": "l", "value": 1}]},
        {"operations": [{"type": "append", "key": "l", "value": "x"}]},
    ):
        answer = engine.http.put(where, json=body)
        assert (answer.status_code, answer.json()) == (413, METADATA)
    assert engine.retrieve(run)["metadata"] == most


def test_ten_tags_of_128_characters(engine, task):
    tags = [f"{i}".ljust(128, "x") for i in range(10)]
    assert engine.retrieve(engine.trigger(task, tags=tags))["tags"] == tags
    path = f"/api/v1/tasks/{task}/trigger"
    words = "Runs can only have 10 tags, you're trying to set 11."
    assert post(engine, path, json={"options": {"tags": [*tags, "11"]}}) == (422, {"error": words})
    status, body = post(engine, path, json={"options": {"tags": ["x" * 129]}})
    assert status == 400
    assert "Tags must be less than 128 characters" in body["error"]
    status, body = post(engine, "/api/v1/waitpoints/tokens", json={"tags": list("abcdefghijk")})
    assert (status, body["error"]) == (
        422, "Waitpoints can only have 10 tags, you're trying to set 11.",
    )  # fmt: skip


def test_a_batch_of_a_thousand(engine, task):
    items = [{"task": task} for _ in range(1000)]
    status, body = post(engine, "/api/v2/tasks/batch", json={"items": items})
    assert (status, body["runCount"]) == (202, 1000)
    for path, more in (
        ("/api/v2/tasks/batch", {"items": [*items, {"task": task}]}),
        ("/api/v3/batches", {"runCount": 1001}),
    ):
        status, body = post(engine, path, json=more)
        assert status == 400
        assert "1001" in body["error"]
        assert "1000" in body["error"]


def test_idempotency_keys_of_2048_characters(engine, task):
    key = "k" * 2048
    run = engine.trigger(task, idempotencyKey=key)
    assert engine.trigger(task, idempotencyKey=key) == run
    path = f"/api/v1/tasks/{task}/trigger"
    longer = {"idempotencyKey": key + "k"}
    for found in (
        post(engine, path, json={"options": longer}),
        post(engine, path, json={}, headers={"idempotency-key": key + "k"}),
        post(engine, "/api/v1/waitpoints/tokens", json=longer),
        post(engine, "/api/v3/batches", json={"runCount": 1, **longer}),
    ):
        assert found[0] == 400
        assert "must be 2048 characters or less" in found[1]["error"]


def test_parts_of_a_stream(engine, task):
    run = engine.trigger(task)
    path = f"/realtime/v1/streams/{run}/self/s/append"
    part = "x" * (KB * KB)
    assert engine.http.post(path, content=part).status_code == 200
    headers = {"timeout-seconds": "1"}
    with engine.http.stream("GET", f"/realtime/v1/streams/{run}/s", headers=headers) as stream:
        text = "".join(line for line in stream.iter_lines() if line.startswith("data:"))
    assert part in text


@pytest.mark.parametrize(
    "operation",
    [
        {"type": "increment", "key": "a", "value": 10**400},
        {"type": "set", "key": f"$[{'9' * 5_000}]", "value": 1},
        {"type": "set", "key": "$" + ".a" * 5_000, "value": 1},
        {"type": "append", "key": "$" + "[0]" * 900, "value": 1},
    ],
)
def test_metadata_beyond_json_and_below_its_ground_is_no_failure(engine, task, operation):
    path = f"/api/v1/runs/{engine.trigger(task)}/metadata"
    engine.http.put(path, json={"metadata": {"a": 1.5}})
    answer = engine.http.put(path, json={"operations": [operation]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["metadata"]["a"] == 1.5


def test_numbers_that_no_database_holds_are_no_failure(engine, task):
    run, many = engine.trigger(task), "9" * 30
    assert offset_part(f"{many}_1", 0, 0) == MAX_INTEGER  # a feed asked so is held
    lines = engine.http.post(
        f"/realtime/v1/streams/{run}/self/s",
        content=b"1\n",
        headers={"x-client-id": "c", "x-resume-from-chunk": many},
    )
    assert lines.status_code == 200, lines.text
