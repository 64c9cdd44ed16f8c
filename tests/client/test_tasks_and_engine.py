"""Triggering with all that belongs to it, on a real engine, by both clients."""

import asyncio
import datetime as dt

import pytest
from patience import PATIENCE
from pydantic import BaseModel

from trigger_widgets import errors
from trigger_widgets.api.typed import TypedTask
from trigger_widgets.client import AsyncTrigger


class Doc(BaseModel):
    text: str


class Summary(BaseModel):
    title: str
    at: dt.datetime


def test_a_typed_task_gives_its_type(either, hand, task):
    typed = TypedTask(task, payload=Doc, output=Summary)
    handle = either.tasks.trigger(typed, {"text": "x"})
    either.tasks.trigger(typed, Doc(text="x"))
    with pytest.raises(errors.TaskInputError, match=r"payload\.text"):
        either.tasks.trigger(typed, {"txt": "x"})
    hand.succeed(*hand.start(), '{"json":{"title":"t","at":"2026-01-01T00:00:00.000Z"},'
                                '"meta":{"values":{"at":["Date"]}}}')  # fmt: skip
    found = handle.result(timeout=PATIENCE)
    assert found == Summary(title="t", at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert len(list(either.runs.list(task=task))) == 2
    other = either.tasks.trigger(typed, Doc(text="y"))
    for _ in range(2):
        hand.succeed(*hand.start(), '{"json":{"title":5}}')
    with pytest.raises(errors.TaskOutputError, match=r"output\.title"):
        other.result(timeout=PATIENCE)


def test_trigger_and_subscribe(either, hand, task, in_thread):
    seen = []
    in_thread(lambda: hand.succeed(*hand.start(), '{"json":5}'))
    run = either.tasks.trigger_and_subscribe(
        task, 1, on_update=seen.append, timeout=PATIENCE, tags="a"
    )
    assert (run.unwrap(), run.tags) == (5, ["a"])
    assert seen[-1] == run
    failing = either.tasks.trigger_and_subscribe(f"{task}-2", ttl=1, timeout=PATIENCE)
    with pytest.raises(errors.RunExpiredError):
        failing.unwrap()


def test_what_is_given_up_is_canceled(either, task):
    for cancels, status in ((True, "CANCELED"), (False, "PENDING_VERSION")):
        with pytest.raises(errors.ResultTimeoutError):
            either.tasks.trigger_and_subscribe(task, timeout=0.2, cancel_on_abort=cancels)
        assert next(iter(either.runs.list(task=task))).status == status


def test_a_canceled_coroutine_cancels_its_run(shared_engine, task):
    at = shared_engine.endpoint

    async def main():
        async with AsyncTrigger(api_url=at.api_url, secret_key=at.access_token) as client:
            started = asyncio.Event()
            waiting = asyncio.create_task(
                client.tasks.trigger_and_subscribe(task, on_update=lambda _: started.set())
            )
            await started.wait()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return [run.status async for run in client.runs.list(task=task)]

    assert asyncio.run(main()) == ["CANCELED"]


def test_idempotency_keys(either, task):
    key = either.idempotency_keys.create(["report", "2026"])
    first = either.tasks.trigger(task, idempotency_key=key)
    again = either.tasks.trigger(task, idempotency_key=["report", "2026"], idempotency_key_ttl="1h")
    assert (again.id, again.is_cached) == (first.id, True)
    assert either.runs.retrieve(first.id).idempotency_key == "report-2026"
    either.idempotency_keys.reset(task, key)
    assert either.tasks.trigger(task, idempotency_key=key).id != first.id
    with pytest.raises(errors.NotFoundError, match='the idempotency key "other"'):
        either.idempotency_keys.reset(task, "other")


def test_debounce(either, task):
    debounce = {"key": "k", "delay": "1h", "mode": "trailing"}
    first = either.tasks.trigger(task, 1, debounce=debounce)
    assert either.tasks.trigger(task, 2, debounce=debounce).id == first.id
    assert either.runs.retrieve(first.id).payload == 2


def test_an_option_the_engine_does_not_have(either, task):
    with pytest.raises(errors.UnsupportedError, match=r"options\.externalDeploymentId"):
        either.tasks.trigger(task, external_deployment_id="abc")


def test_a_wait_token_is_completed_by_its_url_alone(either):
    token = either.wait.create_token(timeout="1h")
    either.wait.complete_by_url(token.url, {"approved": True})
    assert either.wait.retrieve_token(token).output == {"approved": True}
    wrong = token.url[:-1] + ("0" if token.url[-1] != "0" else "1")
    with pytest.raises(errors.AuthenticationError, match="hash doesn't match"):
        either.wait.complete_by_url(wrong)
