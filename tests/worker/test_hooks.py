"""Hooks of tasks and what they are told, on a real engine."""

import asyncio
import threading

import pytest
from patience import PATIENCE, until

from trigger_widgets.errors import RunCanceledError, RunFailedError
from trigger_widgets.tasks import AbortTaskRunError, metadata, task


class Diary:
    """Hooks that write down what happens."""

    def __init__(self):
        self.lines = []

    def hooks(self, **others):
        def on(name):
            def hook(**offered):
                seen = {key: str(value) for key, value in offered.items() if key != "ctx"}
                self.lines.append((name, offered["ctx"].attempt.number, seen))
                return f"made in {name}"

            return hook

        names = ("init", "on_start", "on_success", "on_failure", "cleanup")
        return {name: on(name) for name in names} | others

    @property
    def order(self):
        return [(name, attempt) for name, attempt, _ in self.lines]


@pytest.fixture
def diary():
    return Diary()


def test_hooks_of_a_run_that_succeeds_the_second_time(start_worker, client, diary):
    @task(id="twice", retry={"max_attempts": 2, "min_timeout_ms": 1}, **diary.hooks())
    def twice(payload, ctx, init):
        diary.lines.append(("task", ctx.attempt.number, {"init": init}))
        if ctx.attempt.number == 1:
            raise ValueError("not yet")
        return [payload, init]

    start_worker()
    run = client.tasks.trigger("twice", "hello")
    assert run.result(timeout=PATIENCE) == ["hello", "made in init"]
    assert diary.order == [
        ("init", 1), ("on_start", 1), ("task", 1), ("cleanup", 1),
        ("init", 2), ("task", 2), ("on_success", 2), ("cleanup", 2),
    ]  # fmt: skip
    told = {name: seen for name, _, seen in diary.lines}
    assert told["init"] == {"payload": "hello"}
    assert told["on_start"] == told["cleanup"] == {"payload": "hello", "init": "made in init"}
    assert told["on_success"]["output"] == "['hello', 'made in init']"


def test_on_failure_is_for_the_last_attempt_or_an_abort(start_worker, client, diary):
    @task(id="fails", retry={"max_attempts": 2, "min_timeout_ms": 1}, **diary.hooks())
    def fails(payload, ctx):
        if payload == "abort":
            raise AbortTaskRunError("no use")
        raise ValueError(f"attempt {ctx.attempt.number}")

    start_worker()
    with pytest.raises(RunFailedError, match="attempt 2"):
        client.tasks.trigger("fails").result(timeout=PATIENCE)
    assert [entry for entry in diary.order if entry[0] == "on_failure"] == [("on_failure", 2)]
    (told,) = (seen for name, _, seen in diary.lines if name == "on_failure")
    assert told["error"] == "attempt 2"
    diary.lines.clear()
    with pytest.raises(RunFailedError, match="no use"):
        client.tasks.trigger("fails", "abort").result(timeout=PATIENCE)
    assert diary.order == [("init", 1), ("on_start", 1), ("on_failure", 1), ("cleanup", 1)]


@pytest.mark.parametrize("broken", ["init", "on_start"])
def test_what_goes_wrong_before_the_task_fails_the_attempt(start_worker, client, diary, broken):
    def hook():
        raise ValueError(f"{broken} is broken")

    @task(id="t", retry={"max_attempts": 1}, **diary.hooks(**{broken: hook}))
    def never(payload):
        diary.lines.append(("task", 1, {}))

    start_worker()
    with pytest.raises(RunFailedError, match=f"{broken} is broken"):
        client.tasks.trigger("t").result(timeout=PATIENCE)
    names = [name for name, _ in diary.order]
    assert "task" not in names
    assert names[-2:] == ["on_failure", "cleanup"]


def test_what_goes_wrong_after_the_task_is_logged_and_changes_nothing(start_worker, client):
    def on_success(output):
        raise ValueError("the mail was not sent")

    async def cleanup():
        raise ValueError("still open")

    @task(id="t", on_success=on_success, cleanup=cleanup)
    def fine(payload):
        return "done"

    start_worker()
    run = client.tasks.trigger("t")
    assert run.result(timeout=PATIENCE) == "done"
    records = client.runs.logs(run).records
    texts = [record.text for record in records if record.level == "ERROR"]
    assert [text.splitlines()[-1] for text in texts] == [
        "ValueError: the mail was not sent", "ValueError: still open",
    ]  # fmt: skip
    assert texts[0].startswith('on_success of task "t" failed: ')


def test_async_hooks_share_the_event_loop_of_their_task_and_belong_to_its_run(start_worker, client):
    async def init():
        metadata.set("init", "was here")
        return asyncio.get_running_loop()

    async def cleanup(init):
        metadata.set("same loop", init is asyncio.get_running_loop())

    @task(id="t", init=init, cleanup=cleanup)
    async def on_its_loop(payload, *, init):
        return init is asyncio.get_running_loop()

    start_worker()
    run = client.tasks.trigger("t")
    assert run.result(timeout=PATIENCE) is True
    assert client.runs.retrieve(run).metadata == {"init": "was here", "same loop": True}


def test_a_canceled_run_is_cleaned_up_after(start_worker, client, diary):
    cleaned = threading.Event()

    @task(id="t", **diary.hooks(cleanup=cleaned.set))
    async def endless(payload):
        metadata.set("started", True)
        await asyncio.Event().wait()

    start_worker()
    run = client.tasks.trigger("t")
    until(lambda: client.runs.retrieve(run).metadata, "the start")
    run.cancel()
    with pytest.raises(RunCanceledError):
        run.result(timeout=PATIENCE)
    assert cleaned.wait(PATIENCE)
    assert diary.order == [("init", 1), ("on_start", 1)]


def test_ctx_says_all_about_the_run(start_worker, client):
    @task(id="t", queue={"name": "q"}, ttl="1h", machine="small-2x", max_duration="5m")
    def tells(payload, ctx):
        return ctx.model_dump(mode="json")

    start_worker()
    batch = client.tasks.batch_trigger("t", [1], tags=["a"], ttl="2h")
    (result,) = batch.result(timeout=PATIENCE)
    ctx = result.output
    assert ctx["run"]["tags"] == ["a"]
    assert (ctx["run"]["max_attempts"], ctx["run"]["max_duration"]) == (3, 300)
    assert (ctx["attempt"]["number"], ctx["batch"]) == (1, {"id": batch.id})
    assert (ctx["task"]["id"], ctx["queue"]["name"]) == ("t", "q")
    assert (ctx["machine"]["name"], ctx["environment"]["type"]) == ("small-2x", "DEVELOPMENT")
    assert client.runs.retrieve(ctx["run"]["id"]).ttl == "2h"
    run = client.tasks.trigger("t")
    until(lambda: client.runs.retrieve(run).ttl == "1h", "the ttl of the task")
