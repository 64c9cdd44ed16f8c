"""A run that waits, over HTTP: pyworker-07, -08 and devworker-08b."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

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


def latest(attempt, after=None, wait=10):
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
    began = time.monotonic()
    complete(engine, waitpoint, {"approved": True})
    resumed = held.result()
    assert time.monotonic() - began < 0.5
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
