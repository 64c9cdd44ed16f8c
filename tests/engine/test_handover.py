"""Runs that come begun, several at once, and with the answer to a completion: ours alone."""

from contextlib import suppress

import httpx
import pytest
from patience import until

from tests.engine.conftest import Attempt

KEY, OTHER = "a" * 32, "b" * 32
COMPLETION = {"ok": True, "output": "1", "outputType": "application/json"}


def ask(worker, query, http=None):
    answer = (http or worker.engine.http).post(
        f"/engine/v1/dev/dequeue?{query}", json={"currentWorker": worker.id, "oldWorkers": []}
    )
    assert answer.status_code == 200, answer.text
    return [Attempt(worker.engine, message) for message in answer.json()["dequeuedMessages"]]


def complete(attempt, query=""):
    answer = attempt.post(f"attempts/complete{query}", {"completion": COMPLETION})
    assert answer.status_code == 200, answer.text
    return answer.json()


def runs_of(attempts):
    return [attempt.run for attempt in attempts]


def test_several_come_begun(engine, task):
    worker = engine.worker(task)
    runs = [engine.trigger(task, n) for n in range(3)]
    begun = ask(worker, f"wait=1&runs=2&key={KEY}")
    assert runs_of(begun) == runs[:2]
    for n, attempt in enumerate(begun):
        started = attempt.message["started"]
        assert started["execution"]["run"]["payload"] == str(n)
        assert started["execution"]["attempt"]["number"] == 1
        assert started["snapshot"] == attempt.message["snapshot"]
        assert engine.status(attempt.run) == "EXECUTING"
        assert complete(attempt) == {"result": {**complete_result(engine, attempt)}}
    assert engine.status(runs[2]) == "QUEUED"


def complete_result(engine, attempt):
    path = f"/engine/v1/dev/runs/{attempt.run}/snapshots/latest"
    latest = engine.http.get(path).json()["execution"]
    return {
        "attemptStatus": "RUN_FINISHED", "snapshot": latest["snapshot"], "run": latest["run"],
    }  # fmt: skip


@pytest.mark.parametrize("query", ["runs=2", "runs=2&key=", "runs=2&key=short", "runs=x"])
def test_who_has_no_key_is_answered_as_by_a_real_server(engine, task, query):
    worker = engine.worker(task)
    run, _ = engine.trigger(task), engine.trigger(task)
    (attempt,) = ask(worker, f"wait=1&{query}")
    assert attempt.run == run
    assert "started" not in attempt.message
    assert attempt.message["snapshot"]["executionStatus"] == "PENDING_EXECUTING"


def test_a_queue_is_never_fuller_than_its_limit(engine, task):
    worker = engine.worker({"id": task, "queue": {"name": task, "concurrencyLimit": 2}})
    for _ in range(3):
        engine.trigger(task)
    first, second = ask(worker, f"wait=1&runs=9&key={KEY}")
    assert ask(worker, f"wait=0&runs=9&key={OTHER}") == []
    assert len(complete(first, f"?next={worker.id}&key={OTHER}")["dequeuedMessages"]) == 1
    assert complete(second, f"?next={worker.id}&key={'c' * 32}")["dequeuedMessages"] == []


def test_a_lost_answer_is_told_again(engine, task):
    worker = engine.worker(task)
    runs = [engine.trigger(task) for _ in range(3)]
    ask(worker, f"wait=1&runs=2&key={KEY}")
    for _ in range(2):
        again = ask(worker, f"wait=1&runs=2&key={KEY}&again")
        assert runs_of(again) == runs[:2]
    complete(again[0])
    assert runs_of(ask(worker, f"wait=1&runs=2&key={KEY}&again")) == [runs[1]]
    assert runs_of(ask(worker, f"wait=1&runs=2&key={OTHER}&again")) == [runs[2]]
    assert {engine.retrieve(run)["attemptCount"] for run in runs} == {1}


def test_a_completion_brings_the_next_run(engine, task):
    worker = engine.worker(task)
    runs = [engine.trigger(task) for _ in range(2)]
    (first,) = ask(worker, f"wait=1&key={KEY}")
    answer = complete(first, f"?next={worker.id}&key={OTHER}")
    assert answer["result"]["attemptStatus"] == "RUN_FINISHED"
    (second,) = (Attempt(engine, message) for message in answer["dequeuedMessages"])
    assert second.run == runs[1]
    assert runs_of(ask(worker, f"wait=1&key={OTHER}&again")) == [runs[1]]
    unknown = complete(ask(worker, f"wait=1&key={OTHER}&again")[0], "?next=worker_x&key=" + KEY)
    assert "dequeuedMessages" not in unknown


def test_a_refused_completion_brings_none(engine, task):
    worker = engine.worker(task)
    run, waiting = engine.trigger(task), engine.trigger(task)
    (attempt,) = ask(worker, f"wait=1&key={KEY}")
    attempt.snapshot = "snapshot_old"
    query = f"attempts/complete?next={worker.id}&key={OTHER}"
    assert attempt.post(query, {"completion": COMPLETION}).status_code == 500
    assert (engine.status(run), engine.status(waiting)) == ("EXECUTING", "QUEUED")


def test_a_client_that_leaves_takes_none_with_it(engine, task):
    worker = engine.worker(task)
    with httpx.Client(base_url=engine.url, headers=engine.http.headers, timeout=0.2) as leaving:
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                ask(worker, f"wait=30&key={KEY}", leaving)
    run = engine.trigger(task)
    (attempt,) = ask(worker, f"wait=5&key={OTHER}")
    assert attempt.run == run
    assert attempt.message["started"]["execution"]["attempt"]["number"] == 1


def test_what_a_stopped_worker_never_heard_of_was_never_begun(engine, task, sleeper):
    worker = engine.worker({"id": task, "retry": {"maxAttempts": 1}}, process=sleeper())
    known, unheard = engine.trigger(task), engine.trigger(task)
    ask(worker, f"wait=1&key={KEY}")
    ask(worker, f"wait=1&key={OTHER}")
    body = {"runFriendlyIds": [known], "worker": worker.id}
    assert engine.http.post("/engine/v1/dev/disconnect", json=body).json() == {"cancelled": 1}
    until(lambda: engine.status(unheard) == "PENDING_VERSION")
    assert engine.retrieve(unheard)["attemptCount"] == 0
    heir = engine.worker({"id": task, "retry": {"maxAttempts": 1}}, process=sleeper())
    (attempt,) = ask(heir, f"wait=1&key={KEY}")
    assert (attempt.run, engine.retrieve(unheard)["attemptCount"]) == (unheard, 1)


def test_what_never_reached_a_dead_process_goes_to_the_next(engine, task, sleeper):
    """But what was seen there, or was sent back before, may be what has killed it."""
    settings = {"id": task, "retry": {"maxAttempts": 1}}
    process = sleeper()
    worker = engine.worker(settings, process=process)
    known, unheard = engine.trigger(task), engine.trigger(task)
    (seen, _) = ask(worker, f"wait=1&runs=2&key={KEY}")
    assert seen.post("heartbeat", {}).status_code == 200
    engine.worker(settings, process=process, content="2")  # it is the same process
    process.kill()
    process.wait()
    assert engine.until(known, "CRASHED")["attemptCount"] == 1
    assert engine.until(unheard, "PENDING_VERSION")["attemptCount"] == 0
    process = sleeper()
    (attempt,) = ask(engine.worker(settings, process=process), f"wait=1&key={OTHER}")
    assert (attempt.run, engine.retrieve(unheard)["attemptCount"]) == (unheard, 1)
    process.kill()
    process.wait()
    engine.until(unheard, "CRASHED")


@pytest.mark.parametrize(
    "said",
    [
        ("GET", "/engine/v1/dev/runs/{run}/snapshots/latest", None),
        ("GET", "/engine/v1/dev/runs/{run}/snapshots/latest?after={snapshot}&wait=20", None),
        ("POST", "/engine/v1/runs/{run}/logs", {"records": []}),
        ("PUT", "/api/v1/runs/{run}/metadata", {"metadata": {"step": 1}}),
        ("POST", "/realtime/v1/streams/{run}/self/words/append", "a"),
    ],
)
def test_who_says_something_of_a_run_has_it(engine, task, sleeper, said):
    method, path, body = said
    process = sleeper()
    worker = engine.worker({"id": task, "retry": {"maxAttempts": 1}}, process=process)
    run = engine.trigger(task)
    (attempt,) = ask(worker, f"wait=1&key={KEY}")
    path = path.format(run=run, snapshot=attempt.snapshot)
    with suppress(httpx.ReadTimeout):
        answer = engine.http.request(method, path, json=body, timeout=0.2)
        assert answer.status_code == 200, answer.text
    process.kill()
    process.wait()
    engine.until(run, "CRASHED")
