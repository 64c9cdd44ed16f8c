"""Tasks of this process, on a real engine."""

# ruff: noqa: T201 - what tasks print is what is tested

import asyncio
import dataclasses
import io
import itertools
import threading
import time
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from patience import PATIENCE, at_once, until
from pydantic import BaseModel

from trigger_widgets.errors import RunCanceledError, RunFailedError, RunTimedOutError
from trigger_widgets.models import RunStatus
from trigger_widgets.tasks import AbortTaskRunError, logger, metadata, task


class Doc(BaseModel):
    pages: int


@dataclasses.dataclass
class Report:
    lines: int


def test_hello(start_worker, client):
    @task
    def hello(payload, ctx):
        return {"hello": payload["name"], "run": ctx.run.id, "task": ctx.task.id}

    start_worker()
    run = client.tasks.trigger("hello", {"name": "Ada"})
    assert run.result(timeout=PATIENCE) == {"hello": "Ada", "run": run.id, "task": "hello"}


def test_an_async_task_and_types_that_fit(start_worker, client):
    @task(id="typed")
    async def typed(doc: Doc) -> Report:
        await asyncio.sleep(0)
        return Report(lines=doc.pages * 40)

    start_worker()
    assert client.tasks.trigger("typed", {"pages": 2}).result(timeout=PATIENCE) == {"lines": 80}


def test_a_payload_that_does_not_fit_fails_at_once_and_names_the_field(start_worker, client):
    @task(id="typed", retry={"max_attempts": 3})
    def typed(doc: Doc):
        return doc.pages

    start_worker()
    with pytest.raises(RunFailedError) as failure:
        client.tasks.trigger("typed", {"pages": "two"}).result(timeout=PATIENCE)
    run = client.runs.retrieve(failure.value.run)
    assert "doc.pages of task" in run.error.message
    assert "got 'two'" in run.error.message
    assert run.attempt_count == 1


def test_retries_wait_as_the_formula_says(start_worker, client):
    began = []

    @task(
        id="flaky",
        retry={"max_attempts": 3, "min_timeout_ms": 200, "factor": 2, "randomize": False},
    )
    def flaky(payload, ctx):
        began.append(time.monotonic())
        if ctx.attempt.number < 3:
            raise TypeError(f"failing on purpose (attempt {ctx.attempt.number})")
        return ctx.attempt.number

    start_worker()
    run = client.tasks.trigger("flaky")
    assert run.result(timeout=PATIENCE) == 3
    first, second = (b - a for a, b in itertools.pairwise(began))
    assert first >= 0.2
    assert second >= 0.4
    assert client.runs.retrieve(run).attempt_count == 3


def test_abort_is_not_tried_again(start_worker, client):
    @task(id="abort", retry={"max_attempts": 3, "min_timeout_ms": 1})
    def abort(payload):
        raise AbortTaskRunError("no such customer")

    start_worker()
    with pytest.raises(RunFailedError, match="no such customer") as failure:
        client.tasks.trigger("abort").result(timeout=PATIENCE)
    assert client.runs.retrieve(failure.value.run).attempt_count == 1


def test_a_traceback_begins_at_the_users_code(start_worker, client):
    class ModelError(Exception):
        pass

    @task(id="raises", retry={"max_attempts": 1})
    def raises(payload):
        try:
            return {}["key"]
        except KeyError as e:
            raise ModelError("no key") from e

    start_worker()
    with pytest.raises(RunFailedError) as failure:
        client.tasks.trigger("raises").result(timeout=PATIENCE)
    error = client.runs.retrieve(failure.value.run).error
    assert (error.name, error.message) == ("ModelError", "no key")
    assert error.stack_trace.count("Traceback") == 2
    assert 'return {}["key"]' in error.stack_trace
    assert "trigger_widgets/worker" not in error.stack_trace


@pytest.mark.parametrize("problem", [SystemExit(3), KeyboardInterrupt(), BaseException("odd")])
def test_whatever_a_task_raises_ends_its_run_and_nothing_else(start_worker, client, problem):
    @task(id="rude", retry={"max_attempts": 1})
    def rude(payload):
        raise problem

    @task(id="polite")
    def polite(payload):
        return "ok"

    start_worker()
    with pytest.raises(RunFailedError, match=type(problem).__name__):
        client.tasks.trigger("rude").result(timeout=PATIENCE)
    assert client.tasks.trigger("polite").result(timeout=PATIENCE) == "ok"


def test_an_output_that_json_cannot_carry_is_named(start_worker, client):
    @task(id="odd", retry={"max_attempts": 3, "min_timeout_ms": 1})
    def odd(payload):
        return {"model": object()}

    start_worker()
    with pytest.raises(RunFailedError, match=r"output\['model'\] is a builtins.object") as failure:
        client.tasks.trigger("odd").result(timeout=PATIENCE)
    assert client.runs.retrieve(failure.value.run).attempt_count == 1


def test_prints_and_logs_go_to_the_run_and_nowhere_else(start_worker, client, capsys):
    @task(id="talks")
    def talks(payload):
        print("to stdout", payload)
        logger.info("to the logger", extra={"percent": 97, "at": Path("disk"), "by": talks})
        inner = threading.Thread(target=print, args=("from a thread",))
        inner.start()
        inner.join()
        print("no newline", end="")

    start_worker()
    run = client.tasks.trigger("talks", 1)
    other = client.tasks.trigger("talks", 2)
    run.result(timeout=PATIENCE)
    other.result(timeout=PATIENCE)
    print("of the test")
    records = client.runs.logs(run).records
    assert [(r.stream, r.text) for r in records] == [
        ("stdout", "to stdout 1"),
        ("log", "to the logger"),
        ("stdout", "from a thread"),
        ("stdout", "no newline"),
    ]
    assert records[1].level == "INFO"
    assert records[1].properties == {"percent": 97, "at": "disk", "by": repr(talks)}
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("of the test\n", "")


def test_a_cell_that_captures_its_own_output_does_not_get_that_of_a_run(start_worker, client):
    @task(id="talks")
    def talks(payload):
        print("of the run")

    start_worker()
    client.tasks.trigger("talks").result(timeout=PATIENCE)
    with redirect_stdout(io.StringIO()) as captured:  # as `%%capture` does
        print("of the cell")
        run = client.tasks.trigger("talks")
        run.result(timeout=PATIENCE)
    assert captured.getvalue() == "of the cell\n"
    assert [r.text for r in client.runs.logs(run).records] == ["of the run"]


def test_metadata_is_there_at_once_and_complete_at_the_end(start_worker, client):
    go_on = threading.Event()

    @task(id="progress")
    def progress(payload):
        metadata.set("progress", 0)
        assert go_on.wait(PATIENCE)
        for i in range(1_000):
            metadata.increment("count")
            metadata.set("progress", i / 10)
        metadata.append("log", "done")
        return metadata.get("count")

    start_worker()
    run = client.tasks.trigger("progress", metadata={"before": True})
    until(lambda: client.runs.retrieve(run).metadata.get("progress") == 0, "the first change")
    go_on.set()
    assert run.result(timeout=PATIENCE) == 1_000
    assert client.runs.retrieve(run).metadata == {
        "before": True, "progress": 99.9, "count": 1_000, "log": ["done"],
    }  # fmt: skip


def test_a_sync_task_is_canceled_at_its_next_bytecode(start_worker, client):
    running, ended = threading.Event(), threading.Event()

    @task(id="busy", retry={"max_attempts": 3})
    def busy(payload):
        running.set()
        try:
            while True:
                time.sleep(0.001)
        finally:
            ended.set()

    start_worker()
    run = client.tasks.trigger("busy")
    assert running.wait(PATIENCE)
    run.cancel()
    assert ended.wait(PATIENCE)
    with pytest.raises(RunCanceledError):
        run.result(timeout=PATIENCE)
    until(lambda: client.runs.retrieve(run).finished_at, "the answer of the worker")


def test_an_async_task_is_canceled_at_its_next_await(start_worker, client):
    running, ended = threading.Event(), threading.Event()

    @task(id="waits")
    async def waits(payload):
        running.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.set()
            raise

    start_worker()
    run = client.tasks.trigger("waits")
    assert running.wait(PATIENCE)
    run.cancel()
    assert ended.wait(PATIENCE)
    until(lambda: client.runs.retrieve(run).finished_at, "the answer of the worker")
    assert client.runs.retrieve(run).status is RunStatus.CANCELED


def test_a_thread_that_cannot_be_stopped_is_abandoned_and_replaced(start_worker, client):
    running, release = threading.Event(), threading.Event()

    @task(id="stuck")
    def stuck(payload):
        running.set()
        while True:
            try:
                release.wait(PATIENCE)  # swallows what is raised in it
                return
            except BaseException:
                pass

    @task(id="next")
    def following(payload):
        return "ran"

    start_worker(slots=1)
    run = client.tasks.trigger("stuck")
    assert running.wait(PATIENCE)
    run.cancel()
    assert client.tasks.trigger("next").result(timeout=PATIENCE) == "ran"
    assert client.runs.retrieve(run).status is RunStatus.CANCELED
    (said,) = until(lambda: client.runs.logs(run).records, "the warning")
    assert (said.level, "its thread goes on" in said.text) == ("WARNING", True)
    release.set()


def test_max_duration(start_worker, client):
    @task(id="long", max_duration=1, retry={"max_attempts": 3})
    def long(payload):
        while True:
            time.sleep(0.001)

    start_worker()
    with pytest.raises(RunTimedOutError, match="1 seconds") as end:
        client.tasks.trigger("long").result(timeout=PATIENCE)
    assert client.runs.retrieve(end.value.run).attempt_count == 1


def test_a_redefined_task_is_what_the_next_run_executes(start_worker, client, registry):
    def define(answer):
        @task(id="cell")
        def cell(payload):
            return answer

    define("old")
    worker = start_worker()
    version = worker.version
    assert client.tasks.trigger("cell").result(timeout=PATIENCE) == "old"
    define("new")
    worker.sync_tasks(registry.tasks())
    assert client.tasks.trigger("cell", version=version).result(timeout=PATIENCE) == "new"


def test_a_task_object_triggers_its_own_process(start_worker, registry, embedded):
    @task(id="own")
    def own(payload, ctx):
        return ctx.run.version

    worker = start_worker()
    registry.ensure_worker = lambda: worker
    assert own.trigger(1).result(timeout=PATIENCE) == worker.version
    assert own({"inline": True}, type("Ctx", (), {"run": type("Run", (), {"version": 1})})) == 1


def test_a_stopped_worker_cancels_its_runs_within_two_seconds(start_worker, client):
    running = threading.Event()

    @task(id="busy")
    def busy(payload):
        running.set()
        while True:
            time.sleep(0.001)

    worker = start_worker()
    run = client.tasks.trigger("busy")
    assert running.wait(PATIENCE)
    with at_once():  # and not once it has been killed
        worker.stop()
    until(lambda: client.runs.retrieve(run).status is RunStatus.CANCELED, "the cancel")


def test_a_coroutine_that_never_awaits_is_stopped_too(start_worker, client):
    running, ended = threading.Event(), threading.Event()

    @task(id="computes")
    async def computes(payload):
        running.set()
        try:
            while True:
                pass
        finally:
            ended.set()

    start_worker()
    run = client.tasks.trigger("computes")
    assert running.wait(PATIENCE)
    run.cancel()
    assert ended.wait(PATIENCE)
    until(lambda: client.runs.retrieve(run).finished_at, "the answer of the worker")


def test_twenty_runs_at_once_in_two_slots(start_worker, client):
    most, now, lock = [0], [0], threading.Lock()
    pair = threading.Barrier(2)

    @task(id="counts")
    def counts(payload):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        pair.wait(PATIENCE)
        with lock:
            now[0] -= 1
        return payload

    start_worker(slots=2)
    runs = [client.tasks.trigger("counts", i) for i in range(20)]
    assert [run.result(timeout=PATIENCE) for run in runs] == list(range(20))
    assert most == [2]
