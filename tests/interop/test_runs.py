"""Runs that the official SDK triggers, follows, finds and cancels."""

import pytest
from interop.support import assert_same_run, moment
from patience import PATIENCE

pytestmark = pytest.mark.slow


def test_a_run_is_triggered_and_polled(official, client):
    options = {"tags": ["a", 'quoted "b"'], "metadata": {"from": "node"}, "ttl": "1h"}
    payload = {"n": 1, "text": "ü 🎈", "list": [1, None]}
    seen = official.play("runs", "triggerAndPoll", task="echo", payload=payload, options=options)
    run = seen["run"]
    assert seen["handle"] == {"id": run["id"], "isCached": False, "publicAccessToken": "string"}
    assert run["output"] == {"got": payload, "✓": [1.5, None, True, "ü 🎈"]}
    assert run["metadata"] == {"from": "node"}
    assert run["isSuccess"]
    assert_same_run(run, client.runs.retrieve(run["id"]))


def test_values_that_json_does_not_have_arrive_as_the_wire_carries_them(official, client):
    run = official.play("runs", "richPayload", task="echo")
    got = run["output"]["got"]
    assert moment(got["when"]).timestamp() == 0
    assert (got["tags"], got["big"]) == (["a"], "12345678901234567890")
    assert client.runs.retrieve(run["id"]).output["got"] == got


def test_a_run_is_followed_to_its_end(official, client):
    states = official.play("runs", "follow", task="steps", payload={"n": 1})
    assert_same_run(states[-1], client.runs.retrieve(states[-1]["id"]))
    assert states[-1]["output"] == "done"
    steps = [state["metadata"]["step"] for state in states if state.get("metadata")]
    assert steps == sorted(steps)  # some may be skipped, as on any server
    assert steps[-1] == 3
    order = ["QUEUED", "DEQUEUED", "EXECUTING", "COMPLETED"]
    statuses = [order.index(state["status"]) for state in states]
    assert statuses == sorted(statuses)


def test_columns_can_be_left_out(official):
    skipped = {"skipColumns": ["payload", "output"]}
    states = official.play("runs", "follow", task="echo", payload="secret", options=skipped)
    assert states[-1]["status"] == "COMPLETED"
    assert not any("payload" in state or "output" in state for state in states)


@pytest.mark.parametrize(("task", "name"), [("fails", "ValueError"), ("aborts", None)])
def test_a_failure_says_the_same(official, client, task, name):
    states = official.play("runs", "follow", task=task, payload=None)
    assert states[-1]["status"] == "FAILED"
    ours = client.runs.retrieve(states[-1]["id"])
    assert_same_run(states[-1], ours)
    assert states[-1]["error"]["name"] == ours.error.name
    assert name in (None, ours.error.name)
    assert states[-1]["error"]["stackTrace"] == ours.error.stack_trace


def test_a_run_of_theirs_is_canceled_by_us(official, client):
    with official.playing("runs", "followUntilCanceled", task="sleeps", payload=None) as scene:
        while (state := scene.next())["status"] != "EXECUTING":
            pass
        client.runs.cancel(state["id"])
        last = scene.result()
    assert last["isCancelled"]
    assert_same_run(last, client.runs.retrieve(state["id"]))


def test_a_run_of_ours_is_canceled_by_them(official, client):
    handle = client.tasks.trigger("sleeps")
    subscription = client.runs.subscribe_to_run(handle, timeout=PATIENCE)
    assert any(run.status == "EXECUTING" for run in subscription)
    run = official.play("runs", "cancelAnother", id=handle.id)
    assert run["status"] == "CANCELED"
    assert_same_run(run, handle.retrieve())


def test_a_delayed_run_is_seen_and_canceled(official):
    seen = official.play("runs", "delayed", task="echo")
    before, after = seen["before"], seen["after"]
    delay = moment(before["delayedUntil"]) - moment(before["createdAt"])
    assert (before["status"], after["status"]) == ("DELAYED", "CANCELED")
    assert delay.total_seconds() == pytest.approx(3600, abs=1)


def test_an_idempotency_key_of_theirs_is_ours_too(official, client):
    seen = official.play("runs", "idempotency", task="echo")
    first, second, other = seen["ids"]
    assert first == second != other
    again = client.tasks.trigger("echo", idempotency_key=seen["key"])
    assert (again.id, again.is_cached) == (first, True)


def test_runs_are_listed_by_pages_the_same(official, client):
    handles = [client.tasks.trigger("echo", n, tags=["listed"]) for n in range(5)]
    ids = [handle.id for handle in handles if handle.result(timeout=PATIENCE)]
    query = {"tag": "listed", "limit": 2}
    found = official.play("runs", "list", query=query, most=10)
    assert [run["id"] for run in found] == ids[::-1]
    for run in found:
        ours = client.runs.retrieve(run["id"])
        assert (run["status"], run["tags"]) == (str(ours.status), ours.tags)
        assert moment(run["createdAt"]) == ours.created_at


def test_failures_arrive_as_the_errors_of_the_sdk(official):
    failures = official.play("runs", "failures", task="echo")
    kinds = {what: (each["name"], each["status"]) for what, each in failures.items()}
    assert kinds == {
        "retrieve": ("NotFoundError", 404),
        "cancel": ("NotFoundError", 404),
        "tags": ("UnprocessableEntityError", 422),
        "notHere": ("InternalServerError", 501),
        "wrongKey": ("AuthenticationError", 401),
    }
    assert "is not implemented by the embedded engine" in failures["notHere"]["message"]
    assert "10 tags" in failures["tags"]["message"]
