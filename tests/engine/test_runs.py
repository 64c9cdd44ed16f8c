import pytest


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/api/v3/runs/{}", "Not found"),
        ("POST", "/api/v2/runs/{}/cancel", "Resource not found"),
        ("PUT", "/api/v1/runs/{}/metadata", "Task Run not found"),
        ("GET", "/realtime/v1/runs/{}?offset=-1", "Not found"),
        ("GET", "/api/v1/runs/{}/logs", "Run not found"),
    ],
)
@pytest.mark.parametrize("run", ["run_unknown0", "not-a-run-id", "run_", "%00", "run_%FF"])
def test_unknown_runs(engine, method, path, words, run):
    """raw-03."""
    found = engine.http.request(method, path.format(run), json={"metadata": {}})
    assert (found.status_code, found.json()) == (404, {"error": words})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/queues"),
        ("GET", "/api/v1/packets/x"),
        ("POST", "/engine/v1/worker-actions/connect"),
    ],
)
def test_what_is_not_there_says_so_by_name(engine, method, path):
    found = engine.http.request(method, path)
    assert found.status_code == 501
    assert found.json()["error"].startswith(f"{method} /")
    assert "is not implemented by the embedded engine of trigger-widgets" in found.json()["error"]


def test_unknown_paths_and_methods(engine):
    assert engine.http.get("/nothing").status_code == 404
    assert engine.http.get("/api/v1/nonexistent").json() == {"error": "Not found"}
    wrong = engine.http.delete("/api/v3/runs/run_x")
    assert (wrong.status_code, wrong.json()) == (405, {"message": "Unexpected Server Error"})


def test_metadata(engine, task):
    """raw-43 0027 to 0032."""
    run = engine.trigger(task)
    path = f"/api/v1/runs/{run}/metadata"
    assert engine.http.put(path, json={"metadata": {"from": "outside"}}).json() == {
        "metadata": {"from": "outside"}
    }
    operations = [
        {"type": "set", "key": "a", "value": 1},
        {"type": "append", "key": "l", "value": "x"},
        {"type": "increment", "key": "n", "value": 2},
        {"type": "set", "key": "$.deep.path", "value": True},
    ]
    expected = {"from": "outside", "a": 1, "l": ["x"], "n": 2, "deep": {"path": True}}
    assert engine.http.put(path, json={"operations": operations}).json() == {"metadata": expected}
    assert engine.retrieve(run)["metadata"] == expected
    assert engine.http.get(path).json()["metadataType"] == "application/json"


def test_metadata_of_an_ended_run_can_still_change(engine, task):
    run = engine.trigger(task)
    engine.http.post(f"/api/v2/runs/{run}/cancel")
    found = engine.http.put(f"/api/v1/runs/{run}/metadata", json={"metadata": {"x": 1}})
    assert found.json() == {"metadata": {"x": 1}}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"operations": [{"type": "nope"}]}, 400),
        ({"operations": "x"}, 400),
        ({"metadata": 5}, 400),
        ([], 400),
        ({"metadata": {"x": "x" * 262_144}}, 413),
        ({"operations": [{"type": "set", "key": "a", "value": "x" * 262_144}]}, 413),
    ],
)
def test_bad_metadata_changes_nothing(engine, task, body, status):
    run = engine.trigger(task, metadata={"kept": True})
    found = engine.http.put(f"/api/v1/runs/{run}/metadata", json=body)
    assert found.status_code == status
    assert engine.retrieve(run)["metadata"] == {"kept": True}


def test_metadata_of_the_parent_and_the_root(engine, task):
    root = engine.trigger(task)
    parent = engine.trigger(task, parentRunId=root)
    child = engine.trigger(task, parentRunId=parent)
    change = [{"type": "increment", "key": "n", "value": 1}]
    engine.http.put(
        f"/api/v1/runs/{child}/metadata",
        json={"operations": [], "parentOperations": change, "rootOperations": change},
    )
    assert engine.retrieve(root)["metadata"] == {"n": 1}
    assert engine.retrieve(parent)["metadata"] == {"n": 1}
    assert "metadata" not in engine.retrieve(child)


def test_the_list(engine, task):
    runs = [engine.trigger(task) for _ in range(3)]
    engine.http.post(f"/api/v2/runs/{runs[0]}/cancel")
    listed = engine.http.get("/api/v1/runs", params={"filter[taskIdentifier]": task}).json()["data"]
    assert [run["id"] for run in listed] == runs[::-1]
    assert "payload" not in listed[0]
    query = {"filter[taskIdentifier]": task, "filter[status]": "CANCELED,FAILED"}
    listed = engine.http.get("/api/v1/runs", params=query).json()["data"]
    assert [run["id"] for run in listed] == runs[:1]
    assert len(engine.http.get("/api/v1/runs", params={"page[size]": 2}).json()["data"]) == 2


@pytest.mark.parametrize(
    "query",
    [{"page[size]": "101"}, {"page[size]": "0"}, {"page[size]": "x"}, {"filter[status]": "BOGUS"}],
)
def test_a_bad_query(engine, query):
    """raw-44 0007, 0016, 0017."""
    found = engine.http.get("/api/v1/runs", params=query)
    assert (found.status_code, found.json()["error"]) == (400, "Query Error")


def test_statuses_by_api_version(engine, task):
    """protocol.md §3: DEQUEUED is a word of newer clients."""
    worker = engine.worker(task)
    run = engine.trigger(task)
    worker.dequeue()
    assert engine.status(run) == "DEQUEUED"
    assert engine.http.get(f"/api/v3/runs/{run}").json()["status"] == "EXECUTING"


def test_logs(engine, task):
    run = engine.trigger(task)
    path = f"/engine/v1/runs/{run}/logs"
    lines = [
        {"time": 1, "stream": "stdout", "text": "one"},
        {"time": 2, "stream": "log", "level": "warn", "text": "two", "properties": {"n": [1]}},
    ]
    assert engine.http.post(path, json={"records": lines}).json() == {"next": 2}
    assert engine.http.post(path, json={"records": lines[:1]}).json() == {"next": 3}
    read = engine.http.get(f"/api/v1/runs/{run}/logs").json()
    assert read["next"] == 3
    assert read["records"][1] == {"seq": 1, **lines[1]}
    assert engine.http.get(f"/api/v1/runs/{run}/logs?after=2").json()["records"] == [
        {"seq": 2, **lines[0]}
    ]
    reader = engine.client(engine.mint(f"read:runs:{run}"))
    assert reader.get(f"/api/v1/runs/{run}/logs").status_code == 200
    for wrong in ({"stream": "x"}, {**lines[0], "properties": "many"}):
        assert engine.http.post(path, json={"records": [wrong]}).status_code == 400
    assert engine.http.post("/engine/v1/runs/run_x/logs", json={"records": []}).status_code == 404


def test_a_log_has_an_end(engine, task):
    run = engine.trigger(task)
    line = {"time": 1, "stream": "stdout", "text": "x"}
    for _ in range(11):
        engine.http.post(f"/engine/v1/runs/{run}/logs", json={"records": [line] * 1000})
    tail = engine.http.get(f"/api/v1/runs/{run}/logs?after=9999").json()["records"]
    assert [record["seq"] for record in tail] == [9999, 10_000]
    assert "full" in tail[1]["text"]
