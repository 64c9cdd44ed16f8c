"""Wait tokens: requests as they go out, and what a real server answered (protocol.md §6)."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from trigger_widgets.api import wait
from trigger_widgets.api.requests import Answer
from trigger_widgets.api.transports import Transport
from trigger_widgets.errors import AuthenticationError, ConfigurationError, ProtocolError
from trigger_widgets.models import WaitToken


def to_answer(exchange):
    return Answer(exchange["status"], exchange["headers"], (exchange["response"] or "").encode())


def ok(body, **headers):
    return Answer(200, headers, json.dumps(body).encode())


@pytest.fixture
def said(wire):
    def said(note):
        (found,) = [e for e in wire.recorded("wait-tokens") if e["note"] == note]
        return to_answer(found)

    return said


def test_create():
    request = wait.create_token(
        timeout=timedelta(minutes=10), tags="a", idempotency_key="k", idempotency_key_ttl="1h"
    )
    assert (request.method, request.path) == ("POST", "/api/v1/waitpoints/tokens")
    assert request.body == {
        "timeout": "10m", "tags": ["a"], "idempotencyKey": "k", "idempotencyKeyTTL": "1h",
    }  # fmt: skip
    assert wait.create_token().content() == b"{}"  # no body at all is refused
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert wait.create_token(timeout=moment).body == {"timeout": "2026-01-01T00:00:00.000Z"}
    assert wait.create_token(timeout=90).body == {"timeout": "1m30s"}
    with pytest.raises(ConfigurationError, match="not a duration"):
        wait.create_token(timeout="soon")


def test_created(said):
    token = wait.create_token(tags=["order:1"]).decode(said("create w/ timeout+tags"))
    assert token.id.startswith("waitpoint_")
    assert (token.status, token.is_cached, token.tags) == ("WAITING", False, ["order:1"])
    assert token.public_access_token.get_secret_value().startswith("ey")
    assert "/callback/" in token.url
    # whoever has one of these can complete it
    assert "callback" not in repr(token)
    assert "ey" not in repr(token).replace("key", "")
    again = wait.create_token(idempotency_key="wk").decode(said("idempotencyKey 2nd"))
    assert (again.is_cached, again.status, again.idempotency_key) == (True, None, "wk")


def test_retrieved(said):
    waiting = wait.retrieve_token("waitpoint_1").decode(said("retrieve waiting"))
    assert (waiting.status, waiting.output, waiting.error) == ("WAITING", None, None)
    assert waiting.idempotency_key is None  # the server made one up
    assert not waiting.status.is_terminal
    done = wait.retrieve_token("waitpoint_1").decode(said("retrieve completed"))
    assert done.output == {"approved": True, "note": "héllo"}
    assert done.status.is_terminal
    assert done.completed_at.tzinfo is not None
    for note, output in [
        ("retrieve completed without data", None),
        ("retrieve completed data=string", "str"),
        ("retrieve completed data=null", None),
    ]:
        assert wait.retrieve_token("waitpoint_1").decode(said(note)).output == output
    late = wait.retrieve_token("waitpoint_1").decode(said("retrieve TIMED OUT token"))
    assert (late.status, late.output) == ("TIMED_OUT", None)
    assert late.error.name == "TRIGGER_WAITPOINT_TIMEOUT"
    assert late.error.message.startswith("Waitpoint timed out")


def test_an_error_output_may_be_anything():
    body = {"id": "waitpoint_1", "outputIsError": True, "output": "no", "outputType": "text/plain"}
    assert wait.retrieve_token("waitpoint_1").decode(ok(body)).error.message == "no"
    assert WaitToken(id="waitpoint_1").status is None
    with pytest.raises(ProtocolError):
        wait.retrieve_token("waitpoint_1").decode(ok([]))
    with pytest.raises(ProtocolError, match=r"WaitToken is malformed: status"):
        wait.retrieve_token("waitpoint_1").decode(ok({"id": "waitpoint_1", "status": "secret"}))
    with pytest.raises(ProtocolError):
        wait.retrieve_token("waitpoint_1").decode(ok({**body, "outputType": "application/json"}))


def test_complete():
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    request = wait.complete_token(WaitToken(id="waitpoint_a/b"), {"at": moment})
    assert request.path == "/api/v1/waitpoints/tokens/waitpoint_a%2Fb/complete"
    assert request.body == {"data": {"at": "2026-01-01T00:00:00+00:00"}}
    assert wait.complete_token("waitpoint_1").body == {"data": None}
    assert request.decode(ok({"success": True})) is None


def test_a_token_is_its_id_or_itself():
    for wrong in ("run_1", "", None, 5):
        with pytest.raises(ConfigurationError, match="is not a wait token"):
            wait.token_id(wrong)


def first(**filters):
    return wait.list_tokens(**filters).request()


def test_list():
    request = first(
        status=["WAITING", "COMPLETED"], tags="a", idempotency_key="k", created_at="1h", limit=7
    )
    assert request.params == {
        "page[size]": "7", "filter[status]": "WAITING,COMPLETED",
        "filter[tags]": "a", "filter[idempotencyKey]": "k", "filter[createdAt][period]": "1h",
    }  # fmt: skip
    assert first(status="WAITING").params["filter[status]"] == "WAITING"
    with pytest.raises(ConfigurationError, match="WAITING, COMPLETED, TIMED_OUT"):
        wait.list_tokens(status="NOPE")


def test_pages(said):
    page = first().decode(said("list page[after]"))
    assert len(page.items) == 3
    assert page.next == "cmwtmaycu00212n7ds69thdjo"
    last = first().decode(said("list {'filter[idempotencyKey]': 'wk-1795459625'}"))
    assert last.next is None
    for wrong in ({}, {"data": 1}, {"data": [], "pagination": 1}, {"data": [{}]}):
        with pytest.raises(ProtocolError):
            first().decode(ok(wrong))


def test_completion_by_url(wire):
    url = "http://other.test/api/v1/waitpoints/tokens/waitpoint_1/callback/abc123"
    server, requests = wire.fake_server(httpx.Response(200, json={"success": True}))
    Transport(server).send(wait.complete_by_url(url, {"n": float("nan")}))
    Transport(server).send(wait.complete_by_url(url))
    first, second = requests
    assert str(first.url) == url
    assert "authorization" not in first.headers
    assert (first.content, second.content) == (b'{"n":null}', b"null")


def test_a_wrong_url_is_named_without_the_key_in_it(wire):
    for wrong in (5, "waitpoint_1", "http://x/api/v1/waitpoints/tokens/waitpoint_1/callback/"):
        with pytest.raises(ConfigurationError, match="is not the url of a wait token"):
            wait.complete_by_url(wrong)
    url = "http://other.test/api/v1/waitpoints/tokens/waitpoint_1/callback/abc123"
    refusal = httpx.Response(401, json={"error": "Invalid URL, hash doesn't match"})
    server, _ = wire.fake_server(refusal)
    with pytest.raises(AuthenticationError, match="does not let anybody complete") as raised:
        Transport(server).send(wait.complete_by_url(url))
    assert "abc123" not in str(raised.value)
