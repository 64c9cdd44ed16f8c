"""The engine dies with `kill -9` in the middle of things, and nothing is lost."""

# ruff: noqa: T201 - what tasks print is what is tested

import threading
from collections import Counter

import pytest
from patience import PATIENCE, until

from trigger_widgets import runtime
from trigger_widgets.errors import EngineError
from trigger_widgets.tasks import metadata, task


def test_a_run_that_outlives_its_engine_completes(engine, start_worker, client):
    running, go_on = threading.Event(), threading.Event()

    @task(id="long")
    def long(payload):
        metadata.set("before", 1)
        running.set()
        assert go_on.wait(PATIENCE)
        metadata.increment("during", 2)
        print("said while nobody listened")
        return "done"

    start_worker()
    run = client.tasks.trigger("long")
    assert running.wait(PATIENCE)
    until(lambda: client.runs.retrieve(run).metadata, "the first flush")
    engine.kill()
    go_on.set()
    engine.restart()
    until(lambda: client.runs.retrieve(run).is_terminal, "the end of the run")
    after = client.runs.retrieve(run)
    assert after.output == "done"
    assert after.metadata == {"before": 1, "during": 2}
    until(lambda: client.runs.logs(run).records, "the log")


def test_a_worker_is_found_again_by_new_runs(engine, start_worker, client):
    @task(id="again")
    def again(payload):
        return payload

    start_worker()
    assert client.tasks.trigger("again", 1).result(timeout=PATIENCE) == 1
    engine.kill()
    engine.restart()
    assert client.tasks.trigger("again", 2).result(timeout=PATIENCE) == 2


def test_a_worker_without_an_engine_asks_for_it_seldom(engine, start_worker, client):
    worker, asked = start_worker(), Counter()

    def counted(name):
        ask = getattr(worker._api, name)

        async def counting(*args):
            asked[name] += 1
            return await ask(*args)

        setattr(worker._api, name, counting)

    assert worker.version
    counted("register")
    counted("dequeue")
    engine.kill()
    until(lambda: asked["dequeue"] > 6, "a few attempts")
    assert asked["register"] < 3 * asked["dequeue"]


def test_a_retry_delay_outlives_the_engine(engine, start_worker, client):
    failed = threading.Event()

    @task(id="flaky", retry={"max_attempts": 2, "min_timeout_ms": 1_500, "randomize": False})
    def flaky(payload, ctx):
        if ctx.attempt.number == 1:
            failed.set()
            raise ValueError("once")
        return "second"

    start_worker()
    run = client.tasks.trigger("flaky")
    assert failed.wait(PATIENCE)
    until(lambda: client.runs.retrieve(run).attempt_count == 1, "the first attempt")
    engine.kill()
    engine.restart()
    until(lambda: client.runs.retrieve(run).is_terminal, "the end of the run")
    assert client.runs.retrieve(run).output == "second"


def test_an_engine_that_does_not_start_in_time_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "START_SECONDS", 0.0)
    with pytest.raises(EngineError, match="did not start within 0 s"):
        runtime.start_engine(tmp_path / "data")
    assert runtime._started[-1].poll() is not None
