"""Replay, reschedule, tags, results, and the reset of idempotency keys (raw-43, sdk-02, sdk-12)."""

import pytest


def post(engine, path, body=None, client=None):
    return (client or engine.http).post(f"/api/v1/{path}", json=body)


def test_replay(engine, task):
    options = {"tags": ["a"], "metadata": {"n": 1}, "test": True, "queue": {"name": f"{task}-q"}}
    run = engine.trigger(task, {"x": 1}, **options, ttl="1h", idempotencyKey="k", delay="1h")
    engine.http.put(f"/api/v1/runs/{run}/metadata", json={"metadata": {"n": 2}})
    replayed = engine.retrieve(post(engine, f"runs/{run}/replay").json()["id"])
    assert replayed["id"] != run
    kept = ("taskIdentifier", "payload", "tags", "isTest")
    assert {name: replayed[name] for name in kept} == {
        "taskIdentifier": task, "payload": {"x": 1}, "tags": ["a"], "isTest": True,
    }  # fmt: skip
    assert replayed["metadata"] == {"n": 1}
    assert not {"ttl", "idempotencyKey", "delayedUntil"} & set(replayed)
    assert post(engine, f"runs/{run}/replay", {}).status_code == 200


def test_a_replay_that_is_sent_again_makes_one_run(engine, task):
    run = engine.trigger(task)
    client = engine.client(engine.key, **{"x-trigger-request-idempotency-key": task})
    first, again = (post(engine, f"runs/{run}/replay", client=client).json() for _ in range(2))
    assert first == again


def test_reschedule(engine, task):
    run = engine.trigger(task, delay="1h")
    before = engine.retrieve(run)
    answer = post(engine, f"runs/{run}/reschedule", {"delay": "2h"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "DELAYED"
    assert answer.json()["delayedUntil"] > before["delayedUntil"]
    worker = engine.worker(task)
    post(engine, f"runs/{run}/reschedule", {"delay": "1s"})
    assert worker.execute(wait=10).run == run


@pytest.mark.parametrize(
    ("delay", "body", "words"),
    [
        (None, {"delay": "1h"}, "Cannot reschedule a run that is not delayed"),
        ("1h", {"delay": "zz"}, "Invalid delay: zz"),
        ("1h", {"delay": "2020-01-01T00:00:00Z"}, "Invalid delay: 2020"),
        ("1h", [], "Expected object"),
    ],
)
def test_what_cannot_be_rescheduled(engine, task, delay, body, words):
    run = engine.trigger(task, delay=delay)
    answer = post(engine, f"runs/{run}/reschedule", body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_tags(engine, task):
    run = engine.trigger(task)

    def add(tags):
        return post(engine, f"runs/{run}/tags", {"tags": tags})

    assert add(["a", "b", "a"]).json() == {"message": "Successfully set 2 new tags."}
    assert add("solo").json() == {"message": "Successfully set 1 new tags."}
    assert add(["a"]).json() == {"message": "No new tags to add"}
    refused = add([f"t{n}" for n in range(8)])
    assert refused.status_code == 422
    assert refused.json()["error"].startswith(
        "Runs can only have 10 tags, you're trying to set 11. These tags have not been set: 't0'"
    )
    assert engine.retrieve(run)["tags"] == ["a", "b", "solo"]
    assert add(5).status_code == 400
    assert add(["x" * 129]).status_code == 400
    assert post(engine, f"runs/{run}/tags", {}).status_code == 400


def test_a_tag_that_is_added_shows_the_run_in_its_feed(engine, task):
    """raw-43 0019 to 0021."""
    run = engine.trigger(task)
    feed = f"/realtime/v1/runs?tags={task}&offset=-1"
    assert len(engine.http.get(feed).json()) == 1
    post(engine, f"runs/{run}/tags", {"tags": task})
    change, _ = engine.http.get(feed).json()
    assert change["value"]["friendlyId"] == run


def test_result(engine, task):
    worker = engine.worker(task)
    run = engine.trigger(task)
    path = f"/api/v1/runs/{run}/result"
    early = engine.http.get(path)
    assert early.status_code == 404
    assert early.json() == {"error": "Run either doesn't exist or is not finished"}
    worker.execute().complete('{"json":{"a":1}}')
    assert engine.http.get(path).json() == {
        "ok": True, "id": run, "taskIdentifier": task, "output": '{"json":{"a":1}}',
        "outputType": "application/super+json",
    }  # fmt: skip
    failed = engine.trigger(task)
    worker.execute().fail()
    found = engine.http.get(f"/api/v1/runs/{failed}/result").json()
    assert (found["ok"], found["error"]["name"]) == (False, "ValueError")


def test_results_of_a_batch(engine, task):
    worker = engine.worker(task)
    items = [{"task": task, "payload": n} for n in range(3)]
    batch = engine.http.post("/api/v1/tasks/batch", json={"items": items}).json()
    worker.execute().complete()
    worker.execute().fail()
    found = engine.http.get(f"/api/v1/batches/{batch['id']}/results").json()
    assert found["id"] == batch["id"]
    runs = [run["id"] for run in batch["runs"]]
    assert [(item["id"], item["ok"]) for item in found["items"]] == [
        (runs[0], True), (runs[1], False),
    ]  # fmt: skip
    assert engine.http.get("/api/v1/batches/batch_x/results").status_code == 404


def test_reset_of_an_idempotency_key(engine, task):
    """sdk-02 0003, raw-04."""
    run = engine.trigger(task, idempotencyKey="a/b")
    path = "idempotencyKeys/a%2Fb/reset"
    assert post(engine, path, {"taskIdentifier": "other"}).status_code == 404
    assert post(engine, path, {"taskIdentifier": task}).json() == {"id": "a/b"}
    gone = post(engine, path, {"taskIdentifier": task})
    assert gone.status_code == 404
    assert gone.json()["error"] == f"No runs found with idempotency key: a/b and task: {task}"
    assert "idempotencyKey" not in engine.retrieve(run)
    assert engine.trigger(task, idempotencyKey="a/b") != run
    assert post(engine, path, {}).status_code == 400


@pytest.mark.parametrize("action", ["replay", "reschedule", "tags"])
def test_unknown_runs_and_public_tokens(engine, task, action):
    body = {"delay": "1h", "tags": "x"}
    what = "Resource" if action == "replay" else "Run"  # raw-03 0016 to 0018
    assert post(engine, f"runs/run_unknown/{action}", body).json() == {"error": f"{what} not found"}
    run = engine.trigger(task)
    narrow = engine.client(engine.mint("admin"))
    assert post(engine, f"runs/{run}/{action}", body, narrow).status_code == 401


def test_who_may_reset_a_key(engine, task):
    engine.trigger(task, idempotencyKey="k")
    body = {"taskIdentifier": task}
    reader = engine.client(engine.mint("read:runs"))
    assert post(engine, "idempotencyKeys/k/reset", body, reader).status_code == 403
    writer = engine.client(engine.mint("write:runs"))
    assert post(engine, "idempotencyKeys/k/reset", body, writer).status_code == 200
