"""`access_token` as a function: asked again when its last token is refused, by calls and feeds."""

import asyncio
import threading

import pytest
from patience import PATIENCE
from pydantic import SecretStr

from trigger_widgets import errors
from trigger_widgets.client import AsyncTrigger, Trigger


class Tokens:
    """Gives the tokens it is told to, one after the other, then the last again and again."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]


@pytest.fixture
def tokens(shared_engine, owner, task):
    """One that has expired, and one that may read and cancel."""
    scopes = {"read": {"tasks": task}, "write": {"runs": True}}
    good = owner.auth.create_public_token(scopes=scopes)
    return Tokens("eyJ.expired.token", good)


def test_calls(shared_engine, owner, tokens, task):
    run = owner.tasks.trigger(task)
    with Trigger(api_url=shared_engine.endpoint.api_url, access_token=tokens) as client:
        assert tokens.asked == 0
        assert client.runs.retrieve(run).id == run.id
        client.runs.cancel(run)
        assert tokens.asked == 2
        assert "eyJ" not in repr(client.endpoint)
    tokens = Tokens("eyJ.expired.token", *tokens.tokens)

    async def main():
        at = shared_engine.endpoint.api_url
        async with AsyncTrigger(api_url=at, access_token=tokens) as twin:
            return (await twin.runs.retrieve(run.id)).id

    assert asyncio.run(main()) == run.id


def test_feeds_and_streams(shared_engine, owner, hand, task, tokens):
    """A token that has expired is replaced in the middle of a feed, whose readers see no error."""
    run = owner.tasks.trigger(task)
    bad, good = tokens.tokens
    url = shared_engine.endpoint.api_url
    client = Trigger(api_url=url, access_token=Tokens(bad, good))
    states, seen = client.runs.subscribe_to_run(run, timeout=PATIENCE), []
    with states:
        for state in states:
            if not seen:
                hand.succeed(*hand.start(), '{"json":1}')
            seen.append(state.status)
    assert seen[-1] == "COMPLETED"
    client = Trigger(api_url=url, access_token=Tokens(bad, good))
    assert list(client.streams.read(run, timeout=PATIENCE)) == []


def test_a_function_whose_tokens_are_all_refused_is_asked_twice(shared_engine):
    tokens = Tokens("eyJ.one.token", "eyJ.two.token", "eyJ.three.token")
    client = Trigger(api_url=shared_engine.endpoint.api_url, access_token=tokens)
    with pytest.raises(errors.AuthenticationError):
        client.runs.retrieve("run_1")
    assert tokens.asked == 2
    with pytest.raises(errors.AuthenticationError):
        list(client.runs.subscribe_to_run("run_1", timeout=PATIENCE))
    assert tokens.asked == 3


def test_narrower_clients_may_ask_too(owner, tokens, task):
    run = owner.tasks.trigger(task)
    narrow = owner.with_access_token(tokens)
    assert narrow.runs.retrieve(run).id == run.id
    assert tokens.asked == 2
    assert owner.runs.replay(run).id != run.id
    with pytest.raises(errors.AuthenticationError):
        owner.with_access_token("eyJ.expired.token").runs.retrieve(run)


def test_threads_share_what_was_asked(shared_engine, owner, task, tokens):
    run = owner.tasks.trigger(task)
    client = Trigger(api_url=shared_engine.endpoint.api_url, access_token=tokens)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(client.runs.retrieve(run).id))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert found == [run.id] * 8
    assert tokens.asked == 2


@pytest.mark.parametrize("kind", [Trigger, AsyncTrigger])
def test_a_coroutine_function_is_awaited_wherever_a_token_is_needed(
    owner, hand, tokens, task, kind
):
    """In a call, on a loop that this very call blocks, and in a feed, where tokens expire too."""
    run, given = owner.tasks.trigger(task).id, tokens.tokens[:]
    tokens = Tokens(*given)

    async def token():
        await asyncio.sleep(0)
        return tokens()

    async def main():
        client = kind(api_url=owner.endpoint.api_url, access_token=token)
        found = client.runs.retrieve(run)
        assert (await found if kind is AsyncTrigger else found).id == run
        assert tokens.asked == 2
        tokens.tokens = given
        client._transport.server.renew(client._transport.server.endpoint())
        states = client.runs.subscribe_to_run(run, timeout=PATIENCE)
        async for state in states:
            if not state.is_terminal:
                owner.runs.cancel(run)
        closed = client.close()
        if kind is AsyncTrigger:
            await closed
        return state

    assert asyncio.run(main()).status == "CANCELED"
    assert tokens.asked == 4


async def _nothing():
    """Gives no token."""


@pytest.mark.parametrize(
    ("give", "words"),
    [
        (lambda: None, "gave NoneType, not a text"),
        (_nothing, "gave NoneType, not a text"),
        (lambda: "two words", "characters that no key has"),
    ],
)
def test_what_is_no_token_is_named(give, words):
    client = Trigger(api_url="http://trigger.test", access_token=give)
    with pytest.raises(errors.ConfigurationError, match=words):
        client.runs.retrieve("run_1")


def test_a_function_may_give_a_secret():
    client = Trigger(api_url="http://trigger.test", access_token=lambda: SecretStr("tr_dev_x"))
    assert client.endpoint.access_token.get_secret_value() == "tr_dev_x"
