"""What type checkers know of the clients. mypy reads this (`make lint`); nothing runs it.

An ignored error is one that must be there: mypy refuses ignores that are not needed.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

from pydantic import BaseModel, SecretStr

from trigger_widgets import AsyncTrigger, Run, Trigger, TypedTask, WaitToken, task
from trigger_widgets.realtime.handle import AsyncRunHandle, RunHandle


class Doc(BaseModel):
    text: str


class Summary(BaseModel):
    title: str


@task
def plain(payload: Doc) -> Summary:
    return Summary(title=payload.text)


@task(id="with-ctx")
def contextual(payload: Doc, ctx: Any) -> Summary:
    return Summary(title=payload.text)


@task
async def later(payload: Doc) -> Summary:
    return Summary(title=payload.text)


elsewhere = TypedTask("elsewhere", payload=Doc, output=Summary)
half = TypedTask("half", output=list[Summary])


def sync(client: Trigger) -> None:
    doc = Doc(text="")
    assert_type(client.tasks.trigger(plain, doc), RunHandle[Summary])
    assert_type(client.tasks.trigger(contextual, doc), RunHandle[Summary])
    assert_type(client.tasks.trigger(later, doc), RunHandle[Summary])
    assert_type(client.tasks.trigger(elsewhere, doc), RunHandle[Summary])
    assert_type(client.tasks.trigger(elsewhere, {"text": ""}).result(), Summary)
    assert_type(client.tasks.trigger(half, 5).result(), list[Summary])
    assert_type(client.tasks.trigger("by-id", {"anything": 1}), RunHandle[Any])
    client.tasks.trigger(elsewhere, 5)  # type: ignore[misc]
    client.tasks.trigger(plain, "text")  # type: ignore[misc, arg-type]
    client.tasks.trigger("by-id", tag="a")  # type: ignore[call-overload]
    client.tasks.trigger("by-id", max_attempts="3")  # type: ignore[call-overload]
    assert_type(client.runs.retrieve("run_1"), Run)
    assert_type(client.runs.list(status="FAILED"), Iterator[Run])
    client.runs.retrieve(5)  # type: ignore[arg-type]
    client.runs.list(state="FAILED")  # type: ignore[call-arg]
    assert_type(client.wait.create_token(timeout="1h"), WaitToken)


async def asynchronous(client: AsyncTrigger) -> None:
    doc = Doc(text="")
    handle = await client.tasks.trigger(elsewhere, doc)
    assert_type(handle, AsyncRunHandle[Summary])
    assert_type(await handle, Summary)
    assert_type(await client.runs.retrieve(handle), Run)
    assert_type(client.runs.list(), AsyncIterator[Run])
    assert_type(await client.auth.create_public_token(scopes={}), SecretStr)
    client.runs.retrieve(handle)  # type: ignore[unused-coroutine]
