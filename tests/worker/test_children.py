"""Runs that runs trigger, on a real engine."""

import threading

import pytest
from patience import PATIENCE, until
from pydantic import BaseModel

from trigger_widgets import aio
from trigger_widgets.errors import ConfigurationError, RunFailedError
from trigger_widgets.models import RunStatus
from trigger_widgets.tasks import batch_trigger_and_wait, metadata, streams, task, trigger_and_wait


@pytest.fixture
def start_tied(start_worker, registry, embedded):
    """A worker that task objects trigger their runs on, by the default client."""

    def start(slots=2):
        worker = start_worker(slots=slots)
        registry.ensure_worker = lambda: worker
        return worker

    return start


@pytest.fixture
def double(registry):
    calls = []

    @task(id="double", retry={"max_attempts": 1})
    def double(payload):
        calls.append(payload)
        if payload < 0:
            raise ValueError("below zero")
        return payload * 2

    double.calls = calls
    return double


def test_a_child_is_linked_to_its_parent(start_tied, client, double):
    @task(id="parent")
    def parent(payload, ctx):
        child = double.trigger(2)
        return [child.id, child.result(timeout=PATIENCE)]

    @task(id="child-of")
    def child_of(payload, ctx):
        return [ctx.run.parent_task_run_id, ctx.run.root_task_run_id]

    @task(id="grandparent")
    def grandparent(payload, ctx):
        return [ctx.run.id, *child_of.trigger().result(timeout=PATIENCE)]

    start_tied()
    assert client.tasks.trigger("parent").result(timeout=PATIENCE)[1] == 4
    run_id, parent_id, root_id = client.tasks.trigger("grandparent").result(timeout=PATIENCE)
    assert parent_id == root_id == run_id


@pytest.mark.parametrize("kind", ["thread", "coroutine"])
def test_a_parent_waits_for_its_child_in_one_slot(start_tied, client, double, kind):
    @task(id="thread")
    def in_a_thread(payload):
        result = double.trigger_and_wait(payload)
        return [result.ok, result.output, str(result.error)]

    @task(id="coroutine")
    async def in_a_coroutine(payload):
        result = await aio.trigger_and_wait(double, payload)
        return [result.ok, result.output, str(result.error)]

    start_tied(slots=1)
    assert client.tasks.trigger(kind, 4).result(timeout=PATIENCE) == [True, 8, "None"]
    ok, output, error = client.tasks.trigger(kind, -1).result(timeout=PATIENCE)
    assert (ok, output) == (False, None)
    assert "double (run_" in error
    assert error.endswith("failed: ValueError: below zero")


def test_unwrap_fails_the_parent_in_the_childs_words(start_tied, client, double):
    @task(id="parent", retry={"max_attempts": 1})
    def parent(payload):
        return double.trigger_and_wait(-1).unwrap()

    start_tied()
    with pytest.raises(RunFailedError, match=r"RunFailedError: double .*below zero"):
        client.tasks.trigger("parent").result(timeout=PATIENCE)


def test_the_next_attempt_finds_the_children_of_the_one_before(start_tied, client, double):
    @task(id="parent", retry={"max_attempts": 2, "min_timeout_ms": 1})
    def parent(payload, ctx):
        results = [double.trigger_and_wait(n).output for n in (1, 2, 2)]
        if ctx.attempt.number == 1:
            raise ValueError("after the children")
        return results

    start_tied()
    assert client.tasks.trigger("parent").result(timeout=PATIENCE) == [2, 4, 4]
    assert double.calls == [1, 2, 2]


def test_waiting_for_a_child_outlives_the_engine(engine, start_tied, client):
    begun, go_on = threading.Semaphore(0), threading.Event()

    @task(id="slow")
    def slow(payload):
        begun.release()
        assert go_on.wait(PATIENCE)
        return "done"

    @task(id="parent")
    def parent(payload):
        return slow.trigger_and_wait().unwrap()

    start_tied()
    run = client.tasks.trigger("parent")
    assert begun.acquire(timeout=PATIENCE)
    until(lambda: client.runs.retrieve(run).status is RunStatus.WAITING, "the wait")
    engine.kill()
    engine.restart()
    go_on.set()
    until(lambda: client.runs.retrieve(run).is_terminal, "the end of the run")
    assert client.runs.retrieve(run).output == "done"


def test_a_batch_of_a_task_object_runs_in_its_own_process(start_tied, double):
    start_tied()
    batch = double.batch_trigger([{"payload": i} for i in range(20)])
    results = batch.result(timeout=PATIENCE)
    assert [result.output for result in results] == [i * 2 for i in range(20)]


def test_waiting_for_a_child_needs_a_run(double):
    with pytest.raises(ConfigurationError, match=r"trigger_and_wait waits as part of a run"):
        double.trigger_and_wait(1)


@pytest.mark.parametrize("kind", ["thread", "coroutine"])
def test_a_parent_waits_for_a_batch_in_one_slot(start_tied, client, double, kind):
    def told(results):
        return [[result.ok, result.output, str(result.error)[-11:]] for result in results]

    @task(id="thread")
    def in_a_thread(payload):
        return told(double.batch_trigger_and_wait(payload))

    @task(id="coroutine")
    async def in_a_coroutine(payload):
        return told(await aio.batch_trigger_and_wait(double, payload))

    start_tied(slots=1)
    found = client.tasks.trigger(kind, [3, -1, {"payload": 3}]).result(timeout=PATIENCE)
    assert found == [[True, 6, "None"], [False, None, " below zero"], [True, 6, "None"]]


def test_outputs_of_children_have_the_type_that_their_task_promises(start_tied, client):
    class Point(BaseModel):
        x: int

    @task(id="point")
    def point(payload) -> Point:
        return Point(x=payload)

    @task(id="parent")
    def parent(payload):
        one = point.trigger_and_wait(1).unwrap()
        two, three = point.batch_trigger_and_wait([2, 3])
        by_id = trigger_and_wait("point", 4)
        mixed = batch_trigger_and_wait([{"task": "point", "payload": 5}])
        return [one.x, two.output.x, three.unwrap().x, by_id.output["x"], mixed[0].output["x"]]

    start_tied()
    assert client.tasks.trigger("parent").result(timeout=PATIENCE) == [1, 2, 3, 4, 5]


def test_the_next_attempt_repeats_of_a_batch_only_what_failed(start_tied, client, double):
    @task(id="parent", retry={"max_attempts": 2, "min_timeout_ms": 1})
    def parent(payload, ctx):
        return [child.unwrap() for child in double.batch_trigger_and_wait([1, 1, -2])]

    start_tied()
    with pytest.raises(RunFailedError, match="below zero"):
        client.tasks.trigger("parent").result(timeout=PATIENCE)
    assert sorted(double.calls) == [-2, -2, 1, 1]


def test_waiting_for_a_batch_outlives_the_engine(engine, start_tied, client):
    begun, go_on = threading.Semaphore(0), threading.Event()

    @task(id="slow")
    def slow(payload):
        begun.release()
        assert go_on.wait(PATIENCE)
        return payload

    @task(id="parent")
    def parent(payload):
        return [child.unwrap() for child in slow.batch_trigger_and_wait([1, 2])]

    start_tied()
    run = client.tasks.trigger("parent")
    assert begun.acquire(timeout=PATIENCE)
    assert begun.acquire(timeout=PATIENCE)
    until(lambda: client.runs.retrieve(run).status is RunStatus.WAITING, "the wait")
    engine.kill()
    engine.restart()
    go_on.set()
    until(lambda: client.runs.retrieve(run).is_terminal, "the end of the run")
    assert client.runs.retrieve(run).output == [1, 2]


def test_children_change_the_metadata_of_their_parent_and_root(start_tied, client):
    @task(id="leaf")
    def leaf(payload):
        metadata.parent.append("leaves", payload)
        metadata.root.increment("$.count.leaves")

    @task(id="branch")
    def branch(payload):
        [child.unwrap() for child in leaf.batch_trigger_and_wait([1, 2])]
        metadata.parent.set("$.branch.done", True)
        return metadata.refresh().get("leaves")

    @task(id="tree")
    def tree(payload):
        return sorted(branch.trigger_and_wait().unwrap())

    start_tied()
    run = client.tasks.trigger("tree")
    assert run.result(timeout=PATIENCE) == [1, 2]
    assert client.runs.retrieve(run).metadata == {"count": {"leaves": 2}, "branch": {"done": True}}


def test_a_child_writes_and_reads_the_stream_of_its_parent(start_tied, client):
    words = streams.define("words")

    @task(id="child")
    def child(payload, ctx):
        words.pipe(["one ", "two"], target="parent")
        reader = words.read(ctx.run.parent_task_run_id)
        return [next(iter(reader)) for _ in range(2)]

    @task(id="parent")
    def parent(payload):
        return child.trigger_and_wait().unwrap()

    start_tied()
    run = client.tasks.trigger("parent")
    assert run.result(timeout=PATIENCE) == ["one ", "two"]
    assert list(words.read(run)) == ["one ", "two"]
