"""Wait tokens and narrow tokens on the real engine."""

import asyncio

import pytest

from trigger_widgets.client import AsyncTrigger
from trigger_widgets.errors import (
    APIStatusError,
    AuthenticationError,
    ConfigurationError,
    PermissionDeniedError,
)


def test_a_token_is_made_found_completed_and_read(client):
    made = client.wait.create_token(timeout="1h", tags=["a"], idempotency_key="k")
    assert (made.status, made.is_cached) == ("WAITING", False)
    assert client.wait.create_token(idempotency_key="k").id == made.id
    (found,) = client.wait.list_tokens(idempotency_key="k")
    assert (found.id, found.tags) == (made.id, ["a"])
    assert list(client.wait.list_tokens(tags="other")) == []
    client.wait.complete_token(made, {"approved": True})
    client.wait.complete_token(made, {"approved": False})  # the first one counts
    done = client.wait.retrieve_token(made)
    assert (done.status, done.output) == ("COMPLETED", {"approved": True})
    assert done.timeout_at > done.created_at


def test_many_tokens_are_listed_page_by_page(client):
    made = [client.wait.create_token(tags="many").id for _ in range(7)]
    assert [t.id for t in client.wait.list_tokens(tags="many")] == made[::-1]
    assert len(list(client.wait.list_tokens(tags="many", limit=3))) == 3
    found = client.wait.list_tokens(tags="many", status="WAITING", created_at="1h")
    assert len(list(found)) == 7


def test_a_tokens_own_token_completes_it_and_does_nothing_else(client):
    made, other = client.wait.create_token(), client.wait.create_token()
    narrow = client.with_access_token(made.public_access_token)
    assert narrow.may_complete(made)
    assert not narrow.may_complete(other)
    assert client.may_complete(other)
    with pytest.raises(PermissionDeniedError):
        narrow.wait.complete_token(other)
    with pytest.raises(AuthenticationError):
        narrow.wait.retrieve_token(made)
    with pytest.raises(AuthenticationError):
        list(narrow.wait.list_tokens())
    narrow.wait.complete_token(made, "yes")
    assert client.wait.retrieve_token(made).output == "yes"


def test_the_async_twin(engine):
    at = engine.endpoint

    async def main():
        async with AsyncTrigger(api_url=at.api_url, secret_key=at.access_token) as twin:
            made = await twin.wait.create_token(tags="twin")
            await twin.wait.complete_token(made, [1])
            listed = [token.id async for token in twin.wait.list_tokens(tags="twin", limit=5)]
            assert listed == [made.id]
            narrow = await twin.auth.create_trigger_public_token("a")
            batch = await twin.auth.create_batch_trigger_public_token("a", multiple_use=True)
            assert "ey" not in repr(narrow) + repr(batch)
            return (await twin.wait.retrieve_token(made.id)).output

    assert asyncio.run(main()) == [1]


def test_a_trigger_token_triggers_its_task_once(client):
    token = client.auth.create_trigger_public_token("a")
    narrow = client.with_access_token(token)
    assert narrow.tasks.trigger("a").id
    with pytest.raises(PermissionDeniedError):
        narrow.tasks.trigger("b")
    with pytest.raises(APIStatusError):
        narrow.tasks.trigger("a")
    many = client.with_access_token(
        client.auth.create_trigger_public_token(["a", "b"], multiple_use=True)
    )
    assert many.tasks.trigger("a").id != many.tasks.trigger("b").id


def test_a_batch_token_triggers_batches_of_its_task(client):
    narrow = client.with_access_token(
        client.auth.create_batch_trigger_public_token("a", multiple_use=True)
    )
    assert narrow.tasks.batch_trigger("a", [1, 2]).run_count == 2
    with pytest.raises(PermissionDeniedError):
        narrow.tasks.batch_trigger("b", [1])


def test_a_public_token_makes_no_tokens(client):
    token = client.auth.create_trigger_public_token("a")
    with pytest.raises(ConfigurationError, match="cannot create other tokens"):
        client.with_access_token(token).auth.create_trigger_public_token("a")
