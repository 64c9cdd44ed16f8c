import base64
import json

import httpx
import pytest


def line(index, task, payload=None, **options):
    return {"index": index, "task": task, "payload": payload, "options": options}


def create(engine, count, http=None, **more):
    answer = (http or engine.http).post("/api/v3/batches", json={"runCount": count, **more})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def fill(engine, batch, lines, http=None):
    body = "".join(json.dumps(item) + "\n" for item in lines)
    headers = {"content-type": "application/x-ndjson"}
    return (http or engine.http).post(
        f"/api/v3/batches/{batch}/items", content=body, headers=headers
    )


def retrieve(engine, batch, version="v2"):
    return engine.http.get(f"/api/{version}/batches/{batch}").json()


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_created_and_filled(engine, task):
    """raw-06 0007 to 0011."""
    answer = engine.http.post("/api/v3/batches", json={"runCount": 2})
    batch = answer.json()["id"]
    assert answer.status_code == 202
    assert answer.json() == {"id": batch, "runCount": 2, "isCached": False}
    assert claims(answer.headers["x-trigger-jwt"])["scopes"] == [f"read:batch:{batch}"]
    assert set(json.loads(answer.headers["x-trigger-jwt-claims"])) == {"sub", "pub"}
    before = retrieve(engine, batch)
    assert before["status"] == "PENDING"
    assert before["runs"] == []
    assert before["processing"] == {"errors": []}

    items = [
        line(i, task, json.dumps({"json": {"i": i}}), payloadType="application/super+json")
        for i in range(2)
    ]
    sealed = {"id": batch, "itemsDeduplicated": 0, "sealed": True, "runCount": 2}
    assert fill(engine, batch, items).json() == {**sealed, "itemsAccepted": 2}
    assert fill(engine, batch, items).json() == {**sealed, "itemsAccepted": 0}
    runs = retrieve(engine, batch)["runs"]
    assert [engine.retrieve(run)["payload"] for run in runs] == [{"i": 0}, {"i": 1}]
    assert engine.retrieve(runs[0])["batchId"]


def test_items_in_several_requests(engine, task):
    """raw-06 0015: nothing runs before the batch is complete; what comes again is skipped."""
    batch = create(engine, 4)
    assert fill(engine, batch, [line(2, task, 2), line(0, task, 0)]).json() == {
        "id": batch, "itemsAccepted": 2, "itemsDeduplicated": 0,
        "sealed": False, "enqueuedCount": 2, "expectedCount": 4, "runCount": 4,
    }  # fmt: skip
    assert retrieve(engine, batch)["runs"] == []
    again = fill(engine, batch, [line(0, task, "other"), line(1, task, 1)]).json()
    assert (again["itemsAccepted"], again["itemsDeduplicated"]) == (1, 1)
    assert not again["sealed"]
    assert fill(engine, batch, [line(3, task, 3)]).json()["sealed"]
    runs = retrieve(engine, batch)["runs"]
    assert [engine.retrieve(run)["payload"] for run in runs] == [0, 1, 2, 3]
    assert sorted(runs) == runs


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_in_one_request(engine, task, version):
    """raw-06 0001, 0004."""
    items = [{"task": task, "payload": {"i": i}, "options": {"tags": ["bt"]}} for i in range(3)]
    answer = engine.http.post(f"/api/{version}/tasks/batch", json={"items": items})
    assert answer.status_code == 202
    body = answer.json()
    assert claims(answer.headers["x-trigger-jwt"])["scopes"] == [f"read:batch:{body['id']}"]
    runs = retrieve(engine, body["id"])["runs"]
    if version == "v1":
        expected = [{"id": run, "isCached": False, "taskIdentifier": task} for run in runs]
        assert body == {"id": body["id"], "isCached": False, "runs": expected}
    else:
        assert body == {"id": body["id"], "isCached": False, "runCount": 3}
    assert [engine.retrieve(run)["payload"] for run in runs] == [{"i": 0}, {"i": 1}, {"i": 2}]
    assert engine.retrieve(runs[0])["tags"] == ["bt"]


def test_its_status_follows_its_runs(engine, task):
    worker = engine.worker(task)
    batch = create(engine, 3)
    fill(engine, batch, [line(i, task) for i in range(3)])
    for i in range(3):
        assert retrieve(engine, batch)["status"] == "PENDING"
        attempt = worker.execute()
        assert attempt.execution["batch"] == {"id": batch}
        attempt.fail() if i == 1 else attempt.complete()
    for version in ("v1", "v2"):
        found = retrieve(engine, batch, version)
        assert found["status"] == "COMPLETED"
        assert found["completedAt"] == found["updatedAt"] >= found["createdAt"]
        assert (found["successfulRunCount"], found["failedRunCount"]) == (2, 1)
        assert found["runCount"] == len(found["runs"]) == 3
        assert ("processing" in found) == (version == "v2")


def test_a_thousand_items_are_stored_at_once(engine, task):
    batch = create(engine, 1000)
    answer = fill(engine, batch, [line(i, task, i) for i in range(1000)])
    assert answer.json()["itemsAccepted"] == 1000
    found = retrieve(engine, batch)
    assert len(set(found["runs"])) == 1000
    engine.http.post(f"/api/v2/runs/{found['runs'][0]}/cancel")


def test_idempotency_keys_of_a_batch(engine, task):
    batch = create(engine, 2, idempotencyKey=task)
    again = engine.http.post("/api/v3/batches", json={"runCount": 2, "idempotencyKey": task})
    assert again.json() == {"id": batch, "runCount": 2, "isCached": True}
    items = {"items": [{"task": task}]}
    header = {"idempotency-key": f"{task}-v2"}
    first = engine.http.post("/api/v2/tasks/batch", json=items, headers=header).json()
    second = engine.http.post("/api/v2/tasks/batch", json=items, headers=header).json()
    assert (first["id"], second["isCached"]) == (second["id"], True)
    assert len(retrieve(engine, first["id"])["runs"]) == 1


def test_idempotency_keys_of_items(engine, task):
    run = engine.trigger(task, idempotencyKey="k")
    items = [{"task": task, "options": {"idempotencyKey": key}} for key in ("k", "l", "l")]
    runs = engine.http.post("/api/v1/tasks/batch", json={"items": items}).json()["runs"]
    assert runs[0]["id"] == run
    assert runs[1]["id"] == runs[2]["id"] != run
    assert [item["isCached"] for item in runs] == [True, False, False]


def test_runs_of_a_parent(engine, task):
    parent = engine.trigger(task)
    batch = create(engine, 1, parentRunId=parent)
    fill(engine, batch, [line(0, task)])
    (child,) = retrieve(engine, batch)["runs"]
    assert engine.retrieve(child)["relatedRuns"]["parent"]["id"] == parent
    assert engine.retrieve(child)["depth"] == 1


def test_the_version_of_the_streams_is_that_of_the_items(engine, task):
    batch = create(engine, 1)
    http = engine.client(engine.key, **{"x-trigger-realtime-streams-version": "v2"})
    fill(engine, batch, [line(0, task)], http)
    (run,) = retrieve(engine, batch)["runs"]
    assert engine.http.put(f"/realtime/v1/streams/{run}/self/s").json() == {"version": "v2"}


def test_payloads_of_items(engine, task):
    """A text whose type is said is the packet itself."""
    batch = create(engine, 4)
    items = [
        line(0, task, '{"a": 1}', payloadType="application/json"),
        line(1, task, "plain", payloadType="text/plain"),
        line(2, task, "plain"),
        {"index": 3, "task": task},
    ]
    fill(engine, batch, items)
    found = [engine.retrieve(run) for run in retrieve(engine, batch)["runs"]]
    assert [run.get("payload") for run in found] == [{"a": 1}, "plain", "plain", None]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"runCount": 0}, 'Validation error: Number must be greater than 0 at "runCount"'),
        ({"runCount": 5000}, "Batch runCount of 5000 exceeds maximum allowed of 1000."),
        ({}, 'Validation error: Required at "runCount"'),
    ],
)
def test_impossible_batches(engine, body, words):
    """raw-06 0017, 0018."""
    answer = engine.http.post("/api/v3/batches", json=body)
    assert (answer.status_code, answer.json()) == (400, {"error": words})


@pytest.mark.parametrize(
    ("items", "status", "words"),
    [
        ([{"index": 5, "task": "t"}], 422, "Item 5 is beyond the runCount of 2 of this batch."),
        ([{"index": -1, "task": "t"}], 422, "Item -1 is beyond the runCount of 2 of this batch."),
        ([{"task": "t"}], 400, 'Validation error: Required at "index"'),
        ([{"index": 1}], 400, 'Validation error: Required at "items[1].task"'),
        (
            [line(1, "t", "{", payloadType="application/json")],
            400,
            'Validation error: Expected JSON at "items[1].payload"',
        ),
        (
            [line(0, "t"), line(1, "t", tags=["x"] * 11)],
            422,
            "Item 1: Runs can only have 10 tags, you're trying to set 11.",
        ),
    ],
)
def test_impossible_items_change_nothing(engine, items, status, words):
    batch = create(engine, 2)
    answer = fill(engine, batch, items)
    assert (answer.status_code, answer.json()) == (status, {"error": words})
    assert fill(engine, batch, [line(0, "t"), line(1, "t")]).json()["itemsAccepted"] == 2


def test_an_item_that_cannot_be_made_undoes_the_others(engine, task):
    batch = create(engine, 2)
    answer = fill(engine, batch, [line(0, task), line(1, task, lockToVersion="nope")])
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Item 1: lockToVersion")
    assert retrieve(engine, batch)["runs"] == []
    assert engine.http.get(f"/api/v1/runs?filter[taskIdentifier]={task}").json()["data"] == []


def test_lines_that_are_no_json(engine, task):
    batch = create(engine, 2)
    url = f"/api/v3/batches/{batch}/items"
    assert engine.http.post(url, content=b"{oops\n").status_code == 400
    assert engine.http.post(url, content=b'"\xff"').status_code == 400
    assert engine.http.post(url, content=b"[1]\n").status_code == 400
    assert engine.http.post(url, content=b"").json()["itemsAccepted"] == 0


def test_impossible_items_of_one_request(engine, task):
    url = "/api/v2/tasks/batch"
    missing = engine.http.post(url, json={"items": [{"task": task}, {"payload": 1}]})
    assert missing.json() == {"error": 'Validation error: Required at "items[1].task"'}
    assert engine.http.post(url, json={"items": []}).status_code == 400
    many = engine.http.post(url, json={"items": [{"task": task}] * 1001})
    assert (many.status_code, "1001" in many.text) == (400, True)


def test_unknown_batches(engine):
    for path in ("/api/v1/batches/batch_unknown", "/api/v2/batches/x", "/realtime/v1/batches/x"):
        answer = engine.http.get(path)
        assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})
        assert answer.headers["x-should-retry"] == "true"
    assert fill(engine, "batch_unknown", []).status_code == 404


@pytest.mark.parametrize(
    ("scope", "unnamed", "named"),
    [
        ("batchTrigger:tasks:{}", 403, 202),
        ("write:batch", 202, 202),
        ("batchTrigger:batch", 202, 202),
        ("write:tasks", 202, 202),
        ("batchTrigger:tasks", 202, 202),
        ("trigger:tasks:{}", 403, 403),
        ("admin", 202, 202),
    ],
)
def test_who_may_create(engine, task, scope, unnamed, named):
    """raw-05b 0003 to 0014."""
    client = engine.client(engine.mint(scope.format(task)))
    assert client.post("/api/v3/batches", json={"runCount": 1}).status_code == unnamed
    body = {"runCount": 1, "taskIdentifiers": [task]}
    assert client.post("/api/v3/batches", json=body).status_code == named


def test_a_narrow_token_triggers_its_own_task_only(engine, task):
    client = engine.client(engine.mint(f"batchTrigger:tasks:{task}"))
    batch = create(engine, 1, client, taskIdentifiers=[task, "other"])
    assert fill(engine, batch, [line(0, "other")], client).status_code == 403
    assert fill(engine, batch, [line(0, task)], client).status_code == 200
    items = {"items": [{"task": task}, {"task": "other"}]}
    assert client.post("/api/v2/tasks/batch", json=items).status_code == 403


def test_a_one_time_token_makes_one_batch(engine, task):
    tokens = []
    for more in ("read:runs", "read:tags"):
        body = {"scopes": ["write:batch", more], "oneTimeUse": True}
        tokens.append(engine.http.post("/api/v1/auth/public-tokens", json=body).json()["token"])
    client, other = (engine.client(token) for token in tokens)
    batch = create(engine, 1, client)
    answer = client.post("/api/v3/batches", json={"runCount": 1})
    assert answer.status_code == 422
    assert fill(engine, batch, [line(0, task)], other).status_code == 403
    assert fill(engine, batch, [line(0, task)], client).json()["sealed"]


def test_who_may_read(engine, task):
    batch = create(engine, 1)
    fill(engine, batch, [line(0, task)])
    (run,) = retrieve(engine, batch)["runs"]
    client = engine.client(engine.mint(f"read:batch:{batch}"))
    for path in (
        f"/api/v2/batches/{batch}",
        f"/api/v3/runs/{run}",
        f"/realtime/v1/batches/{batch}",
    ):
        assert client.get(path).status_code == 200
    client = engine.client(engine.mint("read:batch:batch_other"))
    for path in (f"/api/v2/batches/{batch}", f"/realtime/v1/batches/{batch}"):
        assert client.get(path).status_code == 403


def test_a_batch_survives_a_kill(own_engine):
    """Half filled, then killed: the rest makes it whole."""
    engine = own_engine
    batch = create(engine, 3)
    fill(engine, batch, [line(1, "t", 1)])
    engine.kill()
    engine.start()
    assert fill(engine, batch, [line(1, "t", 1), line(0, "t", 0), line(2, "t", 2)]).json() == {
        "id": batch, "itemsAccepted": 2, "itemsDeduplicated": 1, "sealed": True, "runCount": 3,
    }  # fmt: skip
    engine.kill()
    engine.start()
    runs = retrieve(engine, batch)["runs"]
    assert [engine.retrieve(run)["payload"] for run in runs] == [0, 1, 2]


def test_a_large_batch_comes_in_one_request(engine, task):
    """Beyond the 3 MB that other bodies may have."""
    batch = create(engine, 40)
    items = [line(i, task, "x" * 200_000) for i in range(40)]
    assert fill(engine, batch, items).json()["sealed"]


def test_a_cut_request_changes_nothing(engine, task):
    batch = create(engine, 2)

    def cut():
        yield json.dumps(line(0, task)).encode() + b"\n"
        raise ZeroDivisionError

    with pytest.raises((ZeroDivisionError, httpx.HTTPError)):
        engine.http.post(f"/api/v3/batches/{batch}/items", content=cut())
    assert fill(engine, batch, [line(0, task), line(1, task)]).json()["itemsAccepted"] == 2
