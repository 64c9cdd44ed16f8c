"""Streams that tasks write, on a real engine that is killed in the middle."""

import asyncio
import threading
import time

import pytest
from patience import PATIENCE, until
from pydantic import BaseModel
from worker.streams import parts_of, trigger_with

from trigger_widgets import aio
from trigger_widgets.errors import RunFailedError
from trigger_widgets.tasks import streams, task

TOKENS = streams.define("ai-output")


class Step(BaseModel):
    name: str
    done: bool = False


def test_a_pipe_writes_text_and_gives_it_back(start_worker, client):
    @task(id="writes")
    def writes(payload):
        result = TOKENS.pipe(f"word{i} ✓ " for i in range(20))
        return {"parts": result.parts, "text": result.text}

    start_worker()
    run = client.tasks.trigger("writes")
    expected = [f"word{i} ✓ " for i in range(20)]
    assert run.result(timeout=PATIENCE) == {"parts": 20, "text": "".join(expected)}
    assert parts_of(client, run, "ai-output") == expected
    assert client.runs.retrieve(run).status == "COMPLETED"


def test_parts_are_read_while_the_task_still_writes(start_worker, client):
    go_on = threading.Event()

    def source():
        yield "first "
        assert go_on.wait(PATIENCE)
        yield "second"

    @task(id="slow")
    def slow(payload):
        return TOKENS.pipe(source()).text

    start_worker()
    run = client.tasks.trigger("slow")
    until(lambda: parts_of(client, run, "ai-output") == ["first "], "the first part")
    go_on.set()
    assert run.result(timeout=PATIENCE) == "first second"


def test_appended_parts_are_there_when_the_run_has_ended(start_worker, client):
    @task(id="appends")
    def appends(payload):
        steps = streams.define("steps", Step)
        for i in range(100):
            steps.append(Step(name=f"step {i}"))
        streams.append("other", [1, None, "half a pair \ud83d"])

    start_worker()
    run = client.tasks.trigger("appends")
    run.result(timeout=PATIENCE)
    assert parts_of(client, run, "steps") == [
        {"name": f"step {i}", "done": False} for i in range(100)
    ]
    assert parts_of(client, run, "other") == [[1, None, "half a pair \ud83d"]]


@pytest.mark.parametrize("how", ["sync", "async"])
def test_an_exception_of_the_source_comes_after_its_parts(start_worker, client, how):
    def source():
        yield "before"
        raise ValueError("the model is gone")

    @task(id="sync", retry={"max_attempts": 1})
    def in_a_thread(payload):
        TOKENS.pipe(source())

    @task(id="async", retry={"max_attempts": 1})
    async def in_a_coroutine(payload):
        await aio.streams.pipe("ai-output", source())

    start_worker()
    run = client.tasks.trigger(how)
    with pytest.raises(RunFailedError, match="ValueError: the model is gone"):
        run.result(timeout=PATIENCE)
    assert parts_of(client, run, "ai-output") == ["before"]


def test_coroutines_pipe_what_is_async(start_worker, client):
    async def source():
        for i in range(50):
            await asyncio.sleep(0)
            yield {"n": i}

    @task(id="twin")
    async def twin(payload):
        events = aio.streams.define("events", dict)
        await events.append({"n": -1})
        return (await events.pipe(source())).parts

    @task(id="in-a-thread")
    def in_a_thread(payload):
        return streams.pipe("events", source()).parts

    start_worker()
    run = client.tasks.trigger("twin")
    assert run.result(timeout=PATIENCE) == 50
    assert parts_of(client, run, "events") == [{"n": i} for i in range(-1, 50)]
    run = client.tasks.trigger("in-a-thread")
    assert run.result(timeout=PATIENCE) == 50
    assert parts_of(client, run, "events") == [{"n": i} for i in range(50)]


def test_a_blocking_pipe_in_a_coroutine_names_its_twin(start_worker, client):
    @task(id="blocks", retry={"max_attempts": 1})
    async def blocks(payload):
        TOKENS.pipe(["a"])

    start_worker()
    with pytest.raises(RunFailedError, match=r"await aio.streams.pipe"):
        client.tasks.trigger("blocks").result(timeout=PATIENCE)


def test_a_part_of_the_wrong_type_names_what_is_wrong(start_worker, client):
    @task(id="wrong", retry={"max_attempts": 1})
    def wrong(payload):
        streams.define("steps", Step).pipe([{"name": "fits"}, {"title": "does not"}])

    start_worker()
    run = client.tasks.trigger("wrong")
    with pytest.raises(RunFailedError, match=r'part\.name of the stream "steps" is wrong'):
        run.result(timeout=PATIENCE)
    assert parts_of(client, run, "steps") == [{"name": "fits", "done": False}]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_five_thousand_parts_over_a_killed_engine(engine, start_worker, client, version):
    reached = threading.Event()

    def source():
        for i in range(5_000):
            if i == 2_500:
                reached.set()
            if i % 500 == 0:
                time.sleep(0.05)  # so that some are on their way at any moment
            yield f"{i},"

    @task(id="long")
    def long(payload):
        return TOKENS.pipe(source()).parts

    start_worker()
    run = trigger_with(client, "long", version)
    assert reached.wait(PATIENCE)
    engine.kill()
    engine.restart()
    until(lambda: client.runs.retrieve(run).is_terminal, "the end of the run")
    assert client.runs.retrieve(run).output == 5_000
    assert parts_of(client, run, "ai-output") == [f"{i}," for i in range(5_000)]


def test_a_canceled_pipe_ends_at_once_even_without_an_engine(engine, start_worker, client):
    began, ended = threading.Event(), threading.Event()

    def source():
        while True:
            began.set()
            time.sleep(0.001)
            yield "more "

    @task(id="endless")
    def endless(payload):
        try:
            TOKENS.pipe(source())
        finally:
            ended.set()

    start_worker()
    run = client.tasks.trigger("endless")
    assert began.wait(PATIENCE)
    run.cancel()
    assert ended.wait(PATIENCE)
    until(lambda: client.runs.retrieve(run).finished_at, "the answer of the worker")
