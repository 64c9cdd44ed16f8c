"""`@task(isolation="process")`: tasks of this process, and of a real notebook, in processes."""

import contextlib
import os
import signal
import threading
import time

import pytest
from patience import PATIENCE, until
from pydantic import BaseModel
from worker.kernels import Kernel
from worker.support import is_alive, pid_of

from trigger_widgets.errors import (
    ConfigurationError,
    RunCanceledError,
    RunCrashedError,
    RunFailedError,
)
from trigger_widgets.tasks import metadata, streams, task, wait


@pytest.fixture
def isolated(registry):
    """Define a task in a process of its own; its function is local, so nobody can import it."""
    return lambda function, **options: task(function.__name__, isolation="process", **options)(
        function
    )


def test_what_a_function_uses_comes_along(start_worker, client, isolated):
    factor, words = 3, streams.define("words", str)

    class Doc(BaseModel):
        text: str

    class Summary(BaseModel):
        text: str
        pid: int

    def shout(text):
        return text.upper() * factor

    def summarize(payload: Doc, ctx) -> Summary:
        metadata.set("attempt", ctx.attempt.number)
        words.append("one")
        return Summary(text=shout(payload.text), pid=os.getpid())

    isolated(summarize)
    start_worker()
    run = client.tasks.trigger("summarize", {"text": "a"})
    output = run.result(timeout=PATIENCE)
    assert output["text"] == "AAA"
    assert output["pid"] != os.getpid()
    assert client.runs.retrieve(run).metadata == {"attempt": 1}
    with pytest.raises(RunFailedError, match=r'payload.text of task "summarize" is wrong'):
        client.tasks.trigger("summarize", {}).result(timeout=PATIENCE)


def test_runs_are_parallel_and_a_process_is_used_again(start_worker, client, isolated, tmp_path):
    def meets(payload):
        (tmp_path / payload).touch()
        while len(list(tmp_path.glob("run-*"))) < 2:
            time.sleep(0.01)
        return os.getpid()

    isolated(meets)
    worker = start_worker(slots=2)
    runs = [client.tasks.trigger("meets", name) for name in ("run-1", "run-2")]
    pids = {run.result(timeout=PATIENCE) for run in runs}
    assert len(pids) == 2
    assert client.tasks.trigger("meets", "run-1").result(timeout=PATIENCE) in pids
    worker.stop()
    until(lambda: not any(map(is_alive, pids)), "the end of the processes")


def test_what_is_defined_last_is_what_the_next_run_executes(start_worker, client, isolated):
    def define(answer):
        def says(payload):
            return answer

        return isolated(says)

    define("old")
    worker = start_worker()
    assert client.tasks.trigger("says").result(timeout=PATIENCE) == "old"
    define("new")
    worker.sync_tasks([define("new")])
    assert client.tasks.trigger("says").result(timeout=PATIENCE) == "new"


def test_a_stubborn_one_is_killed(start_worker, client, isolated):
    def stubborn(payload):
        metadata.set("pid", os.getpid())
        while True:
            with contextlib.suppress(BaseException):
                time.sleep(60)

    isolated(stubborn)
    start_worker()
    run = client.tasks.trigger("stubborn")
    pid = pid_of(client, run)
    run.cancel()
    with pytest.raises(RunCanceledError):
        run.result(timeout=PATIENCE)
    until(lambda: not is_alive(pid), "its end")


def test_a_killed_one_crashes_its_run_and_is_replaced(start_worker, client, isolated):
    def sleeps(payload):
        metadata.set("pid", os.getpid())
        time.sleep(payload)
        return os.getpid()

    isolated(sleeps, retry={"max_attempts": 1})
    start_worker(slots=2)
    doomed = client.tasks.trigger("sleeps", 60)
    pid = pid_of(client, doomed)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RunCrashedError, match="SIGKILL"):
        doomed.result(timeout=PATIENCE)
    assert client.tasks.trigger("sleeps", 0).result(timeout=PATIENCE) != pid


def test_waits_and_children(start_worker, client, isolated):
    def child(payload):
        return [payload, os.getpid()]

    child_task = isolated(child)

    def parent(payload):
        answer, pid = child_task.trigger_and_wait("hello").unwrap()
        return [answer, pid != os.getpid(), wait.for_token("ask").unwrap()]

    isolated(parent)
    start_worker(slots=1)
    run = client.tasks.trigger("parent")
    token = until(lambda: list(client.wait.list_tokens(status="WAITING")), "the token")[0]
    client.wait.complete_token(token.id, "yes")
    assert run.result(timeout=PATIENCE) == ["hello", True, "yes"]


def test_the_variable_that_cannot_be_shipped_is_named(start_worker, client, isolated):
    lock = threading.Lock()

    def helper():
        return lock

    def locks(payload):
        return helper()

    isolated(locks)
    start_worker()
    with pytest.raises(RunFailedError) as caught:
        client.tasks.trigger("locks").result(timeout=PATIENCE)
    assert str(caught.value.run.error.message) == (
        'task "locks" cannot be run in a process of its own: it uses the variable "lock" of '
        "helper, which cannot be pickled (TypeError: cannot pickle '_thread.lock' object); make "
        'it inside of the task, or leave out isolation="process".'
    )


def test_isolation_has_one_other_value():
    with pytest.raises(ConfigurationError, match=r'isolation of task "x" must be "process"'):
        task("x", isolation="docker")(lambda payload: payload)


MODELS = """
from __future__ import annotations
import os
from pydantic import BaseModel
from trigger_widgets import metadata, task

FACTOR = 2

class Doc(BaseModel):
    text: str

class Summary(BaseModel):
    text: str
    pid: int

def double(text):
    return text * FACTOR

@task(isolation="process")
def summarize(payload: Doc) -> Summary:
    print("in the run")
    return Summary(text=double(payload.text), pid=os.getpid())

print(os.getpid(), summarize.trigger({"text": "ab"}).result(timeout=60))
"""


LOCAL = """
@task(isolation="process")
def reads(payload):
    import local
    return local.word()

print(reads.trigger().result(60))
"""


def test_a_notebook(tmp_path):
    """Models, helpers and variables of cells; redefined ones; a module that changes on disk."""
    kernel = Kernel(tmp_path / "data", tmp_path)
    try:
        said = kernel.run(MODELS)
        assert "text='abab'" in said
        assert said.partition(" ")[0] not in said.partition(" ")[2]
        assert "in the run" not in said
        kernel.run("FACTOR = 3")
        assert "text='ababab'" in kernel.run('print(summarize.trigger({"text": "ab"}).result(60))')
        (tmp_path / "local.py").write_text("def word(): return '1st'")
        assert kernel.run(LOCAL) == "1st"
        (tmp_path / "local.py").write_text("def word(): return '2nd'")
        assert kernel.run("print(reads.trigger().result(60))") == "2nd"
    finally:
        kernel.run("from trigger_widgets.cli import main; main(['engine', 'stop'])")
        kernel.stop()
