"""What is sent to running tasks, on a real engine, in threads and in pool processes."""

import pytest
from patience import PATIENCE, until
from pydantic import BaseModel

from trigger_widgets import aio
from trigger_widgets.models import RunStatus
from trigger_widgets.tasks import metadata, streams, task


class Approval(BaseModel):
    approved: bool


APPROVAL = streams.input("approval", Approval)
NUMBERS = streams.input("numbers", int)


def waiting(client, run):
    until(lambda: client.runs.retrieve(run).status is RunStatus.WAITING, "the wait")


@pytest.mark.parametrize("kind", ["thread", "coroutine"])
def test_a_run_waits_for_what_is_sent_and_holds_no_slot(start_worker, client, kind):
    @task(id="thread")
    def in_a_thread(payload):
        first = APPROVAL.wait(timeout="1h").unwrap()
        return [first.approved, APPROVAL.wait().unwrap().approved]

    @task(id="coroutine")
    async def in_a_coroutine(payload):
        approval = aio.streams.input("approval", Approval)
        first = (await approval.wait(timeout="1h")).unwrap()
        return [first.approved, (await approval.wait()).unwrap().approved]

    @task(id="other")
    def other(payload):
        return payload

    start_worker(slots=1)
    run = client.tasks.trigger(kind)
    waiting(client, run)
    assert client.tasks.trigger("other", 1).result(timeout=PATIENCE) == 1
    for approved in (True, False):
        client.streams.send(run, "approval", {"approved": approved})
    assert run.result(timeout=PATIENCE) == [True, False]


def test_waits_end_in_time_or_with_what_does_not_fit(start_worker, client):
    @task(id="t")
    def t(payload):
        late = APPROVAL.wait(timeout="1s")
        odd = NUMBERS.wait()
        return [late.ok, type(late.error).__name__, str(odd.error)]

    start_worker()
    run = client.tasks.trigger("t")
    client.streams.send(run, "numbers", "many")
    late, name, odd = run.result(timeout=PATIENCE)
    assert (late, name) == (False, "WaitTimeoutError")
    assert odd.startswith('what was sent of the input stream "numbers" is wrong: Input should be')


@pytest.mark.parametrize("kind", ["thread", "coroutine"])
def test_once_takes_one_after_the_other(start_worker, client, kind):
    @task(id="thread")
    def in_a_thread(payload):
        metadata.set("ready", True)
        found = [NUMBERS.once().unwrap() for _ in range(3)]
        return [*found, NUMBERS.peek(), NUMBERS.once(timeout_ms=10).ok]

    @task(id="coroutine")
    async def in_a_coroutine(payload):
        numbers = aio.streams.input("numbers", int)
        metadata.set("ready", True)
        found = [(await numbers.once()).unwrap() for _ in range(3)]
        return [*found, numbers.peek(), (await numbers.once(timeout_ms=10)).ok]

    start_worker()
    run = client.tasks.trigger(kind)
    client.streams.send(run, "numbers", 1)
    until(lambda: client.runs.retrieve(run).metadata, "the start")
    client.streams.send(run, "numbers", 2)
    client.streams.send(run, "numbers", 3)
    assert run.result(timeout=PATIENCE) == [1, 2, 3, None, False]


def test_on_hears_each_while_the_task_does_something_else(start_worker, client):
    @task(id="t")
    def t(payload):
        heard = []

        def take(number):
            if number < 0:
                raise ValueError("below zero")
            heard.append(number)
            metadata.set("heard", heard)

        NUMBERS.on(take)
        gone = NUMBERS.on(lambda number: metadata.set("gone", True))
        gone.off()
        metadata.set("ready", True)
        APPROVAL.wait()
        return heard

    start_worker()
    run = client.tasks.trigger("t")
    waiting(client, run)
    for number in (1, -1, 2):
        client.streams.send(run, "numbers", number)
    until(lambda: client.runs.retrieve(run).metadata.get("heard") == [1, 2], "both")
    client.streams.send(run, "approval", {"approved": True})
    assert run.result(timeout=PATIENCE) == [1, 2]
    assert "gone" not in client.runs.retrieve(run).metadata
    texts = [record.text for record in client.runs.logs(run).records]
    assert any("was not taken: below zero" in text for text in texts)


def test_one_run_sends_to_another_and_a_rerun_gets_the_same_again(start_worker, client):
    @task(id="receiver", retry={"max_attempts": 2, "min_timeout_ms": 1})
    def receiver(payload, ctx):
        found = [NUMBERS.wait().unwrap(), NUMBERS.once().unwrap(), NUMBERS.wait().unwrap()]
        if ctx.attempt.number == 1:
            raise ValueError("again")
        return found

    @task(id="sender")
    async def sender(payload):
        for number in (1, 2, 3):
            await aio.streams.input("numbers", int).send(payload, number)

    start_worker()
    run = client.tasks.trigger("receiver")
    waiting(client, run)
    client.tasks.trigger("sender", run.id).result(timeout=PATIENCE)
    assert run.result(timeout=PATIENCE) == [1, 2, 3]


POOL = """
from trigger_widgets import streams, task

NUMBERS = streams.input("numbers", int)

@task(id="pool")
def pool(payload):
    return [NUMBERS.once().unwrap(), NUMBERS.wait().unwrap(), NUMBERS.once().unwrap()]
"""


def test_in_a_pool_process(start_pool_of, client):
    start_pool_of(POOL)
    run = client.tasks.trigger("pool")
    for number in (1, 2, 3):
        client.streams.send(run, "numbers", number)
    assert run.result(timeout=PATIENCE) == [1, 2, 3]
