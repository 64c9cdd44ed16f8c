"""Every recorded REST exchange through the real transports: results and errors as recorded.

The call that would be made for an exchange is made; the answer is the one that a real server gave.
"""

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from trigger_widgets import errors
from trigger_widgets.api import auth, batches, idempotency, runs, streams, tasks, wait
from trigger_widgets.api.requests import Request
from trigger_widgets.api.run_list import list_runs
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.durations import parse_duration
from trigger_widgets.models import RunStatus

LINES = (Path(__file__).parent / "recorded" / "rest.jsonl").read_text().splitlines()
EXCHANGES = [json.loads(line) for line in LINES]
RUNS, TOKENS = "/api/v1/runs", "/api/v1/waitpoints/tokens"

NOT_OURS = {
    ("DELETE", "/api/v3/runs/…"): "no such call",
    ("POST", "/api/v1/runs"): "no such call",
    ("GET", "/api/v1/auth/jwt/claims"): "asked by POST",
    ("GET", "/api/v1/nonexistent"): "no such call",
    ("GET", "/api/v1/runs/…"): "an older version of retrieve",
    ("GET", "/api/v2/runs/…"): "an older version of retrieve",
    ("GET", "/api/v1/batches/…"): "an older version of retrieve",
    ("GET", "/api/v1/batches/…/results"): "empty on every real server",
    ("GET", "/api/v1/runs/…/result"): "404 on every real server",
    ("GET", "/api/v1/runs/…/attempts"): "no such call",
    ("GET", "/api/v1/runs/…/events"): "spans, which are the dashboard's",
    ("GET", "/api/v1/runs/…/trace"): "spans, which are the dashboard's",
    ("GET", "/api/v1/runs/…/metadata"): "in what retrieve gives",
    ("POST", "/api/v1/auth/jwt"): "an older way to make tokens",
    ("POST", "/api/v1/tasks/batch"): "an older way to trigger a batch",
    ("POST", "/api/v2/tasks/batch"): "an older way to trigger a batch",
    ("GET", "/api/v1/waitpoints/tokens/…/callback/…"): "asked by POST",
}


def shape(exchange):
    path = urlsplit(exchange["path"]).path
    path = re.sub(r"/(run|batch|waitpoint)_\w+", "/…", path)
    return exchange["method"], re.sub(r"/callback/\w+", "/callback/…", path)


def asked(exchange):
    """The recorded request's body, where it is an object."""
    try:
        body = json.loads(exchange["request"] or "")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def call_for(exchange):
    """The description in `api/` of what was asked; None where the client has no such call."""
    method, path = exchange["method"], urlsplit(exchange["path"]).path
    parts, body = [unquote(part) for part in path.split("/")], asked(exchange)
    *_, before, last = parts
    match method, path:
        case "POST", _ if last == "trigger":
            return tasks.trigger("/".join(parts[4:-1]), body.get("payload"), {})
        case "GET", _ if path.startswith("/api/v3/runs/"):
            return runs.retrieve(last)
        case "POST", _ if last == "cancel":
            return runs.cancel(before)
        case "POST", _ if last == "replay":
            return runs.replay(before)
        case "POST", _ if last == "reschedule":
            return runs.reschedule(before, readable(body.get("delay")))
        case "POST", _ if last == "tags":
            return runs.add_tags(before, body["tags"] if body.get("tags") != 5 else "5")
        case "PUT", _ if last == "metadata":
            return runs.update_metadata(before, body.get("metadata", {}))
        case "GET", str(found) if found == RUNS:
            return list_runs(limit=100).request()
        case "POST", "/api/v3/batches":
            return batches.create(body.get("runCount", 1), body.get("taskIdentifiers", []))
        case "POST", _ if last == "items":
            return batches.send_items(before, [exchange["request"].encode()])
        case "GET", _ if path.startswith("/api/v2/batches/"):
            return batches.retrieve(last)
        case "POST", str(found) if found == TOKENS:
            return wait.create_token(tags=body.get("tags", [])[:1])
        case "GET", str(found) if found == TOKENS:
            return wait.list_tokens(limit=100).request()
        case "GET", _ if path.startswith(TOKENS) and before == "tokens":
            return wait.retrieve_token(last if last != "garbage" else "waitpoint_garbage")
        case "POST", _ if last == "complete":
            return wait.complete_token(before, body.get("data"))
        case "POST", _ if before == "callback":
            return wait.complete_by_url(f"http://trigger.test{path}", body)
        case "POST", "/api/v1/auth/jwt/claims":
            return auth.claims()
        case "POST", "/api/v1/auth/public-tokens":
            return auth.create_public_token(scopes={"read": {"runs": True}}).request()
        case "POST", _ if last == "reset":
            return idempotency.reset(body.get("taskIdentifier", "hello"), before)
    return None


def readable(delay):
    """A delay that the client would send; what is wrong about it is checked before."""
    try:
        parse_duration(delay)
    except errors.ConfigurationError:
        return delay if delay[:2] == "20" else "1h"
    except AttributeError:
        return "1h"
    return delay


OURS = [exchange for exchange in EXCHANGES if shape(exchange) not in NOT_OURS]


def name(exchange):
    return f"{exchange['scenario']}-{exchange['seq']:04}"


def test_all_exchanges_are_here():
    assert len(EXCHANGES) == 455
    assert len(OURS) > 400
    for exchange in EXCHANGES:
        is_ours = shape(exchange) not in NOT_OURS
        assert is_ours is isinstance(call_for(exchange), Request), shape(exchange)


def sent(wire, kind, exchange):
    """The outcome of the call, result or error, and the request as it went out."""
    endpoint = wire.ENDPOINT
    server, requests = wire.fake_server(wire.to_response(exchange), endpoint=endpoint)
    call = call_for(exchange)
    try:
        if kind is Transport:
            return Transport(server, max_attempts=1).send(call), requests[0]
        return asyncio.run(AsyncTransport(server, max_attempts=1).send(call)), requests[0]
    except errors.TriggerError as error:
        return error, requests[0]


@pytest.mark.parametrize("kind", [Transport, AsyncTransport], ids=["sync", "async"])
def test_results_and_errors_are_those_recorded(wire, kind, monkeypatch):
    """One test for all: four hundred would tell no more, and take longer to collect."""
    monkeypatch.setattr("trigger_widgets.api.retries.for_status", lambda *_args: None)
    for exchange in OURS:
        outcome, request = sent(wire, kind, exchange)
        where = name(exchange)
        expected = urlsplit(exchange["path"]).path
        if "garbage" not in expected:
            assert unquote(request.url.path) == unquote(expected), where
        assert request.method == exchange["method"], where
        if exchange["status"] < 400:
            assert not isinstance(outcome, Exception), (where, outcome)
            check_result(exchange, outcome, where)
        else:
            check_error(exchange, outcome, where)


def check_result(exchange, result, where):
    body = json.loads(exchange["response"])
    match shape(exchange):
        case _, str(path) if path.endswith(("/trigger", "/replay")):
            assert (result.id, result.is_cached) == (body["id"], body.get("isCached", False)), where
            token = result.public_access_token
            said = exchange["headers"].get("x-trigger-jwt")
            assert (token.get_secret_value() if token else None) == said, where
        case "GET", "/api/v3/runs/…":
            check_run(body, result, where)
        case _, str(path) if path.endswith("/reschedule"):
            check_run(body, result, where)
        case "GET", "/api/v1/runs":
            assert [run.id for run in result.items] == [run["id"] for run in body["data"]], where
            assert result.next == body["pagination"].get("next"), where
            for run, said in zip(result.items, body["data"], strict=True):
                check_run(said, run, where)
        case "GET", "/api/v1/waitpoints/tokens":
            assert [one.id for one in result.items] == [one["id"] for one in body["data"]], where
        case _, "/api/v1/waitpoints/tokens" | "/api/v1/waitpoints/tokens/…":
            assert result.id == body["id"], where
            assert result.url == body["url"], where
            assert result.status in (None, "WAITING", body.get("status")), where
        case "PUT", _:
            assert result == body["metadata"], where
        case _, "/api/v3/batches":
            assert result.id == body["id"], where
        case _, "/api/v3/batches/…/items":
            assert (result.sealed, result.accepted) == (body["sealed"], body["itemsAccepted"]), (
                where
            )
        case "GET", "/api/v2/batches/…":
            assert (result.id, result.runs) == (body["id"], body["runs"]), where
        case _, "/api/v1/auth/jwt/claims":
            assert result == body["sub"], where
        case _, "/api/v1/auth/public-tokens":
            assert result.get_secret_value() == body["token"], where
        case _:
            assert result is None, where


def check_run(body, run, where):
    assert run.id == body["id"], where
    assert run.task_identifier == body["taskIdentifier"], where
    assert run.status is RunStatus(body["status"]), where
    assert run.tags == body["tags"], where
    assert run.metadata == body.get("metadata", {}), where
    assert (run.payload, run.output) == (body.get("payload"), body.get("output")), where
    assert (run.error.message if run.error else None) == body.get("error", {}).get("message"), where
    # EXPIRED and TIMED_OUT have every flag false (protocol.md §3)
    if body["isCompleted"]:
        assert run.is_terminal, where


def check_error(exchange, error, where):
    assert type(error) is errors.APIStatusError.class_for(exchange["status"]), (where, error)
    assert error.status == exchange["status"], where
    is_html = exchange["headers"].get("content-type", "").startswith("text/html")
    if is_html:
        assert error.server_message == "", where
        assert "<" not in str(error), where
        return
    try:
        body = json.loads(exchange["response"])
        said = body.get("error") or body.get("message") or body.get("detail")
    except ValueError:
        said = exchange["response"]
    assert error.server_message == said, where
    assert said in str(error), where
    assert len(str(error).splitlines()) == 1, where
    if error.status == 404:
        assert re.search(r"(run|batch|waitpoint)_\w+|idempotency key", str(error)), where


def test_the_filters_of_recorded_lists_are_those_the_client_sends():
    """raw-44, sdk-12: what the official SDK and a person by hand have asked for."""
    for exchange in OURS:
        query = parse_qs(urlsplit(exchange["path"]).query)
        filters = {k: v[0] for k, v in query.items() if k.startswith("filter")}
        if shape(exchange) != ("GET", RUNS) or exchange["status"] == 400 or not filters:
            continue
        names = {"taskIdentifier": "task", "isTest": "is_test", "createdAt][period": "period"}
        names["createdAt][from"] = "from_"
        given = {}
        for key, value in filters.items():
            wire_name = key.removeprefix("filter[").removesuffix("]")
            name_here = names.get(wire_name, wire_name)
            given[name_here] = value.split(",") if wire_name in ("status", "tag") else value
        if "is_test" in given:
            given["is_test"] = given["is_test"] == "true"
        sent = list_runs(**given).request().params
        if "from_" in given:  # as milliseconds, which both take
            assert sent["filter[createdAt][from]"].isdecimal()
            continue
        assert {k: v for k, v in sent.items() if k.startswith("filter")} == filters


def test_an_input_stream_is_sent_to(wire):
    """raw-21 0032: the answer is `{"ok":true}`."""
    server, requests = wire.fake_server(httpx.Response(200, json={"ok": True}))
    assert Transport(server).send(streams.send("run_1", "approve", {"ok": True})) is None
    assert requests[0].url.path == "/realtime/v1/streams/run_1/input/approve"
    assert json.loads(requests[0].content) == {"data": {"ok": True}}
