"""Wait tokens: made by one client, seen and completed by the other, while a run waits."""

import pytest
from interop.support import moment
from patience import PATIENCE

pytestmark = pytest.mark.slow

DECISION = {"approved": True, "comment": "ü 🎈", "by": None}


def assert_same_token(theirs, ours):
    assert theirs["id"] == ours.id
    assert theirs["url"] == ours.url
    assert theirs["status"] == str(ours.status)
    assert theirs["tags"] == ours.tags
    assert theirs.get("output") == ours.output
    assert moment(theirs["createdAt"]) == ours.created_at
    assert moment(theirs.get("completedAt")) == ours.completed_at
    assert moment(theirs.get("timeoutAt")) == ours.timeout_at


def waiting_run(client, token):
    run = client.tasks.trigger("asks", {"token": token})
    with client.runs.subscribe_to_run(run, timeout=PATIENCE) as states:
        assert any(state.status == "WAITING" for state in states)
    return run


def test_they_complete_what_a_run_of_ours_waits_for(official, client):
    token = client.wait.create_token(timeout="1h", tags=["ours"])
    assert_same_token(
        official.play("tokens", "retrieve", id=token.id), client.wait.retrieve_token(token)
    )
    run = waiting_run(client, token.id)
    assert official.play("tokens", "complete", id=token.id, data=DECISION) == {"success": True}
    assert run.result(timeout=PATIENCE) == {"ok": True, "output": DECISION}
    # only the first completion counts, whoever comes second
    assert official.play("tokens", "complete", id=token.id, data="late") == {"success": True}
    client.wait.complete_token(token, "later")
    seen = official.play("tokens", "retrieve", id=token.id)
    assert (seen["status"], seen["output"]) == ("COMPLETED", DECISION)
    assert_same_token(seen, client.wait.retrieve_token(token))


@pytest.mark.parametrize("data", [DECISION, "text", 0, [], None])
def test_we_complete_what_they_made(official, client, data):
    options = {"timeout": "10m", "tags": ["theirs", "b"], "idempotencyKey": f"key {data!r}"}
    made = official.play("tokens", "create", options=options)
    again = official.play("tokens", "create", options=options)
    assert (again["id"], made["isCached"], again["isCached"]) == (made["id"], False, True)
    ours = client.wait.create_token(idempotency_key=options["idempotencyKey"])
    assert (ours.id, ours.is_cached) == (made["id"], True)
    run = waiting_run(client, made["id"])
    client.wait.complete_token(made["id"], data)
    assert run.result(timeout=PATIENCE) == {"ok": True, "output": data}
    seen = official.play("tokens", "retrieve", id=made["id"])
    assert seen["status"] == "COMPLETED"
    assert_same_token(seen, client.wait.retrieve_token(made["id"]))


def test_a_token_completes_itself_and_nothing_else(official, client):
    given = {"options": {"timeout": "1h"}, "data": DECISION}
    seen = official.play("tokens", "completeWithItsOwnToken", **given)
    assert seen["completed"] == {"success": True}
    assert client.wait.retrieve_token(seen["id"]).output == DECISION
    assert (seen["other"]["name"], seen["other"]["status"]) == ("PermissionDeniedError", 403)
    assert (seen["retrieve"]["name"], seen["retrieve"]["status"]) == ("AuthenticationError", 401)


def test_a_callback_url_completes(official, client):
    made = official.play("tokens", "create", options={})
    official.play("tokens", "completeByUrl", url=made["url"], data=DECISION)
    assert client.wait.retrieve_token(made["id"]).output == DECISION
    assert official.play("tokens", "retrieve", id=made["id"])["output"] == DECISION


def test_a_timeout_is_an_error_for_both(official, client):
    made = official.play("tokens", "create", options={"timeout": "1s"})
    run = client.tasks.trigger("asks", {"token": made["id"]})
    assert run.result(timeout=PATIENCE) == {"ok": False, "output": None}
    seen = official.play("tokens", "retrieve", id=made["id"])
    assert seen["status"] == "TIMED_OUT"
    assert "error" in seen
    assert_same_token(seen, client.wait.retrieve_token(made["id"]))


def test_tokens_are_listed_by_pages_the_same(official, client):
    made = [client.wait.create_token(tags=["listed"], timeout="1h") for _ in range(5)]
    client.wait.complete_token(made[1], 1)
    query = {"tags": ["listed"], "limit": 2}
    for status in ("WAITING", "COMPLETED"):
        query["status"] = status
        theirs = official.play("tokens", "list", query=query, most=10)
        ours = list(client.wait.list_tokens(tags="listed", status=status))
        assert [token["id"] for token in theirs] == [token.id for token in ours]
        assert [token["status"] for token in theirs] == [status] * (4 if status == "WAITING" else 1)


def test_an_unknown_token_is_not_found(official):
    failures = official.play("tokens", "failures")
    for failure in failures.values():
        assert (failure["name"], failure["status"]) == ("NotFoundError", 404)
