"""Narrow tokens: signed by one client, accepted from the other, and no wider than they say."""

import pytest
from interop.support import assert_same_run
from patience import PATIENCE

from trigger_widgets.errors import AuthenticationError, PermissionDeniedError

pytestmark = pytest.mark.slow


@pytest.fixture
def ended(client):
    """A run that has ended, and another one, with a tag each."""
    runs = [client.tasks.trigger("square", {"n": n}, tags=[f"narrow:{n}"]) for n in (2, 3)]
    for run in runs:
        run.result(timeout=PATIENCE)
    return runs


def assert_narrow(seen, run):
    ours = run.retrieve()
    assert_same_run(seen["retrieve"], ours)
    assert_same_run(seen["states"][-1], ours)
    refused = {
        name: seen[name]["status"] for name in ("other", "cancel", "list", "createToken", "trigger")
    }
    assert refused == {"other": 403, "cancel": 403, "list": 403, "createToken": 401, "trigger": 403}
    assert seen["other"]["name"] == "PermissionDeniedError"


@pytest.mark.parametrize("by", ["runs", "tags"])
def test_a_token_of_theirs_reads_what_it_says(official, client, ended, by):
    run, other = ended
    scopes = {"read": {by: {"runs": [run.id], "tags": "narrow:2"}[by]}}
    given = {"id": run.id, "otherId": other.id, "tag": "narrow:2"}
    assert_narrow(official.play("public_tokens", "useTheirs", scopes=scopes, **given), run)
    token = official.play("public_tokens", "create", options={"scopes": scopes})
    narrow = client.with_access_token(token)
    assert narrow.runs.retrieve(run).output == {"square": 4}
    with pytest.raises(PermissionDeniedError):
        narrow.runs.retrieve(other)


def test_a_token_of_ours_reads_what_it_says(official, client, ended):
    run, other = ended
    given = {"id": run.id, "otherId": other.id, "tag": "narrow:2"}
    signed = client.auth.create_public_token(scopes={"read": {"runs": [run.id]}})
    for token in (signed, run.public_access_token):
        seen = official.play("public_tokens", "useOurs", token=token.get_secret_value(), **given)
        assert_narrow(seen, run)


def test_an_expired_token_of_theirs_is_refused(official, client, ended):
    options = {"scopes": {"read": {"runs": ended[0].id}}, "expirationTime": 1_000_000_000}
    token = official.play("public_tokens", "create", options=options)
    with pytest.raises(AuthenticationError):
        client.with_access_token(token).runs.retrieve(ended[0])


def test_a_token_that_may_cancel_cancels(official, client):
    run = client.tasks.trigger("echo", 1, delay="1h")
    token = client.auth.create_public_token(scopes={"write": {"runs": [run.id]}})
    official.play("public_tokens", "cancelWith", token=token.get_secret_value(), id=run.id)
    assert run.retrieve().status == "CANCELED"


def test_the_feed_of_a_tag_with_a_token_for_it(official, client, ended):
    token = client.auth.create_public_token(scopes={"read": {"tags": "narrow:tag"}})
    runs = [client.tasks.trigger("square", {"n": n}, tags="narrow:tag") for n in range(3)]
    given = {"token": token.get_secret_value(), "tag": "narrow:tag", "count": 3}
    followed = official.play("public_tokens", "followTagsWith", **given)
    assert {run["id"]: run["output"]["square"] for run in followed} == {
        run.id: n * n for n, run in enumerate(runs)
    }


def test_the_token_of_a_batch_follows_it(official, client):
    items = [{"payload": {"n": n}} for n in range(3)]
    seen = official.play("public_tokens", "followTheirBatch", items=items)
    assert {run["id"] for run in seen["followed"]} == set(client.batches.retrieve(seen["id"]).runs)
    assert seen["batch"]["runCount"] == 3


def test_a_token_to_trigger_once(official, client):
    seen = official.play("public_tokens", "triggerOnce", task="square", otherTask="echo")
    assert seen["other"]["status"] == 403
    assert seen["second"]["status"] == 422
    run = client.runs.retrieve(seen["first"]["id"])
    assert (run.task_identifier, run.payload) == ("square", {"n": 3})
    token = client.auth.create_trigger_public_token("square").get_secret_value()
    given = {"token": token, "task": "square", "payload": {"n": 5}}
    handle = official.play("public_tokens", "triggerWith", **given)
    assert client.runs.retrieve(handle["id"]).payload == {"n": 5}
