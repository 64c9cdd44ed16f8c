import pytest
from patience import until


def post(engine, task, **request):
    return engine.http.post(f"/api/v1/tasks/{task}/trigger", **request)


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"{not json", 400, "Invalid JSON"),
        (b'{"payload": NaN}', 400, "Invalid JSON"),
        (b'{"payload": 1e999}', 400, "Invalid JSON"),
        (b'{"payload": "\\ud800"}', 400, "Invalid JSON"),
        (b"[" * 100_000, 400, "Invalid JSON"),
        (b"\xff\xfe", 400, "Invalid JSON"),
        (b"", 400, "Request body is empty"),
        (b"[1]", 400, "Validation error: Expected object, received array"),
        (
            b'{"options":null}',
            400,
            'Validation error: Expected object, received null at "options"',
        ),
        (
            b'{"options":{"machine":"huge"}}',
            400,
            (
                "Validation error: Invalid enum value. Expected 'micro' | 'small-1x' | "
                "'small-2x' | 'medium-1x' | 'medium-2x' | 'large-1x' | 'large-2x', "
                "received 'huge' at \"options.machine\""
            ),
        ),
        (
            b'{"options":{"tags":["%s"]}}' % (b"x" * 129),
            400,
            'Validation error: Tags must be less than 128 characters at "options.tags[0]"',
        ),
        (
            b'{"options":{"tags":["0","1","2","3","4","5","6","7","8","9","10"]}}',
            422,
            "Runs can only have 10 tags, you're trying to set 11.",
        ),
    ],
)
def test_bad_bodies_get_the_servers_words(engine, task, content, status, words):
    """raw-04."""
    found = post(engine, task, content=content)
    assert (found.status_code, found.json()) == (status, {"error": words})


def test_too_large(engine, task):
    for size in (4 * 1024 * 1024, 12 * 1024 * 1024):
        found = post(engine, task, content=b'{"payload":"%s"}' % (b"x" * size))
        assert (found.status_code, found.json()) == (413, {"error": "Request body too large"})


def test_the_largest_payload_comes_back(engine, task):
    text = "x" * (2 * 1024 * 1024)
    assert engine.retrieve(engine.trigger(task, text))["payload"] == text


@pytest.mark.parametrize("option", ["externalDeploymentId", "bulkActionId"])
def test_an_option_that_is_not_honoured_is_refused_by_name(engine, task, option):
    found = post(engine, task, json={"options": {option: {"key": "a"}}})
    assert found.status_code == 501
    assert option in found.json()["error"]


def test_an_unknown_version_is_refused_by_name(engine, task):
    found = post(engine, task, json={"options": {"lockToVersion": "20200101.1"}})
    assert found.status_code == 422
    assert "20200101.1" in found.json()["error"]


@pytest.mark.parametrize(
    ("body", "payload", "payload_type"),
    [
        ({"payload": {"a": 1}}, '{"a":1}', "application/json"),
        ({}, None, "application/json"),
        ({"payload": "hi"}, '"hi"', "application/json"),
        (
            {"payload": '{"a":1}', "options": {"payloadType": "application/json"}},
            '"{\\"a\\":1}"',
            "application/json",
        ),
        (
            {"payload": '{"json":1}', "options": {"payloadType": "application/super+json"}},
            '{"json":1}',
            "application/super+json",
        ),
    ],
)
def test_packets(engine, task, body, payload, payload_type):
    """raw-04 0001 to 0007: a string sent as application/json is encoded once more."""
    row = engine.feed_row(post(engine, task, json=body).json()["id"])
    assert (row["payload"], row["payloadType"]) == (payload, payload_type)


def test_the_first_answer_is_about_a_run_that_waits_for_a_worker(engine, task):
    run = engine.trigger(task, {"n": 1}, tags=["a", "b"], metadata={"m": 1}, test=True, ttl=3661)
    found = engine.retrieve(run)
    assert found["status"] == "PENDING_VERSION"
    assert (found["tags"], found["metadata"], found["isTest"]) == (["a", "b"], {"m": 1}, True)
    assert (found["payload"], found["ttl"]) == ({"n": 1}, "1h1m1s")
    assert found["isQueued"]
    assert not found["isCompleted"]


def test_idempotency(engine, task):
    """raw-04 0015 to 0024: scoped to the task, by option or header, until its time is over."""
    first = post(engine, task, json={"options": {"idempotencyKey": "k"}}).json()
    again = post(engine, task, json={}, headers={"idempotency-key": "k"}).json()
    assert again == {"id": first["id"], "isCached": True}
    other = post(engine, f"{task}-2", json={"options": {"idempotencyKey": "k"}}).json()
    assert (other["isCached"], other["id"] != first["id"]) == (False, True)
    options = {"idempotencyKey": "short", "idempotencyKeyTTL": "1ms"}
    short = post(engine, task, json={"options": options}).json()["id"]
    until(lambda: post(engine, task, json={"options": options}).json()["id"] != short)


def test_a_hashed_key_is_shown_as_it_was_written(engine, task):
    """sdk-02: the SDK sends the hash, and what it is of."""
    options = {"idempotencyKey": "f" * 64, "idempotencyKeyOptions": {"key": "mine", "scope": "run"}}
    assert engine.retrieve(engine.trigger(task, **options))["idempotencyKey"] == "mine"
    assert engine.retrieve(engine.trigger(task, idempotencyKey="k"))["idempotencyKey"] == "k"
    found = post(engine, task, json={"options": {"idempotencyKey": "k" * 2049}})
    assert found.status_code == 400
    assert "2048 characters or less" in found.json()["error"]


def test_a_ttl_of_zero_is_none_at_all(engine, task):
    engine.worker({"id": task, "ttl": "1h"})
    assert engine.retrieve(engine.trigger(task))["ttl"] == "1h"
    assert "ttl" not in engine.retrieve(engine.trigger(task, ttl=0))


def test_the_key_of_a_failed_run_is_free(engine, task):
    """raw-60 0020."""
    worker = engine.worker(task)
    first = engine.trigger(task, idempotencyKey="k")
    worker.execute().fail()
    assert engine.trigger(task, idempotencyKey="k") != first


def test_many_triggers_at_once_with_one_key_make_one_run(engine, task):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        runs = set(pool.map(lambda _: engine.trigger(task, idempotencyKey="k"), range(24)))
    assert len(runs) == 1


def test_a_weird_task_id(engine):
    """raw-04 0014."""
    found = engine.http.post("/api/v1/tasks/bad%20id%2Fslash/trigger", json={})
    assert found.status_code == 200
    assert engine.retrieve(found.json()["id"])["taskIdentifier"] == "bad id/slash"


def test_delay_and_cancel(engine, task):
    run = engine.trigger(task, delay="1h", ttl="1s")
    found = engine.retrieve(run)
    assert found["status"] == "DELAYED"
    assert found["delayedUntil"] > found["createdAt"]
    assert engine.http.post(f"/api/v2/runs/{run}/cancel").json() == {"id": run}
    assert engine.status(run) == "CANCELED"
    assert engine.retrieve(run)["error"] == {"message": "Canceled by user"}


def test_a_delay_nobody_can_read_is_none(engine, task):
    assert engine.status(engine.trigger(task, delay="soon")) == "PENDING_VERSION"


def test_a_short_delay_ends_by_itself(engine, task):
    worker = engine.worker(task)
    run = engine.trigger(task, delay="150ms")
    assert engine.status(run) == "DELAYED"
    assert worker.dequeue().run == run


def test_a_ttl_ends_by_itself(engine, task):
    run = engine.trigger(task, ttl="1s")
    found = engine.until(run, "EXPIRED")
    assert found["error"] == {"message": "Run expired because the TTL (1s) was reached"}
    assert {"finishedAt", "expiredAt"} <= set(found)
    assert found["isCompleted"]  # better than the original, where a poll loop never ends


def test_parents(engine, task):
    parent = engine.trigger(task)
    child = engine.trigger(f"{task}-child", parentRunId=parent)
    grandchild = engine.trigger(f"{task}-child", parentRunId=child)
    found = engine.retrieve(grandchild)
    assert found["depth"] == 2
    assert found["relatedRuns"]["parent"]["id"] == child
    assert found["relatedRuns"]["root"]["id"] == parent
    assert [run["id"] for run in engine.retrieve(parent)["relatedRuns"]["children"]] == [child]


def test_a_trigger_that_is_sent_again_makes_no_second_run(engine):
    """The client keeps one key for all attempts of a request whose answer may have been lost."""
    again = {"x-trigger-request-idempotency-key": "9e091900-ebf1-4c48-8833-b80d764339d7"}
    first, second = (post(engine, "t", json={"payload": 1}, headers=again) for _ in range(2))
    assert first.json() == second.json()
    other = post(engine, "t", json={"payload": 1}, headers={next(iter(again)): "another"})
    other_task = post(engine, "u", json={"payload": 1}, headers=again)
    assert len({answer.json()["id"] for answer in (first, other, other_task)}) == 3
    assert engine.retrieve(other_task.json()["id"])["taskIdentifier"] == "u"
