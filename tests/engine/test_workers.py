"""A worker's whole life, over HTTP, as worker-protocol.md has it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from patience import at_once, until

RETRY = {"retry": {"maxAttempts": 3, "minTimeoutInMs": 1, "maxTimeoutInMs": 1}}


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_a_run_from_trigger_to_output(engine, task):
    """pyworker-01."""
    worker = engine.worker({"id": task, "exportName": "hello", "maxDuration": 60})
    run = engine.trigger(task, {"a": 1}, tags=["x"], metadata={"m": 1})
    attempt = worker.dequeue()
    assert attempt.message["snapshot"]["executionStatus"] == "PENDING_EXECUTING"
    assert attempt.message["backgroundWorker"]["friendlyId"] == worker.id
    execution = attempt.start()
    assert execution["attempt"]["number"] == 1
    assert execution["task"] == {"id": task, "filePath": "tasks.py", "exportName": "hello"}
    started = execution["run"]
    assert (started["id"], started["payload"]) == (run, '{"a":1}')
    assert (started["metadata"], started["maxDuration"]) == ({"m": 1}, 60)
    assert execution["project"]["ref"] == "proj_embedded"
    flushed = {"operations": [{"type": "set", "key": "done", "value": True}]}
    status = attempt.complete(
        usage={"durationMs": 7}, flushedMetadata={"data": json.dumps(flushed)}
    )
    assert status == "RUN_FINISHED"
    found = engine.retrieve(run)
    assert (found["status"], found["output"], found["durationMs"]) == ("COMPLETED", 1, 7)
    assert found["metadata"] == {"m": 1, "done": True}
    assert (found["version"], found["attemptCount"]) == (worker.version, 1)


def test_config(engine):
    found = engine.http.get("/engine/v1/dev/config").json()
    assert found["engineUrl"] == engine.url
    claims = engine.http.post("/api/v1/auth/jwt/claims").json()
    assert found["environmentId"] == claims["sub"]


def test_a_held_dequeue_is_answered_at_once(engine, task, pool):
    worker = engine.worker(task)
    waiting = pool.submit(worker.dequeue, 30)
    with at_once():
        run = engine.trigger(task)
        assert waiting.result().run == run


def test_an_empty_dequeue_waits_as_long_as_it_is_asked_to(engine, task):
    worker = engine.worker(task)
    began = time.monotonic()
    with at_once():
        assert worker.dequeue(wait=0.2) is None
    assert time.monotonic() - began > 0.15


def test_a_client_that_leaves_takes_no_run_with_it(engine, task):
    """Better than the original, where the dead connection swallows it for 60 s."""
    worker = engine.worker(task)
    with httpx.Client(base_url=engine.url, headers=engine.http.headers, timeout=0.2) as leaving:
        for _ in range(3):
            with pytest.raises(httpx.ReadTimeout):
                worker.dequeue(wait=30, http=leaving)
    run = engine.trigger(task)
    assert worker.dequeue(wait=1).run == run


def test_a_task_that_no_worker_has_waits_for_one(engine, task):
    run = engine.trigger(task)
    assert engine.status(run) == "PENDING_VERSION"
    worker = engine.worker(task)
    assert engine.status(run) == "QUEUED"
    assert worker.dequeue().run == run


def test_retries(engine, task):
    """pyworker-02: the worker decides, the engine only vetoes."""
    worker = engine.worker({"id": task, **RETRY})
    run = engine.trigger(task)
    attempt = worker.execute()
    retry = {"retry": {"timestamp": 0, "delay": 1}}
    assert attempt.fail(**retry) == "RETRY_IMMEDIATELY"
    assert engine.status(run) == "EXECUTING"
    assert attempt.start()["attempt"]["number"] == 2
    assert attempt.fail(**retry) == "RETRY_IMMEDIATELY"
    attempt.start()
    assert attempt.fail(**retry) == "RUN_FINISHED"
    found = engine.retrieve(run)
    assert (found["status"], found["attemptCount"]) == ("FAILED", 3)
    assert found["error"] == {"message": "no", "name": "ValueError", "stackTrace": "at …"}


def test_without_a_retry_the_run_fails_even_if_attempts_remain(engine, task):
    worker = engine.worker({"id": task, **RETRY})
    run = engine.trigger(task)
    assert worker.execute().fail() == "RUN_FINISHED"
    assert engine.status(run) == "FAILED"


def test_a_long_retry_goes_through_the_queue(engine, task):
    worker = engine.worker({"id": task, **RETRY})
    run = engine.trigger(task)
    assert worker.execute().fail(retry={"timestamp": 0, "delay": 30_000}) == "RETRY_QUEUED"
    assert engine.feed_row(run)["status"] == "RETRYING_AFTER_FAILURE"
    assert worker.dequeue(wait=0) is None
    engine.http.post(f"/api/v2/runs/{run}/cancel")
    assert engine.status(run) == "CANCELED"


def test_a_crash_that_the_worker_reports_is_retried_by_the_engine(engine, task):
    worker = engine.worker({"id": task, **RETRY})
    run = engine.trigger(task)
    crash = {"type": "INTERNAL_ERROR", "code": "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"}
    for _ in range(2):
        assert worker.execute().fail(crash) == "RETRY_QUEUED"
    assert worker.execute().fail(crash) == "RUN_FINISHED"
    found = engine.retrieve(run)
    assert found["status"] == "CRASHED"
    assert found["error"]["message"].endswith("(TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE)")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"type": "STRING_ERROR", "raw": "no"}, "FAILED"),
        ({"type": "CUSTOM_ERROR", "raw": "{}"}, "FAILED"),
        ({"type": "INTERNAL_ERROR", "code": "TASK_RUN_CANCELLED"}, "CANCELED"),
        ({"type": "INTERNAL_ERROR", "code": "MAX_DURATION_EXCEEDED"}, "TIMED_OUT"),
        ({"type": "INTERNAL_ERROR", "code": "COULD_NOT_FIND_EXECUTOR"}, "SYSTEM_FAILURE"),
        ({"type": "INTERNAL_ERROR", "code": "TASK_INPUT_ERROR"}, "FAILED"),
    ],
)
def test_what_each_error_makes_of_a_run(engine, task, error, status):
    """worker-protocol.md §5."""
    worker = engine.worker(task)
    run = engine.trigger(task)
    worker.execute().fail(error)
    found = engine.retrieve(run)
    assert (found["status"], found["isCompleted"]) == (status, True)


def test_a_stale_snapshot_is_a_conflict(engine, task):
    worker = engine.worker(task)
    run = engine.trigger(task)
    attempt = worker.dequeue()
    stale = attempt.snapshot
    attempt.start()
    latest, attempt.snapshot = attempt.snapshot, stale
    completion = {"completion": {"ok": True, "outputType": "text/plain"}}
    for action, body in (("attempts/start", {}), ("attempts/complete", completion)):
        found = attempt.post(action, body)
        assert (found.status_code, found.json()["error"]) == (500, "Internal Server Error")
        assert latest in found.json()["conflict"]
    assert attempt.post("heartbeat", None).json() == {"ok": True}
    assert engine.status(run) == "EXECUTING"


def test_unknown_runs_are_unknown_to_workers(engine):
    found = engine.http.get("/engine/v1/dev/runs/run_x/snapshots/latest")
    assert (found.status_code, found.text) == (401, "You don't have permissions for this run")


def test_cancel_of_an_executing_run(engine, task, pool):
    """pyworker-11; the held request tells the worker at once."""
    worker = engine.worker(task)
    run = engine.trigger(task)
    attempt = worker.execute()
    path = f"/engine/v1/dev/runs/{run}/snapshots/latest"
    waiting = pool.submit(engine.http.get, f"{path}?after={attempt.snapshot}&wait=30")
    with at_once():
        assert engine.http.post(f"/api/v2/runs/{run}/cancel").json() == {"id": run}
        told = waiting.result().json()["execution"]
    assert told["snapshot"]["executionStatus"] == "PENDING_CANCEL"
    found = engine.retrieve(run)
    assert (found["status"], "finishedAt" in found) == ("CANCELED", False)
    attempt.snapshot = told["snapshot"]["friendlyId"]
    error = {"type": "INTERNAL_ERROR", "code": "TASK_RUN_CANCELLED"}
    assert attempt.fail(error) == "RUN_FINISHED"
    found = engine.retrieve(run)
    assert (found["status"], "finishedAt" in found) == ("CANCELED", True)
    assert found["error"] == {"message": "Canceled by user"}


def test_a_late_success_does_not_undo_a_cancel(engine, task):
    worker = engine.worker(task)
    run = engine.trigger(task)
    attempt = worker.execute()
    engine.http.post(f"/api/v2/runs/{run}/cancel")
    latest = engine.http.get(f"/engine/v1/dev/runs/{run}/snapshots/latest").json()
    attempt.snapshot = latest["execution"]["snapshot"]["friendlyId"]
    attempt.complete()
    found = engine.retrieve(run)
    assert (found["status"], "output" in found) == ("CANCELED", False)


def test_two_processes_with_one_task_id_never_take_each_others_runs(engine, task, sleeper):
    one = engine.worker(task, process=sleeper())
    two = engine.worker(task, process=sleeper())
    for_one = engine.trigger(task, lockToVersion=one.version)
    for_two = engine.trigger(task, lockToVersion=two.version)
    plain = engine.trigger(task)
    assert [two.dequeue(wait=0).run, two.dequeue(wait=0).run] == [for_two, plain]
    assert two.dequeue(wait=0) is None
    assert one.dequeue(wait=0).run == for_one
    assert one.dequeue(wait=0) is None


@pytest.mark.parametrize("how", ["dies", "stops", "has it no more"])
def test_what_waited_for_the_newest_is_the_next_ones_at_once(engine, task, sleeper, pool, how):
    one = engine.worker(task, process=sleeper())
    process = sleeper()
    newest = engine.worker(task, process=process)
    run = engine.trigger(task)
    held = pool.submit(one.dequeue, wait=20)  # with nothing to wake it, it gives none
    if how == "dies":
        process.kill()
        process.wait()
    elif how == "stops":
        body = {"runFriendlyIds": [], "worker": newest.id}
        engine.http.post("/engine/v1/dev/disconnect", json=body)
    else:
        engine.worker(f"{task}-other", process=process, content="2")
    assert held.result().run == run


def test_a_process_that_registers_again_keeps_its_runs(engine, task, sleeper):
    process = sleeper()
    old = engine.worker(task, process=process)
    run = engine.trigger(task, lockToVersion=old.version)
    new = engine.worker(task, process=process, content="2")
    assert (new.id != old.id, new.version != old.version) == (True, True)
    attempt = new.dequeue()
    assert attempt.run == run
    assert attempt.message["backgroundWorker"]["version"] == new.version
    same = engine.worker(task, process=process, content="2")
    assert (same.id, same.version) == (new.id, new.version)


def test_a_registration_without_the_task_takes_none_of_its_runs(engine, task, sleeper):
    process = sleeper()
    worker = engine.worker(task, process=process)
    run = engine.trigger(task, lockToVersion=worker.version)
    engine.worker(f"{task}-other", process=process)
    assert engine.status(run) == "PENDING_VERSION"
    assert engine.worker(task, process=process, content="2").dequeue().run == run


def test_a_dead_process_gives_its_runs_to_the_next_one(engine, task, sleeper):
    process = sleeper()
    worker = engine.worker({"id": task, **RETRY}, process=process, origin="kernel:k1")
    started = engine.trigger(task, lockToVersion=worker.version)
    worker.execute()
    dequeued = engine.trigger(task, lockToVersion=worker.version)
    worker.dequeue()
    waiting = engine.trigger(task)
    process.kill()
    process.wait()
    runs = (started, dequeued, waiting)
    with at_once():  # and not by the heartbeats that do not come
        until(lambda: all(engine.status(run) == "PENDING_VERSION" for run in runs))
    heir = engine.worker({"id": task, **RETRY}, process=sleeper(), origin="kernel:k1")
    assert {heir.dequeue().run for _ in runs} == set(runs)
    assert (
        engine.http.post(
            "/engine/v1/dev/dequeue", json={"currentWorker": worker.id, "oldWorkers": []}
        ).status_code
        == 404
    )


def test_a_process_that_dies_in_the_last_attempt_crashes_its_run(engine, task, sleeper):
    process = sleeper()
    worker = engine.worker(task, process=process, label="prices.ipynb")
    run = engine.trigger(task)
    worker.execute()
    process.kill()
    process.wait()
    found = engine.until(run, "CRASHED")
    assert found["error"] == {"message": "The process that ran it (prices.ipynb) died."}


def test_a_worker_that_does_not_say_who_it_is_may_fall_silent_and_speak_again(engine, task):
    worker = engine.worker(task)
    body = {"runFriendlyIds": [], "worker": worker.id}
    engine.http.post("/engine/v1/dev/disconnect", json=body)
    run = engine.trigger(task)
    assert engine.status(run) == "PENDING_VERSION"
    assert worker.dequeue().run == run


def test_disconnect(engine, task, sleeper):
    """worker-protocol.md §9; `worker` is ours."""
    worker = engine.worker(task, process=sleeper())
    run = engine.trigger(task)
    worker.execute()
    queued = engine.trigger(task)
    body = {"runFriendlyIds": [run, "run_unknown"], "worker": worker.id}
    assert engine.http.post("/engine/v1/dev/disconnect", json=body).json() == {"cancelled": 1}
    found = engine.retrieve(run)
    assert found["status"] == "CANCELED"
    assert found["error"] == {"message": "Dev session ended (CLI exited)"}
    assert engine.status(queued) == "PENDING_VERSION"


def test_a_queue_with_a_limit(engine, task):
    worker = engine.worker({"id": task, "queue": {"name": f"{task}-q", "concurrencyLimit": 1}})
    runs = [engine.trigger(task) for _ in range(3)]
    other_key = engine.trigger(task, concurrencyKey="u1")
    first = worker.execute()
    assert first.run == runs[0]
    assert worker.dequeue(wait=0).run == other_key  # each key has the limit to itself
    assert worker.dequeue(wait=0) is None
    first.complete()
    assert worker.dequeue(wait=0).run == runs[1]
    engine.http.post(f"/api/v2/runs/{runs[1]}/cancel")
    assert worker.dequeue(wait=0).run == runs[2]


def test_runs_come_in_the_order_they_were_triggered(engine, task):
    worker = engine.worker(task)
    runs = [engine.trigger(task) for _ in range(5)]
    assert [worker.dequeue(wait=0).run for _ in runs] == runs


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"packageVersion": "1", "contentHash": "x"},
        {"packageVersion": "1", "contentHash": "x", "tasks": [{"id": "a"}]},
        {"packageVersion": "1", "contentHash": 5, "tasks": []},
        {
            "packageVersion": "1",
            "contentHash": "x",
            "tasks": [{"id": "a", "filePath": "f", "retry": {"maxAttempts": "3"}}],
        },
    ],
)
def test_a_bad_registration(engine, metadata):
    body = {"localOnly": True, "metadata": metadata}
    found = engine.http.post("/api/v1/projects/p/background-workers", json=body)
    assert (found.status_code, found.json()["error"]) == (400, "Invalid body")


def test_duplicate_ids_register_nothing(engine, task):
    """A real server makes a version without tasks of it, worker-protocol.md §2."""
    worker = engine.worker(task)
    run = engine.trigger(task)
    tasks = [{"id": task, "filePath": "f"}] * 2
    metadata = {"packageVersion": "1", "contentHash": "x", "tasks": tasks}
    found = engine.http.post(
        "/api/v1/projects/p/background-workers", json={"localOnly": True, "metadata": metadata}
    )
    assert found.status_code == 400
    assert task in found.json()["error"]
    assert worker.dequeue().run == run


def test_presence(engine):
    with engine.http.stream("GET", "/engine/v1/dev/presence") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: start"
        assert next(line for line in lines if line.startswith("event: time"))
