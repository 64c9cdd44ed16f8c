"""A run that waits, over HTTP: pyworker-07, -08 and devworker-08b."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from patience import AT_ONCE, at_once, until

TOKENS = "/api/v1/waitpoints/tokens"
RETRY = {"retry": {"maxAttempts": 2, "minTimeoutInMs": 1, "maxTimeoutInMs": 1}}


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def token(engine, **body):
    answer = engine.http.post(TOKENS, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def complete(engine, token, data):
    answer = engine.http.post(f"{TOKENS}/{token}/complete", json={"data": data})
    assert answer.json() == {"success": True}


def wait_for(attempt, token):
    return attempt.engine.http.post(f"/engine/v1/runs/{attempt.run}/waitpoints/tokens/{token}/wait")


def wait_until(attempt, seconds, **more):
    moment = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    path = f"/engine/v1/runs/{attempt.run}/wait/duration"
    return attempt.engine.http.post(path, json={"date": moment, **more})


def latest(attempt, after=None, wait=30):
    """The latest snapshot, once it is another than `after`; the attempt goes on from it."""
    query = f"?after={after}&wait={wait}" if after else ""
    path = f"/engine/v1/dev/runs/{attempt.run}/snapshots/latest{query}"
    execution = attempt.engine.http.get(path).json()["execution"]
    attempt.snapshot = execution["snapshot"]["friendlyId"]
    return execution


def executing(engine, task, **more):
    worker = engine.worker({"id": task, **more})
    engine.trigger(task)
    return worker, worker.execute()


def test_create_wait_complete_resumed(engine, task, pool):
    """pyworker-07, but that it goes on within milliseconds."""
    _worker, attempt = executing(engine, task)
    waitpoint = token(engine, timeout="10m", tags=["approval"])
    assert wait_for(attempt, waitpoint).json() == {"success": True}
    blocked = latest(attempt)
    assert blocked["snapshot"]["executionStatus"] == "EXECUTING_WITH_WAITPOINTS"
    assert blocked["snapshot"]["description"] == "Run was blocked by a waitpoint."
    assert blocked["completedWaitpoints"] == []
    held = pool.submit(latest, attempt, attempt.snapshot)
    with at_once():
        complete(engine, waitpoint, {"approved": True})
        resumed = held.result()
    assert resumed["snapshot"]["executionStatus"] == "EXECUTING"
    assert resumed["snapshot"]["description"] == "Run was continued, whilst still executing."
    (found,) = resumed["completedWaitpoints"]
    assert found.pop("completedAt") < found.pop("completedAfter")
    assert found == {
        "id": waitpoint.removeprefix("waitpoint_"),
        "friendlyId": waitpoint,
        "type": "MANUAL",
        "output": '{"json":{"approved":true}}',
        "outputType": "application/super+json",
        "outputIsError": False,
    }
    assert attempt.complete() == "RUN_FINISHED"
    assert engine.status(attempt.run) == "COMPLETED"


def test_a_duration(engine, task, pool):
    """pyworker-08."""
    _worker, attempt = executing(engine, task)
    answer = wait_until(attempt, 0.4)
    assert answer.status_code == 200, answer.text
    until = datetime.fromisoformat(answer.json()["waitUntil"])
    blocked = latest(attempt)
    assert blocked["snapshot"]["executionStatus"] == "EXECUTING_WITH_WAITPOINTS"
    resumed = pool.submit(latest, attempt, attempt.snapshot).result()
    assert 0 <= (datetime.now(UTC) - until).total_seconds() < AT_ONCE
    assert resumed["snapshot"]["executionStatus"] == "EXECUTING"
    (found,) = resumed["completedWaitpoints"]
    assert answer.json()["waitpoint"] == {"id": found["friendlyId"]}
    assert (found["type"], found["completedAfter"]) == ("DATETIME", answer.json()["waitUntil"])
    assert (found["outputType"], found["outputIsError"]) == ("application/json", False)
    assert "output" not in found


@pytest.mark.parametrize("date", [None, 5, "", "soon", "10m", "2026-13-01T00:00:00Z"])
def test_a_date_that_is_none(engine, task, date):
    _worker, attempt = executing(engine, task)
    found = engine.http.post(f"/engine/v1/runs/{attempt.run}/wait/duration", json={"date": date})
    assert found.status_code == 400
    assert '"date"' in found.json()["error"]
    assert attempt.complete() == "RUN_FINISHED"


def test_a_moment_that_has_passed_lets_the_run_go_on(engine, task):
    _worker, attempt = executing(engine, task)
    started = attempt.snapshot
    wait_until(attempt, -60)
    resumed = until(lambda: (found := latest(attempt, started))["completedWaitpoints"] and found)
    assert resumed["snapshot"]["executionStatus"] == "EXECUTING"


def test_a_token_that_is_complete_lets_the_run_go_on(engine, task):
    _worker, attempt = executing(engine, task)
    waitpoint = token(engine)
    complete(engine, waitpoint, "before")
    for _ in range(2):  # also when the run has waited for it already
        started = attempt.snapshot
        wait_for(attempt, waitpoint)
        resumed = latest(attempt, started, wait=0)
        assert resumed["snapshot"]["executionStatus"] == "EXECUTING"
        assert [found["output"] for found in resumed["completedWaitpoints"]] == ["before"]
        assert attempt.snapshot != started
    assert attempt.complete() == "RUN_FINISHED"


def test_a_token_times_out_while_a_run_waits(engine, task):
    """devworker-08b."""
    _worker, attempt = executing(engine, task)
    wait_for(attempt, token(engine, timeout="1s"))
    latest(attempt)
    (found,) = latest(attempt, attempt.snapshot)["completedWaitpoints"]
    assert found["outputIsError"] is True
    assert found["output"].startswith('{"code":"TRIGGER_WAITPOINT_TIMEOUT","message":"Waitpoint ')


def test_what_a_waiting_run_looks_like(engine, task):
    """raw-50: WAITING_TO_RESUME, in each of its words."""
    _worker, attempt = executing(engine, task)
    waitpoint = token(engine)
    wait_for(attempt, waitpoint)
    found = engine.retrieve(attempt.run)
    assert (found["status"], found["isWaiting"], found["isExecuting"]) == ("WAITING", True, False)
    found = engine.http.get(f"/api/v3/runs/{attempt.run}").json()
    assert (found["status"], found["isWaiting"], found["isExecuting"]) == ("FROZEN", False, True)
    assert engine.feed_row(attempt.run)["status"] == "WAITING_TO_RESUME"
    query = {"filter[status]": "WAITING", "filter[taskIdentifier]": task}
    found = engine.http.get("/api/v1/runs", params=query).json()["data"]
    assert [run["id"] for run in found] == [attempt.run]
    complete(engine, waitpoint, None)
    assert engine.status(attempt.run) == "EXECUTING"


def test_a_run_that_waits_gives_its_place_away(engine, task):
    queue = {"queue": {"name": f"{task}-q", "concurrencyLimit": 1}}
    worker, attempt = executing(engine, task, **queue)
    engine.trigger(task)
    assert worker.dequeue(wait=0) is None
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(worker.dequeue)
        waitpoint = token(engine)
        wait_for(attempt, waitpoint)
        other = held.result()
    assert other is not None
    complete(engine, waitpoint, 1)
    latest(attempt)
    assert engine.status(attempt.run) == "EXECUTING"  # at once: nobody waits for a place again
    engine.trigger(task)
    attempt.complete()
    assert worker.dequeue(wait=0) is None
    other.start()
    other.complete()
    assert worker.dequeue(wait=0) is not None


def test_several_waits_end_together(engine, task):
    """worker-protocol.md §7: two waits block until both are done, and both arrive together."""
    _worker, attempt = executing(engine, task)
    one, two = token(engine), token(engine)
    wait_for(attempt, one)
    wait_for(attempt, two)
    latest(attempt)
    complete(engine, one, 1)
    same = latest(attempt, attempt.snapshot, wait=0.1)
    assert same["snapshot"]["executionStatus"] == "EXECUTING_WITH_WAITPOINTS"
    complete(engine, two, 2)
    resumed = latest(attempt, attempt.snapshot)
    assert {found["friendlyId"] for found in resumed["completedWaitpoints"]} == {one, two}


def test_several_runs_wait_for_one_token(engine, task):
    worker, first = executing(engine, task)
    engine.trigger(task)
    second = worker.execute()
    waitpoint = token(engine)
    for attempt in (first, second):
        wait_for(attempt, waitpoint)
        latest(attempt)
    complete(engine, waitpoint, 1)
    for attempt in (first, second):
        assert latest(attempt)["snapshot"]["executionStatus"] == "EXECUTING"
        assert attempt.complete() == "RUN_FINISHED"


def test_a_snapshot_tells_of_the_last_wait_alone(engine, task):
    _worker, attempt = executing(engine, task)
    for number in range(2):
        waitpoint = token(engine)
        wait_for(attempt, waitpoint)
        assert latest(attempt)["completedWaitpoints"] == []
        complete(engine, waitpoint, number)
        (found,) = latest(attempt, attempt.snapshot)["completedWaitpoints"]
        assert found["friendlyId"] == waitpoint


def test_a_worker_beats_while_its_task_waits(engine, task):
    _worker, attempt = executing(engine, task)
    wait_for(attempt, token(engine))
    latest(attempt)
    assert attempt.post("heartbeat", None).json() == {"ok": True}
    assert engine.status(attempt.run) == "WAITING"


def test_cancel_of_a_waiting_run(engine, task, pool):
    _worker, attempt = executing(engine, task)
    waitpoint = token(engine)
    wait_for(attempt, waitpoint)
    latest(attempt)
    held = pool.submit(latest, attempt, attempt.snapshot)
    with at_once():
        engine.http.post(f"/api/v2/runs/{attempt.run}/cancel")
        assert held.result()["snapshot"]["executionStatus"] == "PENDING_CANCEL"
    complete(engine, waitpoint, 1)
    assert latest(attempt)["snapshot"]["executionStatus"] == "PENDING_CANCEL"
    # its task may be on its way into another wait; that is no mistake, and blocks nothing
    assert wait_for(attempt, token(engine)).json() == {"success": True}
    assert wait_until(attempt, 60).status_code == 200
    error = {"type": "INTERNAL_ERROR", "code": "TASK_RUN_CANCELLED"}
    assert attempt.fail(error) == "RUN_FINISHED"
    assert engine.status(attempt.run) == "CANCELED"
    assert wait_for(attempt, waitpoint).json() == {"success": True}
    assert engine.status(attempt.run) == "CANCELED"


def test_a_task_may_end_before_its_wait(engine, task):
    """One that waits in another thread, or gives a wait up."""
    worker, attempt = executing(engine, task, **RETRY)
    given_up = token(engine)
    wait_for(attempt, given_up)
    latest(attempt)
    assert attempt.fail(retry={"timestamp": 0, "delay": 1}) == "RETRY_IMMEDIATELY"
    complete(engine, given_up, 1)
    attempt.start()
    again = token(engine)
    wait_for(attempt, again)
    latest(attempt)
    assert attempt.complete() == "RUN_FINISHED"
    complete(engine, again, 1)
    found = engine.retrieve(attempt.run)
    assert (found["status"], found["attemptCount"]) == ("COMPLETED", 2)
    assert worker.dequeue(wait=0) is None


def test_its_process_dies_while_it_waits(engine, task, sleeper):
    process = sleeper()
    worker = engine.worker({"id": task, **RETRY}, process=process)
    engine.trigger(task)
    attempt = worker.execute()
    waitpoint = token(engine, idempotencyKey=f"{attempt.run}:approval")
    wait_for(attempt, waitpoint)
    wait_until(attempt, 3600)
    process.kill()
    process.wait()
    engine.until(attempt.run, "PENDING_VERSION")
    assert wait_for(attempt, waitpoint).status_code == 409  # the old one, back from the dead
    complete(engine, waitpoint, 1)
    assert engine.status(attempt.run) == "PENDING_VERSION"
    process = sleeper()
    heir = engine.worker({"id": task, **RETRY}, process=process)
    again = heir.execute()
    assert again.execution["attempt"]["number"] == 2
    # the same token, which is complete: what the first attempt waited for holds nobody up
    assert token(engine, idempotencyKey=f"{attempt.run}:approval") == waitpoint
    wait_for(again, waitpoint)
    (found,) = latest(again)["completedWaitpoints"]
    assert found["friendlyId"] == waitpoint
    wait_for(again, token(engine))
    process.kill()
    process.wait()
    assert engine.until(again.run, "CRASHED")["attemptCount"] == 2


def test_a_moment_has_a_key_of_its_own(engine, task):
    """So that a second attempt does not wait again for what has been."""
    worker, attempt = executing(engine, task, **RETRY)
    first = wait_until(attempt, 0.1, idempotencyKey=task).json()
    until(lambda: latest(attempt)["completedWaitpoints"])
    assert attempt.fail(retry={"timestamp": 0, "delay": 1}) == "RETRY_IMMEDIATELY"
    attempt.start()
    assert wait_until(attempt, 3600, idempotencyKey=task).json() == first
    assert latest(attempt)["snapshot"]["executionStatus"] == "EXECUTING"
    assert token(engine, idempotencyKey=task) != first["waitpoint"]["id"]
    found = engine.http.get(f"{TOKENS}/{first['waitpoint']['id']}")
    assert found.status_code == 404  # a moment is no token
    assert worker.dequeue(wait=0) is None


def test_waits_that_cannot_be(engine, task):
    _worker, attempt = executing(engine, task)
    waitpoint = token(engine)
    queued = engine.trigger(task)
    path = "/engine/v1/runs/{}/waitpoints/tokens/{}/wait"
    for run, wanted, status, words in (
        (attempt.run, "waitpoint_unknown", 404, "Waitpoint not found"),
        ("run_unknown", waitpoint, 404, "Run not found"),
        (queued, waitpoint, 409, "a run that is QUEUED cannot wait."),
    ):
        found = engine.http.post(path.format(run, wanted))
        assert (found.status_code, found.json()) == (status, {"error": words})
    moment = {"date": "2030-01-01T00:00:00Z"}
    for run, status in (("run_unknown", 404), (queued, 409)):
        found = engine.http.post(f"/engine/v1/runs/{run}/wait/duration", json=moment)
        assert found.status_code == status
    assert engine.status(attempt.run) == "EXECUTING"


def test_waits_outlive_the_engine(own_engine, sleeper):
    """`kill -9` with one run on each kind of wait, and completions on both sides of it."""
    engine, names = own_engine, ("later", "moment", "timeout", "cancel")
    worker = engine.worker("survivor", process=sleeper())
    attempts = {}
    for name in names:
        engine.trigger("survivor")
        attempts[name] = worker.execute()
    tokens = {name: token(engine, tags=[name]) for name in ("later", "cancel")}
    tokens["timeout"] = token(engine, timeout="1s")
    for name, waitpoint in tokens.items():
        wait_for(attempts[name], waitpoint)
    wait_until(attempts["moment"], 1)
    blocked = {name: latest(attempts[name])["snapshot"] for name in names}
    engine.kill()
    engine.start()
    assert engine.status(attempts["later"].run) == "WAITING"
    assert latest(attempts["later"])["snapshot"] == blocked["later"]
    assert attempts["later"].post("heartbeat", None).json() == {"ok": True}
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(latest, attempts["later"], attempts["later"].snapshot)
        complete(engine, tokens["later"], {"approved": True})
        (found,) = held.result()["completedWaitpoints"]
    assert found["output"] == '{"json":{"approved":true}}'
    for name, is_error in (("moment", False), ("timeout", True)):
        (found,) = latest(attempts[name], blocked[name]["friendlyId"])["completedWaitpoints"]
        assert found["outputIsError"] is is_error
    # and what was told stays told, for a worker that was not there to hear it
    engine.kill()
    engine.start()
    for name in ("later", "moment", "timeout"):
        assert len(latest(attempts[name])["completedWaitpoints"]) == 1
        assert attempts[name].complete() == "RUN_FINISHED"
    engine.http.post(f"/api/v2/runs/{attempts['cancel'].run}/cancel")
    assert latest(attempts["cancel"])["snapshot"]["executionStatus"] == "PENDING_CANCEL"


def test_timers_that_ran_out_while_the_engine_was_down(own_engine, sleeper):
    engine = own_engine
    worker = engine.worker("late", process=sleeper())
    engine.trigger("late")
    attempt = worker.execute()
    wait_until(attempt, 0.5)
    waitpoint = token(engine, timeout="1s")
    engine.kill()
    moment = time.monotonic() + 1
    until(lambda: time.monotonic() > moment)
    engine.start()
    assert until(lambda: latest(attempt)["completedWaitpoints"])
    until(lambda: engine.http.get(f"{TOKENS}/{waitpoint}").json()["status"] == "TIMED_OUT")
    assert attempt.complete() == "RUN_FINISHED"
