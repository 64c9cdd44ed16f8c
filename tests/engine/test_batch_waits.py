"""A task that triggers a batch and waits for all of it: devworker-11 and pyworker-10."""

import json

import pytest

from .test_batches import create, fill, line
from .test_children import latest

SUPER = {"payloadType": "application/super+json"}


@pytest.fixture
def parent(engine, task):
    engine.trigger(task)
    worker = engine.worker(task, f"{task}-child")
    attempt = worker.execute()
    attempt.worker = worker
    return attempt


def start(engine, task, parent, count, **more):
    waits = {"parentRunId": parent.run, "resumeParentOnCompletion": True}
    return create(engine, count, **waits, **more)


def items(task, count):
    return [line(i, f"{task}-child", json.dumps({"json": i}), **SUPER) for i in range(count)]


def test_the_parent_goes_on_with_the_last_of_them_and_hears_of_each(engine, task, parent):
    batch = start(engine, task, parent, 2)
    assert engine.status(parent.run) == "EXECUTING"  # ours: there is nothing to wait for yet
    assert fill(engine, batch, items(task, 2)).json()["sealed"]
    assert latest(parent)["snapshot"]["executionStatus"] == "EXECUTING_WITH_WAITPOINTS"
    first, second = parent.worker.execute(), parent.worker.execute()
    assert first.execution["run"]["parentTaskRunId"] == parent.run
    second.fail()
    assert engine.status(parent.run) == "WAITING"
    first.complete('{"json":"first"}')
    resumed = latest(parent, parent.snapshot)
    assert resumed["snapshot"]["executionStatus"] == "EXECUTING"
    whole, *each = resumed["completedWaitpoints"]
    named = {"id": batch.removeprefix("batch_"), "friendlyId": batch}
    assert (whole["type"], whole["completedByBatch"]) == ("BATCH", named)
    assert (whole["output"], whole["outputIsError"]) == ("Batch waitpoint completed", False)
    assert [found["index"] for found in each] == [0, 1]
    assert [found["outputIsError"] for found in each] == [False, True]
    assert each[0]["output"] == '{"json":"first"}'
    assert json.loads(each[1]["output"])["message"] == "no"
    for found, attempt in zip(each, (first, second), strict=True):
        by = {"id": attempt.run.removeprefix("run_"), "friendlyId": attempt.run, "batch": named}
        assert (found["type"], found["completedByTaskRun"]) == ("RUN", by)


def test_items_that_an_idempotency_key_finds_finished(engine, task, parent):
    done = engine.trigger(f"{task}-child", idempotencyKey=task)
    parent.worker.execute().complete('{"json":"before"}')
    batch = start(engine, task, parent, 2)
    keyed = [{**item, "options": {**SUPER, "idempotencyKey": task}} for item in items(task, 2)]
    fill(engine, batch, keyed)
    told = latest(parent)["completedWaitpoints"]
    assert [found["completedByTaskRun"]["friendlyId"] for found in told[1:]] == [done, done]
    assert {found["output"] for found in told[1:]} == {'{"json":"before"}'}


def test_a_batch_that_is_found_again_is_waited_for_again(engine, task, parent):
    batch = start(engine, task, parent, 1, idempotencyKey=task)
    fill(engine, batch, items(task, 1))
    child = parent.worker.execute()
    latest(parent)
    assert start(engine, task, parent, 1, idempotencyKey=task) == batch
    child.complete()
    assert len(latest(parent, parent.snapshot)["completedWaitpoints"]) == 2
    assert start(engine, task, parent, 1, idempotencyKey=task) == batch
    assert engine.status(parent.run) == "EXECUTING"
    assert len(latest(parent)["completedWaitpoints"]) == 2


def test_a_canceled_parent_takes_the_batch_with_it(engine, task, parent):
    batch = start(engine, task, parent, 2)
    fill(engine, batch, items(task, 2))
    engine.http.post(f"/api/v2/runs/{parent.run}/cancel")
    latest(parent)
    parent.fail({"type": "INTERNAL_ERROR", "code": "TASK_RUN_CANCELLED"})
    runs = engine.http.get(f"/api/v2/batches/{batch}").json()["runs"]
    assert [engine.status(run) for run in runs] == ["CANCELED", "CANCELED"]


def test_a_whole_batch_in_one_request(engine, task, parent):
    body = {"items": [{"task": f"{task}-child", "payload": 1}]}
    waits = {"parentRunId": parent.run, "resumeParentOnCompletion": True}
    assert engine.http.post("/api/v2/tasks/batch", json=body | waits).status_code == 202
    assert engine.status(parent.run) == "WAITING"
    parent.worker.execute().complete()
    assert engine.status(parent.run) == "EXECUTING"


def test_parents_that_cannot_wait(engine, task, parent):
    def ask(http=engine.http, run=parent.run):
        body = {"runCount": 1, "parentRunId": run, "resumeParentOnCompletion": True}
        return http.post("/api/v3/batches", json=body)

    queued = ask(run=engine.trigger(f"{task}-child", delay="1h"))
    assert queued.status_code == 409
    assert queued.json()["error"].startswith("parentRunId: a run that is DELAYED")
    assert ask(run="run_unknown").status_code == 409
    assert ask(engine.client(engine.mint("write:batch"))).status_code == 403
    batch = ask().json()["id"]
    parent.complete()  # between the creation of the batch and its items
    assert fill(engine, batch, items(task, 1)).status_code == 409
    assert parent.worker.dequeue(wait=0) is None  # no child was made
