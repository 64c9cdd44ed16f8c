"""Tasks in files, in real pool processes, on a real engine."""

import os
import signal

import pytest
from patience import PATIENCE, until
from worker.support import is_alive, pid_of

from trigger_widgets.errors import RunCanceledError, RunCrashedError, RunTimedOutError
from trigger_widgets.worker import slots

TASKS = """
import asyncio, os, struct, subprocess, sys, time
from trigger_widgets.tasks import logger, metadata, task

@task(id="who")
def who(payload):
    return os.getpid()

@task(id="talks")
def talks(payload):
    print("from Python")
    subprocess.run([sys.executable, "-c", "print('from a child')"])
    logger.warning("careful")

@task(id="sleeps", retry={"max_attempts": 1})
def sleeps(payload):
    metadata.set("pid", os.getpid())
    try:
        time.sleep(60)
    finally:
        metadata.set("cleaned", True)

@task(id="stubborn", retry={"max_attempts": 1})
def stubborn(payload):
    child = subprocess.Popen(["sleep", "60"])
    metadata.set("pid", os.getpid())
    metadata.set("child", child.pid)
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass

@task(id="waits", max_duration=1)
async def waits(payload):
    metadata.set("pid", os.getpid())
    await asyncio.sleep(60)

@task(id="exits", retry={"max_attempts": 2, "min_timeout_ms": 10})
def exits(payload, ctx):
    if ctx.attempt.number == 1 or payload == "always":
        os._exit(3)
    return ctx.attempt.number

@task(id="garbles", retry={"max_attempts": 1})
def garbles(payload):
    os.write(int(sys.argv[1]), struct.pack(">II", 3, 0) + b"???")
    time.sleep(60)

@task(id="parent")
def parent(payload):
    return [who.trigger(1).result(timeout=60), os.getpid()]
"""


@pytest.fixture
def start_pool(start_pool_of):
    return lambda source=TASKS, slots=2: start_pool_of(source, slots)


def test_two_runs_at_once_are_in_two_processes(start_pool, client):
    pool = start_pool()
    assert client.tasks.trigger("who").result(timeout=PATIENCE) in pool.pids
    pids, self_pid = client.tasks.trigger("parent").result(timeout=PATIENCE), os.getpid()
    assert len({*pids, self_pid}) == 3


def test_runs_that_were_given_ahead_of_their_turn_wait_for_no_long_one(
    start_pool, client, monkeypatch
):
    monkeypatch.setattr(slots, "_SHORT_SECONDS", 60)
    pool = start_pool()
    client.tasks.trigger("who").result(timeout=PATIENCE)
    runs = [client.tasks.trigger("sleeps") for _ in range(5)]
    assert len({pid_of(client, run) for run in runs[:4]}) == 4
    assert client.runs.retrieve(runs[4]).status == "QUEUED"
    for run in runs:
        client.runs.cancel(run)
    until(lambda: len(pool.pids) == 2, "the end of those that are too many")


def test_everything_that_is_printed_is_kept(start_pool, client):
    start_pool()
    run = client.tasks.trigger("talks")
    run.result(timeout=PATIENCE)
    records = until(
        lambda: len(found := client.runs.logs(run).records) >= 3 and found, "the whole log"
    )
    assert {(r.stream, r.text) for r in records} == {
        ("stdout", "from Python"), ("stdout", "from a child"), ("log", "careful"),
    }  # fmt: skip


def test_a_sleeping_task_is_canceled_politely(start_pool, client):
    start_pool()
    run = client.tasks.trigger("sleeps")
    pid = pid_of(client, run)
    run.cancel()
    with pytest.raises(RunCanceledError):
        run.result(timeout=PATIENCE)
    after = until(lambda: (r := client.runs.retrieve(run)).finished_at and r, "the answer")
    assert after.metadata["cleaned"] is True
    assert is_alive(pid)


def test_a_stubborn_task_is_killed_with_what_it_started(start_pool, client):
    start_pool(slots=1)
    run = client.tasks.trigger("stubborn")
    pid = pid_of(client, run)
    child = client.runs.retrieve(run).metadata["child"]
    run.cancel()
    until(lambda: not is_alive(pid) and not is_alive(child), "the end of both")
    assert client.tasks.trigger("who").result(timeout=PATIENCE) != pid
    with pytest.raises(RunCanceledError):
        run.result(timeout=PATIENCE)


def test_max_duration_of_an_async_task(start_pool, client):
    start_pool()
    with pytest.raises(RunTimedOutError):
        client.tasks.trigger("waits").result(timeout=PATIENCE)


def test_a_killed_process_crashes_its_own_run_and_no_other(start_pool, client):
    start_pool()
    doomed, other = client.tasks.trigger("sleeps"), client.tasks.trigger("sleeps")
    pid = pid_of(client, doomed)
    assert pid_of(client, other) != pid
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RunCrashedError, match="SIGKILL"):
        doomed.result(timeout=PATIENCE)
    assert client.runs.retrieve(other).status.is_executing
    other.cancel()
    assert client.tasks.trigger("who").result(timeout=PATIENCE) != pid


def test_a_process_that_exits_is_tried_again_by_the_tasks_own_rules(start_pool, client):
    start_pool()
    assert client.tasks.trigger("exits", "once").result(timeout=PATIENCE) == 2
    with pytest.raises(RunCrashedError, match="exit code 3"):
        client.tasks.trigger("exits", "always").result(timeout=PATIENCE)


def test_a_process_that_speaks_nonsense_is_replaced(start_pool, client):
    """As one does whose task was stopped in the middle of a long message."""
    start_pool(slots=1)
    with pytest.raises(RunCrashedError, match="SIGKILL"):
        client.tasks.trigger("garbles").result(timeout=PATIENCE)
    client.tasks.trigger("who").result(timeout=PATIENCE)


def test_a_stopped_pool_leaves_no_process(start_pool, client):
    pool = start_pool()
    pid = pid_of(client, client.tasks.trigger("stubborn"))
    pids = pool.pids
    assert pid in pids
    pool.worker.stop()
    until(lambda: not any(map(is_alive, pids)), "the end of all")


def test_a_run_outlives_the_engine_and_reports_to_the_next(engine, start_pool, client):
    start_pool()
    run = client.tasks.trigger("sleeps")
    pid_of(client, run)
    engine.kill()
    engine.restart()
    assert client.tasks.trigger("who").result(timeout=PATIENCE)
    run.cancel()
    after = until(lambda: (r := client.runs.retrieve(run)).finished_at and r, "the answer")
    assert after.metadata["cleaned"] is True
