"""Runs that wait for a person or for a while, on a real engine."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from patience import PATIENCE, at_once, until

from trigger_widgets import aio
from trigger_widgets.errors import ConfigurationError, RunFailedError
from trigger_widgets.models import RunStatus
from trigger_widgets.tasks import task, wait


def waiting(client, run):
    return until(lambda: client.runs.retrieve(run).status is RunStatus.WAITING, "the wait")


def complete(client, key, data):
    (token,) = client.wait.list_tokens(idempotency_key=key)
    client.wait.complete_token(token.id, data)


@pytest.fixture
def asks(registry):
    """Tasks that wait for their own token: in a thread, and in a coroutine."""

    @task(id="thread", retry={"max_attempts": 1})
    def in_a_thread(payload):
        result = wait.for_token("approval", timeout=payload or "10m")
        return [result.ok, result.output, str(result.error)]

    @task(id="coroutine", retry={"max_attempts": 1})
    async def in_a_coroutine(payload):
        result = await aio.wait.for_token("approval", timeout=payload or "10m")
        return [result.ok, result.output, str(result.error)]


both = pytest.mark.parametrize("kind", ["thread", "coroutine"])


@both
def test_a_token_is_completed(start_worker, client, asks, kind):
    start_worker()
    run = client.tasks.trigger(kind)
    waiting(client, run)
    with at_once():
        complete(client, f"{run.id}:approval", {"approved": True, "note": "ok ✓"})
        assert run.result(timeout=PATIENCE) == [True, {"approved": True, "note": "ok ✓"}, "None"]


@both
def test_nobody_completes_a_token(start_worker, client, asks, kind):
    start_worker()
    ok, output, error = client.tasks.trigger(kind, "1s").result(timeout=PATIENCE)
    assert (ok, output) == (False, None)
    assert error.startswith('nobody completed the token "approval" (waitpoint_')


@both
def test_a_canceled_wait_ends_at_once(start_worker, client, asks, kind):
    start_worker()
    run = client.tasks.trigger(kind)
    waiting(client, run)
    with at_once():
        run.cancel()
        until(lambda: client.runs.retrieve(run).finished_at, "the answer of the worker")
    assert client.runs.retrieve(run).status is RunStatus.CANCELED


@both
def test_a_wait_outlives_the_engine(engine, start_worker, client, asks, kind):
    start_worker()
    run = client.tasks.trigger(kind)
    waiting(client, run)
    engine.kill()
    engine.restart()
    assert client.runs.retrieve(run).status is RunStatus.WAITING
    complete(client, f"{run.id}:approval", "after")
    until(lambda: client.runs.retrieve(run).is_terminal, "the end of the run")
    assert client.runs.retrieve(run).output == [True, "after", "None"]


def test_a_wait_that_begins_while_the_engine_is_away(engine, start_worker, client):
    running, go_on = threading.Event(), threading.Event()

    @task(id="late")
    def late(payload):
        running.set()
        assert go_on.wait(PATIENCE)
        return wait.for_token("approval").unwrap()

    start_worker()
    run = client.tasks.trigger("late")
    assert running.wait(PATIENCE)
    engine.kill()
    go_on.set()
    engine.restart()
    waiting(client, run)
    complete(client, f"{run.id}:approval", 1)
    assert run.result(timeout=PATIENCE) == 1


def test_tokens_by_id_and_one_after_the_other(start_worker, client):
    made = []

    @task(id="two")
    def two(payload):
        token = wait.create_token(timeout="10m", tags=["review"])
        made.append(token)
        first = wait.for_token(token).unwrap()
        again = wait.for_token(token.id).unwrap()
        return [first, again, wait.for_token("approval").unwrap()]

    start_worker()
    run = client.tasks.trigger("two")
    waiting(client, run)
    token = client.wait.retrieve_token(made[0].id)
    assert token.tags == ["review"]
    assert made[0].public_access_token is not None
    client.wait.complete_token(token.id, "a")
    until(lambda: list(client.wait.list_tokens(idempotency_key=f"{run.id}:approval")), "the next")
    complete(client, f"{run.id}:approval", "b")
    assert run.result(timeout=PATIENCE) == ["a", "a", "b"]


def test_what_was_decided_is_not_asked_again_by_the_next_attempt(start_worker, client):
    @task(id="again", retry={"max_attempts": 2, "min_timeout_ms": 1, "randomize": False})
    def again(payload, ctx):
        decided = wait.for_token("approval").unwrap()
        if ctx.attempt.number == 1:
            raise ValueError("after the decision")
        return [decided, ctx.attempt.number]

    start_worker()
    run = client.tasks.trigger("again")
    waiting(client, run)
    complete(client, f"{run.id}:approval", "yes")
    assert run.result(timeout=PATIENCE) == ["yes", 2]


def test_waiting_runs_hold_no_slot(start_worker, client, asks):
    @task(id="quick")
    def quick(payload):
        return "ran"

    start_worker(slots=2)
    runs = [client.tasks.trigger("thread" if i % 2 else "coroutine") for i in range(10)]
    for run in runs:
        waiting(client, run)
    assert client.tasks.trigger("quick").result(timeout=PATIENCE) == "ran"
    for i, run in enumerate(runs):
        complete(client, f"{run.id}:approval", i)
    assert [run.result(timeout=PATIENCE)[1] for run in runs] == list(range(10))


def test_runs_that_go_on_keep_to_the_slots(start_worker, client):
    most, now, lock = [0], [0], threading.Lock()

    @task(id="counts")
    def counts(payload):
        wait.for_token("go")
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1

    start_worker(slots=2)
    runs = [client.tasks.trigger("counts") for _ in range(12)]
    for run in runs:
        waiting(client, run)
    for run in runs:
        complete(client, f"{run.id}:go", None)
    for run in runs:
        run.result(timeout=PATIENCE)
    assert most[0] <= 2


def test_a_second_wait_at_the_same_time_is_refused(start_worker, client):
    @task(id="both", retry={"max_attempts": 1})
    async def both(payload):
        one = asyncio.create_task(aio.wait.for_token("one"))
        await asyncio.sleep(0)
        try:
            await aio.wait.for_token("two")
        except ConfigurationError as e:
            said = str(e)
        return [said, (await one).output]

    start_worker()
    run = client.tasks.trigger("both")
    waiting(client, run)
    complete(client, f"{run.id}:one", 1)
    said, output = run.result(timeout=PATIENCE)
    assert 'is waiting for the token "one" and cannot wait for the token "two" as well' in said
    assert output == 1


def test_a_wait_that_is_given_up_leaves_the_run_working(start_worker, client):
    @task(id="impatient", retry={"max_attempts": 1})
    async def impatient(payload):
        try:
            async with asyncio.timeout(0.5):
                await aio.wait.for_token("never")
        except TimeoutError:
            await aio.wait.for_token("other")

    @task(id="quick")
    def quick(payload):
        return "ran"

    start_worker(slots=1)
    with pytest.raises(RunFailedError, match='gave up waiting for the token "never"'):
        client.tasks.trigger("impatient").result(timeout=PATIENCE)
    assert client.tasks.trigger("quick").result(timeout=PATIENCE) == "ran"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: wait.for_token("waitpoint_x", timeout="1h"), "exists already and has its own"),
        (lambda: wait.for_token(""), 'by a text like "approval"'),
        (lambda: wait.for_token(3), "is not a wait token"),
        (lambda: wait.for_token("name", timeout="soon"), '"soon" is not a duration'),
        (lambda: wait.sleep(-1), "a sleep is 0 or more seconds"),
        (lambda: wait.for_token("waitpoint_unknown"), "waitpoint_unknown"),
    ],
)
def test_mistakes_are_one_sentence(start_worker, client, call, sentence):
    @task(id="mistaken", retry={"max_attempts": 1})
    def mistaken(payload):
        call()

    start_worker()
    with pytest.raises(RunFailedError, match=sentence):
        client.tasks.trigger("mistaken").result(timeout=PATIENCE)


def test_blocking_in_a_coroutine_names_its_twin(start_worker, client):
    @task(id="blocks", retry={"max_attempts": 1})
    async def blocks(payload):
        wait.for_token("approval")

    start_worker()
    with pytest.raises(RunFailedError, match=r"await aio.wait.for_token"):
        client.tasks.trigger("blocks").result(timeout=PATIENCE)


def test_outside_of_a_run_there_is_nothing_to_wait_as():
    with pytest.raises(ConfigurationError, match="not part of one"):
        wait.for_token("approval")
    wait.sleep(0)


@pytest.fixture
def long_sleeps(monkeypatch):
    """Sleeps of half a second count as long: the server times them."""
    monkeypatch.setattr("trigger_widgets.tasks.current_wait.SHORT_SECONDS", 0.5)


def test_long_sleeps_are_timed_by_the_server(start_worker, client, long_sleeps):
    @task(id="sleeps")
    def sleeps(payload):
        began = time.monotonic()
        wait.sleep("1s")
        return time.monotonic() - began

    @task(id="twin")
    async def twin(payload):
        began = time.monotonic()
        await aio.wait.sleep(1)
        return time.monotonic() - began

    start_worker(slots=1)
    runs = [client.tasks.trigger("sleeps"), client.tasks.trigger("twin")]
    waiting(client, runs[0])
    for run in runs:
        assert run.result(timeout=PATIENCE) >= 1


def test_a_run_that_is_tried_again_does_not_sleep_again(start_worker, client, long_sleeps):
    @task(id="sleeps", retry={"max_attempts": 2, "min_timeout_ms": 1})
    def sleeps(payload, ctx):
        began = time.monotonic()
        wait.sleep(1)
        if ctx.attempt.number == 1:
            raise ValueError("after the sleep")
        return time.monotonic() - began

    start_worker()
    assert client.tasks.trigger("sleeps").result(timeout=PATIENCE) < 0.5


@pytest.mark.parametrize("short", [5, 7_200], ids=["long", "short"])
def test_a_canceled_sleep_ends_at_once(start_worker, client, monkeypatch, short):
    monkeypatch.setattr("trigger_widgets.tasks.current_wait.SHORT_SECONDS", short)
    asleep = threading.Event()

    @task(id="sleeps")
    def sleeps(payload):
        asleep.set()
        wait.sleep(3_600)

    start_worker()
    run = client.tasks.trigger("sleeps")
    assert asleep.wait(PATIENCE)
    with at_once():
        run.cancel()
        until(lambda: client.runs.retrieve(run).finished_at, "the answer of the worker")


def test_waits_do_not_count_against_max_duration(start_worker, client):
    @task(id="limited", max_duration=1)
    def limited(payload):
        return wait.for_token("approval").unwrap()

    start_worker()
    run = client.tasks.trigger("limited")
    waiting(client, run)
    time.sleep(1.2)  # longer than the task may compute
    complete(client, f"{run.id}:approval", "late")
    assert run.result(timeout=PATIENCE) == "late"


@pytest.mark.slow
def test_until_a_moment_also_for_the_next_attempt(start_worker, client):
    moment = datetime.now(UTC) + timedelta(seconds=6)

    @task(id="until", retry={"max_attempts": 2, "min_timeout_ms": 1})
    def waits(payload, ctx):
        wait.until(datetime.now(UTC) - timedelta(days=1))
        wait.until(moment)
        if ctx.attempt.number == 1:
            raise ValueError("again")
        return datetime.now(UTC) >= moment

    start_worker()
    assert client.tasks.trigger("until").result(timeout=PATIENCE) is True


def test_a_name_for_all_runs(start_worker, client, embedded):
    @task(id="asks")
    def asks(payload):
        return wait.for_token("release", scope="global").unwrap()

    @task(id="decides")
    async def decides(payload):
        tokens = await aio.wait.list_tokens(status="WAITING", idempotency_key="release")
        await aio.wait.complete_token(tokens[0], "go")
        return (await aio.wait.retrieve_token(tokens[0])).status

    start_worker()
    runs = [client.tasks.trigger("asks") for _ in range(2)]
    for run in runs:
        waiting(client, run)
    assert client.tasks.trigger("decides").result(timeout=PATIENCE) == "COMPLETED"
    assert [run.result(timeout=PATIENCE) for run in runs] == ["go", "go"]
