"""A task that triggers another and waits for it: pyworker-09 and devworker-10."""

import json

from patience import until

RETRY = {"retry": {"maxAttempts": 2, "minTimeoutInMs": 1, "maxTimeoutInMs": 1}}


def latest(attempt, after=None):
    """The latest snapshot, once it is another than `after`; the attempt goes on from it."""
    query = f"?after={after}&wait=10" if after else ""
    path = f"/engine/v1/dev/runs/{attempt.run}/snapshots/latest{query}"
    execution = attempt.engine.http.get(path).json()["execution"]
    attempt.snapshot = execution["snapshot"]["friendlyId"]
    return execution


def family(engine, task, *, max_attempts=1, **options):
    """A parent that waits for its child: the worker, the parent's attempt, the child's id."""
    child = {"id": f"{task}-child", "retry": {"maxAttempts": max_attempts}}
    worker = engine.worker({"id": task, **RETRY}, child)
    engine.trigger(task)
    parent = worker.execute()
    return worker, parent, ask(engine, task, parent, **options)


def ask(engine, task, parent, **options):
    options |= {"parentRunId": parent.run, "resumeParentOnCompletion": True}
    return engine.trigger(f"{task}-child", {"a": 1}, **options)


def test_a_child_that_succeeds(engine, task):
    worker, parent, child = family(engine, task)
    blocked = latest(parent)
    assert blocked["snapshot"]["executionStatus"] == "EXECUTING_WITH_WAITPOINTS"
    assert engine.status(parent.run) == "WAITING"
    attempt = worker.execute()
    assert attempt.run == child
    assert attempt.execution["run"]["parentTaskRunId"] == parent.run
    attempt.complete('{"json":{"b":2}}')
    resumed = latest(parent, parent.snapshot)
    assert resumed["snapshot"]["executionStatus"] == "EXECUTING"
    (found,) = resumed["completedWaitpoints"]
    assert found["type"] == "RUN"
    assert found["completedByTaskRun"] == {"id": child.removeprefix("run_"), "friendlyId": child}
    assert (found["output"], found["outputType"]) == ('{"json":{"b":2}}', "application/super+json")
    assert found["outputIsError"] is False
    assert parent.complete() == "RUN_FINISHED"


def test_a_child_that_fails_after_a_retry(engine, task):
    worker, parent, _child = family(engine, task, max_attempts=2)
    latest(parent)
    attempt = worker.execute()
    assert attempt.fail(retry={"timestamp": 0, "delay": 1}) == "RETRY_IMMEDIATELY"
    assert engine.status(parent.run) == "WAITING"
    attempt.start()
    attempt.fail()
    (found,) = latest(parent, parent.snapshot)["completedWaitpoints"]
    assert (found["outputType"], found["outputIsError"]) == ("application/json", True)
    error = json.loads(found["output"])
    assert (error["type"], error["name"], error["message"]) == (
        "BUILT_IN_ERROR",
        "ValueError",
        "no",
    )


def test_a_child_that_never_ran(engine, task):
    _worker, parent, child = family(engine, task)
    latest(parent)
    engine.http.post(f"/api/v2/runs/{child}/cancel")
    (found,) = latest(parent, parent.snapshot)["completedWaitpoints"]
    assert json.loads(found["output"]) == {"type": "STRING_ERROR", "raw": "Canceled by user"}
    assert found["outputIsError"] is True


def test_a_child_that_an_idempotency_key_finds(engine, task):
    worker, parent, child = family(engine, task, idempotencyKey=task)
    worker.execute().complete('{"json":1}')
    latest(parent)
    assert ask(engine, task, parent, idempotencyKey=task) == child
    (found,) = latest(parent)["completedWaitpoints"]
    assert found["output"] == '{"json":1}'
    # and one that ended before anybody waited for it
    alone = engine.trigger(f"{task}-child", idempotencyKey=f"{task}-2")
    worker.execute().complete('{"json":2}')
    assert ask(engine, task, parent, idempotencyKey=f"{task}-2") == alone
    (found,) = latest(parent)["completedWaitpoints"]
    assert found["output"] == '{"json":2}'


def test_children_of_a_canceled_parent_are_canceled_with_it(engine, task):
    """worker-protocol.md §7."""
    _worker, parent, child = family(engine, task)
    unawaited = engine.trigger(f"{task}-child", parentRunId=parent.run)
    engine.http.post(f"/api/v2/runs/{parent.run}/cancel")
    latest(parent)
    assert engine.status(child) == "QUEUED"
    parent.fail({"type": "INTERNAL_ERROR", "code": "TASK_RUN_CANCELLED"})
    assert engine.status(child) == "CANCELED"
    assert engine.status(unawaited) == "QUEUED"


def test_a_child_takes_the_place_of_its_parent_in_their_queue(engine, task):
    queue = {"queue": {"name": f"{task}-q", "concurrencyLimit": 1}}
    worker = engine.worker({"id": task, **queue}, {"id": f"{task}-child", **queue})
    engine.trigger(task)
    parent = worker.execute()
    child = ask(engine, task, parent)
    assert worker.execute().run == child


def test_parents_that_cannot_wait(engine, task):
    worker = engine.worker(task, f"{task}-child")
    queued = engine.trigger(task)
    path = f"/api/v1/tasks/{task}-child/trigger"
    for parent, status in (("run_unknown", 422), (queued, 409)):
        options = {"parentRunId": parent, "resumeParentOnCompletion": True}
        found = engine.http.post(path, json={"payload": 1, "options": options})
        assert found.status_code == status
        assert found.json()["error"].startswith("parentRunId: ")
    attempt = worker.execute()
    options = {"parentRunId": attempt.run, "resumeParentOnCompletion": True}
    public = engine.client(engine.mint(f"trigger:tasks:{task}-child"))
    found = public.post(path, json={"payload": 1, "options": options})
    assert found.status_code == 403
    assert engine.status(attempt.run) == "EXECUTING"
    engine.http.post(f"/api/v2/runs/{attempt.run}/cancel")
    found = engine.http.post(path, json={"payload": 1, "options": options})
    assert found.status_code == 409
    assert worker.dequeue(wait=0) is None  # no child was made by any of them
    plain = {"payload": 1, "options": {"resumeParentOnCompletion": True}}
    assert engine.http.post(path, json=plain).status_code == 200  # there is no parent to resume


def test_a_child_that_dies_with_its_process(engine, task, sleeper):
    worker = engine.worker({"id": task, **RETRY})
    engine.trigger(task)
    parent = worker.execute()
    process = sleeper()
    other = engine.worker(f"{task}-child", process=process)
    ask(engine, task, parent)
    latest(parent)
    other.execute()
    process.kill()
    process.wait()
    (found,) = until(lambda: latest(parent, parent.snapshot)["completedWaitpoints"])
    error = json.loads(found["output"])
    assert error["code"] == "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"


def test_a_family_outlives_the_engine(own_engine, sleeper):
    task = "family"
    worker = own_engine.worker(task, f"{task}-child", process=sleeper())
    own_engine.trigger(task)
    parent = worker.execute()
    ask(own_engine, task, parent)
    child = worker.execute()
    blocked = latest(parent)["snapshot"]
    own_engine.kill()
    own_engine.start()
    assert latest(parent)["snapshot"] == blocked
    child.complete('{"json":1}')
    (found,) = latest(parent)["completedWaitpoints"]
    assert found["output"] == '{"json":1}'
    assert parent.complete() == "RUN_FINISHED"
