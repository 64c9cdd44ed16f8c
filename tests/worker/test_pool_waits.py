"""Runs in pool processes that wait and stream, on a real engine."""

import os
import signal

import pytest
from patience import PATIENCE, at_once, until
from worker.streams import parts_of
from worker.support import is_alive, pid_of

from trigger_widgets.models import RunStatus

TASKS = """
import os
from trigger_widgets import aio
from trigger_widgets.tasks import metadata, streams, task, wait

@task(id="asks", retry={"max_attempts": 2, "min_timeout_ms": 10})
def asks(payload, ctx):
    metadata.set("pid", os.getpid())
    metadata.increment("asked")
    decision = wait.for_token("approval", timeout=payload).unwrap()
    return [decision, ctx.attempt.number]

@task(id="twin", retry={"max_attempts": 2, "min_timeout_ms": 10})
async def twin(payload, ctx):
    metadata.set("pid", os.getpid())
    result = await aio.wait.for_token("approval", timeout=payload)
    return [result.output if result.ok else str(result.error), ctx.attempt.number]

@task(id="then-dies", retry={"max_attempts": 2, "min_timeout_ms": 10})
def then_dies(payload, ctx):
    decision = wait.for_token("approval").unwrap()
    if ctx.attempt.number == 1:
        os._exit(3)
    return [decision, ctx.attempt.number]

@task(id="quick")
def quick(payload):
    return os.getpid()

@task(id="writes")
def writes(payload):
    return streams.pipe("numbers", range(payload)).parts
"""

both = pytest.mark.parametrize("kind", ["asks", "twin"])


def waiting(client, run):
    return until(lambda: client.runs.retrieve(run).status is RunStatus.WAITING, "the wait")


def complete(client, run, data):
    (token,) = client.wait.list_tokens(idempotency_key=f"{run.id}:approval")
    client.wait.complete_token(token.id, data)


@both
def test_a_token_is_completed(start_pool_of, client, kind):
    start_pool_of(TASKS)
    run = client.tasks.trigger(kind)
    waiting(client, run)
    complete(client, run, "yes")
    assert run.result(timeout=PATIENCE) == ["yes", 1]


def test_nobody_completes_a_token(start_pool_of, client):
    start_pool_of(TASKS)
    output, _ = client.tasks.trigger("twin", "1s").result(timeout=PATIENCE)
    assert output.startswith('nobody completed the token "approval"')


@both
def test_a_canceled_wait_ends_at_once_and_its_process_lives(
    start_pool_of, client, kind, monkeypatch
):
    monkeypatch.setattr("trigger_widgets.worker.pool_member.GRACE_SECONDS", 60)  # then it is killed
    pool = start_pool_of(TASKS, slots=1)
    run = client.tasks.trigger(kind)
    waiting(client, run)
    with at_once():
        run.cancel()
        until(lambda: client.runs.retrieve(run).finished_at, "the answer of the worker")
    assert client.runs.retrieve(run).status is RunStatus.CANCELED
    assert client.tasks.trigger("quick").result(timeout=PATIENCE) in pool.pids


@both
def test_a_wait_outlives_the_engine(engine, start_pool_of, client, kind):
    start_pool_of(TASKS)
    run = client.tasks.trigger(kind)
    waiting(client, run)
    engine.kill()
    engine.restart()
    complete(client, run, "after")
    until(lambda: client.runs.retrieve(run).is_terminal, "the end of the run")
    assert client.runs.retrieve(run).output == ["after", 1]


@both
def test_a_run_whose_process_died_finds_its_token(start_pool_of, client, kind):
    start_pool_of(TASKS)
    run = client.tasks.trigger(kind)
    pid = pid_of(client, run)
    waiting(client, run)
    os.kill(pid, signal.SIGKILL)
    again = lambda: client.runs.retrieve(run).metadata.get("pid") != pid  # noqa: E731
    until(again, "the second attempt")
    waiting(client, run)
    complete(client, run, "once")
    assert run.result(timeout=PATIENCE) == ["once", 2]


def test_a_decision_is_not_asked_for_again_after_a_death(start_pool_of, client):
    start_pool_of(TASKS)
    run = client.tasks.trigger("then-dies")
    waiting(client, run)
    complete(client, run, "yes")
    assert run.result(timeout=PATIENCE) == ["yes", 2]
    assert len(list(client.wait.list_tokens(idempotency_key=f"{run.id}:approval"))) == 1


def test_waiting_processes_are_parked_and_replaced(start_pool_of, client):
    pool = start_pool_of(TASKS, slots=2)
    runs = [client.tasks.trigger("asks") for _ in range(5)]
    for run in runs:
        waiting(client, run)
    assert client.tasks.trigger("quick").result(timeout=PATIENCE)
    until(lambda: len(pool.pids) == 7, "five parked and two that work")
    for run in runs:
        complete(client, run, "go")
    assert [run.result(timeout=PATIENCE) for run in runs] == [["go", 1]] * 5
    until(lambda: len(pool.pids) == 2, "the end of those that are not needed")
    assert client.tasks.trigger("quick").result(timeout=PATIENCE) in pool.pids


def test_beyond_the_limit_a_wait_keeps_its_slot(start_pool_of, client, monkeypatch):
    monkeypatch.setenv("TRIGGER_WIDGETS_PARKED", "1")
    pool = start_pool_of(TASKS, slots=1)
    first = client.tasks.trigger("asks")
    waiting(client, first)
    second = client.tasks.trigger("asks")
    waiting(client, second)
    third = client.tasks.trigger("quick")
    until(lambda: len(pool.pids) == 2, "one parked and one that waits")
    assert client.runs.retrieve(third).status is RunStatus.QUEUED
    complete(client, second, "go")
    assert second.result(timeout=PATIENCE) == ["go", 1]
    assert third.result(timeout=PATIENCE) in pool.pids
    complete(client, first, "go")
    assert first.result(timeout=PATIENCE) == ["go", 1]


def test_a_stopped_pool_leaves_no_parked_process(start_pool_of, client):
    pool = start_pool_of(TASKS, slots=1)
    run = client.tasks.trigger("asks")
    waiting(client, run)
    until(lambda: len(pool.pids) == 2, "the replacement")
    pids = pool.pids
    pool.worker.stop()
    until(lambda: not any(map(is_alive, pids)), "the end of all")


@pytest.mark.slow
def test_streams_come_whole_through_a_killed_engine(engine, start_pool_of, client):
    start_pool_of(TASKS)
    run = client.tasks.trigger("writes", 50_000)
    until(lambda: parts_of(client, run, "numbers"), "the first parts")
    engine.kill()
    engine.restart()
    until(lambda: client.runs.retrieve(run).is_terminal, "the end of the run")
    assert client.runs.retrieve(run).output == 50_000
    assert parts_of(client, run, "numbers") == list(range(50_000))
