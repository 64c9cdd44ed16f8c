"""Triggers that push back the run of the trigger before them."""

import pytest

KEY = {"key": "k", "delay": "1h"}


def trigger(engine, task, payload=None, debounce=KEY, **options):
    return engine.trigger(task, payload, debounce=debounce, **options)


def test_a_run_that_waits_is_pushed_back(engine, task):
    run = trigger(engine, task, 1, {"key": "k", "delay": "1m"}, tags=["a"])
    before = engine.retrieve(run)
    assert before["status"] == "DELAYED"
    answer = engine.http.post(
        f"/api/v1/tasks/{task}/trigger",
        json={"payload": 2, "options": {"debounce": KEY, "tags": ["b"]}},
    ).json()
    assert answer == {"id": run, "isCached": False}
    after = engine.retrieve(run)
    assert after["delayedUntil"] > before["delayedUntil"]
    assert (after["payload"], after["tags"]) == (1, ["a"])


def test_a_shorter_delay_pulls_nothing_forward(engine, task):
    run = trigger(engine, task)
    before = engine.retrieve(run)
    assert trigger(engine, task, None, {"key": "k", "delay": "1s"}) == run
    assert engine.retrieve(run) == before


def test_trailing_takes_the_last_payload(engine, task):
    last = {**KEY, "mode": "trailing"}
    run = trigger(engine, task, 1, last, tags=["a"], metadata={"n": 1})
    assert trigger(engine, task, "two", last, tags=["b"], metadata={"n": 2}, maxAttempts=7) == run
    found = engine.retrieve(run)
    assert (found["payload"], found["tags"], found["metadata"]) == ("two", ["b"], {"n": 2})
    tagged = {"filter[tag]": "a", "filter[taskIdentifier]": task}
    assert engine.http.get("/api/v1/runs", params=tagged).json()["data"] == []
    replayed = engine.http.post(f"/api/v1/runs/{run}/replay").json()["id"]
    assert engine.retrieve(replayed)["metadata"] == {"n": 2}


def test_other_keys_and_other_tasks_are_their_own(engine, task):
    runs = {
        trigger(engine, task),
        trigger(engine, task, None, {"key": "other", "delay": "1h"}),
        trigger(engine, f"{task}-2"),
    }
    assert len(runs) == 3


def test_a_run_that_is_no_longer_delayed_has_a_successor(engine, task):
    run = trigger(engine, task)
    engine.http.post(f"/api/v2/runs/{run}/cancel")
    successor = trigger(engine, task)
    assert successor != run
    assert trigger(engine, task) == successor


def test_nobody_is_pushed_back_beyond_the_longest_delay(engine, task):
    bounded = {"key": "k", "delay": "59m", "maxDelay": "1h"}
    run = trigger(engine, task, None, bounded)
    assert trigger(engine, task, None, bounded) == run
    assert trigger(engine, task, None, {"key": "k", "delay": "61m", "maxDelay": "62m"}) == run
    assert trigger(engine, task, None, {"key": "k", "delay": "2h", "maxDelay": "121m"}) == run
    beyond = trigger(engine, task, None, {**KEY, "maxDelay": "3601s"})
    assert beyond == run


def test_an_idempotency_key_comes_first(engine, task):
    run = trigger(engine, task, idempotencyKey="i")
    before = engine.retrieve(run)["delayedUntil"]
    assert trigger(engine, task, None, {"key": "k", "delay": "2h"}, idempotencyKey="i") == run
    assert engine.retrieve(run)["delayedUntil"] == before


def test_items_of_a_batch_are_pushed_back_too(engine, task):
    items = [{"task": task, "payload": n, "options": {"debounce": KEY}} for n in range(3)]
    batch = engine.http.post("/api/v2/tasks/batch", json={"items": items}).json()["id"]
    found = engine.http.get(f"/api/v2/batches/{batch}").json()
    assert len(found["runs"]) == 3
    assert len(set(found["runs"])) == 1


@pytest.mark.parametrize(
    ("debounce", "words"),
    [
        (5, "Expected object, received number"),
        ({"delay": "1h"}, "debounce.key"),
        ({"key": "k" * 513, "delay": "1h"}, "at most 512 character"),
        ({"key": "k"}, "debounce.delay"),
        ({"key": "k", "delay": "soon"}, "Invalid debounce delay: soon"),
        ({"key": "k", "delay": "2026-11-23T00:00:00Z"}, "Invalid debounce delay"),
        ({"key": "k", "delay": "1h", "maxDelay": "x"}, "Invalid debounce maxDelay: x"),
        ({"key": "k", "delay": "1h", "maxDelay": "1h"}, "must be longer than debounce.delay (1h)"),
        ({"key": "k", "delay": "1h", "mode": "middle"}, "'leading' | 'trailing'"),
    ],
)
def test_impossible_ones(engine, task, debounce, words):
    answer = engine.http.post(
        f"/api/v1/tasks/{task}/trigger", json={"options": {"debounce": debounce}}
    )
    assert answer.status_code == 400
    assert words in answer.json()["error"]
