"""Wait tokens over HTTP, as recorded in raw-30-wait-tokens and sdk-10-wait-tokens."""

import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from patience import AT_ONCE, until

from trigger_widgets.engine import waitpoint_views, worker_messages
from trigger_widgets.engine.ids import to_ms
from trigger_widgets.engine.records import WaitpointRecord

TOKENS = "/api/v1/waitpoints/tokens"
RECORDED = json.loads((Path(__file__).parent / "recorded/waitpoints.json").read_text())
UNAUTHORIZED = {
    "error": "Unauthorized",
    "code": "unauthorized",
    "param": "access_token",
    "type": "authorization",
}


def create(engine, **body):
    answer = engine.http.post(TOKENS, json=body)
    assert answer.status_code == 200, answer.text
    return answer


def retrieve(engine, token):
    answer = engine.http.get(f"{TOKENS}/{token}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(engine, **query):
    answer = engine.http.get(TOKENS, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def record_of(found):
    """The record that a recorded answer was made from."""

    def time_of(name):
        return to_ms(datetime.fromisoformat(found[name])) if name in found else None

    return WaitpointRecord(
        id=found["id"].removeprefix("waitpoint_"),
        type=found.get("type", "MANUAL"),
        created_at=time_of("createdAt") or 0,
        due_at=time_of("completedAfter"),
        completed_at=time_of("completedAt"),
        output=found.get("output"),
        output_type=found.get("outputType", "application/json"),
        output_is_error=found.get("outputIsError", found.get("status") == "TIMED_OUT"),
        idempotency_key=found.get("idempotencyKey")
        or found.get("completedByTaskRun", {}).get("id", "made by the server"),
        has_own_key=found.get("userProvidedIdempotencyKey", "idempotencyKey" in found),
        tags=tuple(found.get("tags", ())),
    )


@pytest.mark.parametrize("case", RECORDED["retrieved"], ids=lambda case: case["from"])
def test_a_token_looks_as_recorded(case):
    found = case["token"]
    assert waitpoint_views.detail(record_of(found), found["url"]) == found


@pytest.mark.parametrize("case", RECORDED["listed"], ids=lambda case: case["from"])
def test_a_row_of_the_list_looks_as_recorded(case):
    found = case["token"]
    assert waitpoint_views.listed(record_of(found), found["url"]) == found


@pytest.mark.parametrize("case", RECORDED["told"], ids=lambda case: case["from"])
def test_a_run_is_told_as_recorded(case):
    found = case["waitpoint"]
    record = record_of(found | {"id": found["friendlyId"]})
    assert worker_messages.completed_waitpoint(record) == found


def test_create(engine):
    answer = create(engine, timeout="10m", tags=["order:1", "user_7"])
    made = answer.json()
    assert set(made) == {"id", "isCached", "url"}
    assert made["isCached"] is False
    address = re.escape(f"{engine.url}{TOKENS}/{made['id']}/callback/") + "[0-9a-f]{64}"
    assert re.fullmatch(address, made["url"])
    claims = json.loads(
        base64.urlsafe_b64decode(answer.headers["x-trigger-jwt"].split(".")[1] + "==")
    )
    assert claims["scopes"] == [f"write:waitpoints:{made['id']}"]
    assert claims["exp"] - claims["iat"] == 24 * 3600
    told = json.loads(answer.headers["x-trigger-jwt-claims"])
    assert told == {"sub": claims["sub"], "pub": True}
    found = retrieve(engine, made["id"])
    assert (found["url"], found["status"]) == (made["url"], "WAITING")
    assert (found["tags"], found["userProvidedIdempotencyKey"]) == (["order:1", "user_7"], False)
    assert len(found["idempotencyKey"]) == 24
    assert 599 < _seconds(found["createdAt"], found["timeoutAt"]) <= 601
    assert found["completedAfter"] == found["timeoutAt"]


def _seconds(start, end):
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


@pytest.mark.parametrize("timeout", ["soon", 60, "2020-01-01T00:00:00.000Z", None, {}])
def test_a_timeout_that_means_nothing_is_none(engine, timeout):
    assert "timeoutAt" not in retrieve(engine, create(engine, timeout=timeout).json()["id"])


def test_a_timeout_may_be_a_date(engine):
    made = create(engine, timeout="2030-01-01T00:00:00.000Z").json()
    assert retrieve(engine, made["id"])["timeoutAt"] == "2030-01-01T00:00:00.000Z"


def test_tags(engine):
    assert retrieve(engine, create(engine, tags="solo").json()["id"])["tags"] == ["solo"]
    found = engine.http.post(TOKENS, json={"tags": [f"t{i}" for i in range(11)]})
    words = "Waitpoints can only have 10 tags, you're trying to set 11."
    assert (found.status_code, found.json()) == (422, {"error": words})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Request body is empty"),
        (b"{x", "Invalid JSON"),
        (b"[]", "Validation error: Expected object, received array"),
        (
            b'{"idempotencyKey":1}',
            'Validation error: Expected string, received number at "idempotencyKey"',
        ),
    ],
)
def test_bodies_that_create_nothing(engine, content, words):
    found = engine.http.post(TOKENS, content=content)
    assert (found.status_code, found.json()) == (400, {"error": words})


def test_an_idempotency_key_finds_the_token_again(engine, task):
    first = create(engine, idempotencyKey=task, timeout="1h").json()
    again = create(engine, idempotencyKey=task).json()
    assert again == first | {"isCached": True}
    engine.http.post(f"{TOKENS}/{first['id']}/complete", json={"data": 1})
    assert create(engine, idempotencyKey=task).json()["id"] == first["id"]
    found = retrieve(engine, first["id"])
    assert (found["idempotencyKey"], found["userProvidedIdempotencyKey"]) == (task, True)


def test_an_idempotency_key_may_expire(engine, task):
    first = create(engine, idempotencyKey=task, idempotencyKeyTTL="1s").json()
    until(lambda: create(engine, idempotencyKey=task).json()["id"] != first["id"])


@pytest.mark.parametrize(
    ("body", "output", "output_type"),
    [
        ({"data": {"ok": True, "note": "héllo"}}, '{"json":{"ok":true,"note":"héllo"}}', None),
        ({"data": "str"}, "str", "text/plain"),
        ({"data": ""}, "", "text/plain"),
        ({"data": None}, '{"json":null}', None),
        ({"data": 5}, '{"json":5}', None),
        ({"data": [1, 2]}, '{"json":[1,2]}', None),
        ({}, None, "application/json"),
    ],
)  # fmt: skip
def test_complete(engine, body, output, output_type):
    token = create(engine).json()["id"]
    found = engine.http.post(f"{TOKENS}/{token}/complete", json=body)
    assert (found.status_code, found.json()) == (200, {"success": True})
    found = retrieve(engine, token)
    assert (found["status"], found.get("output")) == ("COMPLETED", output)
    assert found["outputType"] == (output_type or "application/super+json")
    assert found["outputIsError"] is False
    assert found["createdAt"] <= found["completedAt"]


def test_the_first_completion_counts(engine):
    token = create(engine).json()["id"]
    for data in (1, 2):
        answer = engine.http.post(f"{TOKENS}/{token}/complete", json={"data": data})
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert retrieve(engine, token)["output"] == '{"json":1}'


def test_of_many_completions_at_once_one_counts(engine, task):
    worker = engine.worker(task)
    engine.trigger(task)
    attempt = worker.execute()
    token = create(engine).json()["id"]
    engine.http.post(f"/engine/v1/runs/{attempt.run}/waitpoints/tokens/{token}/wait")
    path = f"{TOKENS}/{token}/complete"
    with ThreadPoolExecutor(16) as pool:
        clients = [engine.client(engine.key) for _ in range(16)]
        answers = list(pool.map(lambda c: c.post(path, json={"data": id(c)}), clients))
    assert {answer.status_code for answer in answers} == {200}
    found = engine.http.get(f"/engine/v1/dev/runs/{attempt.run}/snapshots/latest").json()
    (told,) = found["execution"]["completedWaitpoints"]
    assert told["output"] == retrieve(engine, token)["output"]
    attempt.snapshot = found["execution"]["snapshot"]["friendlyId"]
    assert attempt.complete() == "RUN_FINISHED"


def test_completions_that_complete_nothing(engine):
    token = create(engine).json()["id"]
    for content, words in ((b"", "Request body is empty"), (b"{", "Invalid JSON")):
        found = engine.http.post(f"{TOKENS}/{token}/complete", content=content)
        assert (found.status_code, found.json()) == (400, {"error": words})
    assert engine.http.post(f"{TOKENS}/{token}/complete", json=[]).status_code == 400
    assert retrieve(engine, token)["status"] == "WAITING"


def test_a_token_times_out(engine):
    made = create(engine, timeout="1s").json()
    found = until(
        lambda: (token := retrieve(engine, made["id"]))["status"] == "TIMED_OUT" and token
    )
    words = f"Waitpoint timed out at {found['timeoutAt']}"
    error = {"code": "TRIGGER_WAITPOINT_TIMEOUT", "message": words}
    assert json.loads(found["output"]) == error
    assert (found["outputType"], found["outputIsError"]) == ("application/json", True)
    assert 0 <= _seconds(found["timeoutAt"], found["completedAt"]) < AT_ONCE
    # too late is a success that changes nothing
    late = engine.http.post(f"{TOKENS}/{made['id']}/complete", json={"data": 1})
    assert (late.status_code, late.json()) == (200, {"success": True})
    assert retrieve(engine, made["id"]) == found


@pytest.mark.parametrize("token", ["waitpoint_unknown", "garbage", "waitpoint_", "%00"])
def test_unknown_tokens(engine, token):
    """A real server answers 500 to a retrieve, and its SDK then retries for 9 s."""
    expected = (404, {"error": "Waitpoint not found"})
    for method, path in (("GET", ""), ("POST", "/complete"), ("POST", "/callback/00")):
        found = engine.http.request(method, f"{TOKENS}/{token}{path}", json={"data": 1})
        assert (found.status_code, found.json()) == expected


# who may do what


def test_the_tokens_own_public_token_completes_it_and_nothing_else(engine):
    made, other = create(engine), create(engine)
    token, public = made.json()["id"], engine.client(made.headers["x-trigger-jwt"])
    for method, path in (("GET", TOKENS), ("POST", TOKENS), ("GET", f"{TOKENS}/{token}")):
        found = public.request(method, path, json={})
        assert (found.status_code, found.json()) == (401, {"error": "Invalid API key"})
    for id_ in (other.json()["id"], "waitpoint_unknown"):
        found = public.post(f"{TOKENS}/{id_}/complete", json={"data": 1})
        assert (found.status_code, found.json()) == (403, UNAUTHORIZED)
    assert public.post("/engine/v1/runs/run_x/wait/duration", json={}).status_code == 401
    path = f"/engine/v1/runs/run_x/waitpoints/tokens/{token}/wait"
    assert public.post(path, json={}).status_code == 401
    assert public.post(f"{TOKENS}/{token}/complete", json={"data": 1}).json() == {"success": True}
    assert retrieve(engine, token)["output"] == '{"json":1}'


@pytest.mark.parametrize(
    "scope", ["read:waitpoints", "read:all", "write:runs", "write:waitpoints:x"]
)
def test_other_scopes_do_not_complete(engine, scope):
    token = create(engine).json()["id"]
    found = engine.client(engine.mint(scope)).post(f"{TOKENS}/{token}/complete", json={"data": 1})
    assert (found.status_code, found.json()) == (403, UNAUTHORIZED)


def test_the_scope_for_all_tokens_completes_any(engine):
    token = create(engine).json()["id"]
    public = engine.client(engine.mint("write:waitpoints"))
    assert public.post(f"{TOKENS}/{token}/complete", json={"data": 1}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_without_a_key(engine, method):
    found = engine.client().request(method, TOKENS, json={})
    assert found.status_code == 401
    assert found.json()["error"] == "No authorization header provided"


# the callback address


@pytest.mark.parametrize(
    ("content", "output"),
    [
        (b'{"from":"webhook"}', '{"json":{"from":"webhook"}}'),
        (b"[1]", '{"json":[1]}'),
        (b'"yes"', "yes"),
        (b"hello", '{"json":{}}'),
        (b"", '{"json":{}}'),
    ],
)
def test_callback(engine, content, output):
    made = create(engine).json()
    anybody = engine.client()
    for _ in range(2):
        found = anybody.post(made["url"], content=content)
        assert (found.status_code, found.json()) == (200, {"success": True})
    anybody.post(made["url"], json={"late": True})
    assert retrieve(engine, made["id"])["output"] == output


def test_callbacks_that_complete_nothing(engine):
    made, other = create(engine).json(), create(engine).json()
    anybody = engine.client()
    found = anybody.get(made["url"])
    assert (found.status_code, found.json()) == (400, {"message": "Unexpected Server Error"})
    right = made["url"].rpartition("/")[2]
    for wrong in ("0" * 64, right[:-1], right.upper(), other["url"].rpartition("/")[2], "%C3%A9"):
        found = anybody.post(f"{TOKENS}/{made['id']}/callback/{wrong}", json={"a": 1})
        words = {"error": "Invalid URL, hash doesn't match"}
        assert (found.status_code, found.json()) == (401, words)
    found = anybody.post(made["url"], content=b"x" * (3 * 1024 * 1024 + 1))
    assert found.status_code == 413
    assert retrieve(engine, made["id"])["status"] == "WAITING"


# the list


def test_pages(engine, task):
    made = [create(engine, tags=[task]).json()["id"] for _ in range(5)]
    made = sorted(made, reverse=True)
    query = {"filter[tags]": task, "page[size]": 2}
    seen, after = [], {}
    for _ in range(3):
        found = listed(engine, **query, **after)
        seen.append(found)
        after = {"page[after]": found["pagination"].get("next")}
    assert [row["id"] for found in seen for row in found["data"]] == made
    bare = [token.removeprefix("waitpoint_") for token in made]
    assert [found["pagination"] for found in seen] == [
        {"next": bare[1]},
        {"next": bare[3], "previous": bare[2]},
        {"previous": bare[4]},
    ]
    back = listed(engine, **query, **{"page[before]": bare[4]})
    assert [row["id"] for row in back["data"]] == made[2:4]
    assert back["pagination"] == {"next": bare[3], "previous": bare[2]}
    first = listed(engine, **query, **{"page[before]": bare[2]})
    assert [row["id"] for row in first["data"]] == made[:2]
    assert first["pagination"] == {"next": bare[1]}


def test_filters(engine, task):
    waiting = create(engine, tags=[task, "a"], idempotencyKey=task).json()["id"]
    done = create(engine, tags=[task, "b"]).json()["id"]
    engine.http.post(f"{TOKENS}/{done}/complete", json={})

    def ids(**query):
        return {row["id"] for row in listed(engine, **{"filter[tags]": task, **query})["data"]}

    assert ids() == {waiting, done}
    assert ids(**{"filter[status]": "WAITING"}) == {waiting}
    assert ids(**{"filter[status]": "COMPLETED,TIMED_OUT"}) == {done}
    assert ids(**{"filter[idempotencyKey]": task}) == {waiting}
    assert ids(**{"filter[tags]": f"{task}-none,{task}"}) == {waiting, done}
    assert ids(**{"filter[createdAt][period]": "1h"}) == {waiting, done}
    assert ids(**{"filter[createdAt][from]": "2030-01-01T00:00:00Z"}) == set()
    assert ids(**{"filter[createdAt][to]": str(int(time.time() * 1000) + 1000)}) == {waiting, done}
    assert ids(**{"page[after]": "garbage"}) == {waiting, done}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"filter[status]": "NOPE"}, "Invalid status values: NOPE"),
        ({"page[size]": "1000"}, "Number must be less than or equal to 100"),
        ({"filter[createdAt][from]": "yesterday"}, "Invalid date"),
    ],
)
def test_queries_that_are_wrong(engine, query, words):
    found = engine.http.get(TOKENS, params=query)
    assert (found.status_code, found.json()["error"]) == (400, "Query Error")
    assert found.json()["details"][0]["message"] == words


def test_no_secret_of_a_token_reaches_the_log(own_engine):
    made = create(own_engine, timeout="1h")
    own_engine.client().post(made.json()["url"], json={"secret": "in the body"})
    own_engine.http.get(f"{TOKENS}/{made.json()['id']}")
    own_engine.stop()
    log = (own_engine.data_dir / "engine.log").read_text()
    secrets = (
        made.json()["url"].rpartition("/")[2],
        made.headers["x-trigger-jwt"],
        own_engine.key,
        "in the body",
    )
    assert not any(secret in log for secret in secrets)
