"""Whatever is sent, the engine answers, and never with a 500."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=8,
)
NAMES = [
    "payloadType", "tags", "metadata", "maxAttempts", "maxDuration", "delay", "ttl", "queue",
    "idempotencyKey", "idempotencyKeyTTL", "lockToVersion", "test", "parentRunId", "machine",
    "concurrencyKey", "priority", "region", "payloadSize", "metadataType",
]  # fmt: skip
triggers = st.fixed_dictionaries(
    {},
    optional={
        "payload": values,
        "options": st.dictionaries(st.sampled_from(NAMES), values, max_size=5),
    },
)
operations = st.fixed_dictionaries(
    {"type": st.sampled_from(["set", "delete", "append", "remove", "increment", "update", "x"])},
    optional={"key": st.text(max_size=8) | st.just("$.a[3].b"), "value": values},
)
completions = st.fixed_dictionaries(
    {"ok": st.booleans()},
    optional={
        "output": values,
        "outputType": values,
        "usage": values | st.fixed_dictionaries({"durationMs": values}),
        "error": values
        | st.fixed_dictionaries(
            {"type": st.sampled_from(["BUILT_IN_ERROR", "STRING_ERROR", "INTERNAL_ERROR"])},
            optional={
                "raw": values,
                "code": values,
                "message": values,
                "name": values,
                "stackTrace": values,
            },
        ),
        "retry": values | st.fixed_dictionaries({"delay": values}),
        "flushedMetadata": values | st.fixed_dictionaries({"data": st.text(max_size=20)}),
    },
)
tasks = st.fixed_dictionaries(
    {"id": st.text(max_size=5) | values, "filePath": st.just("f") | values},
    optional={
        "retry": values | st.fixed_dictionaries({"maxAttempts": values, "factor": values}),
        "queue": values | st.fixed_dictionaries({"name": values, "concurrencyLimit": values}),
        "machine": values,
        "maxDuration": values,
        "ttl": values,
    },
)
registrations = st.fixed_dictionaries(
    {
        "localOnly": st.just(True),
        "metadata": st.fixed_dictionaries(
            {
                "packageVersion": st.just("1"),
                "contentHash": st.text(max_size=5),
                "tasks": st.lists(tasks, max_size=3),
            },
            optional={
                "process": values | st.fixed_dictionaries({"pid": values, "started": values})
            },
        ),
    }
)
fuzz = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HEADERS = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def executing(shared_engine):
    shared_engine.worker("fuzz")
    return shared_engine.trigger("fuzz-nobody")


@pytest.fixture(scope="module")
def names(shared_engine, executing):
    """Of a run and a token that exist."""
    token = shared_engine.http.post("/api/v1/waitpoints/tokens", json={}).json()["id"]
    return {"run": executing, "token": token}


@pytest.fixture(scope="module")
def anybody(shared_engine):
    return shared_engine.client()


def send(engine, method, path, body):
    content = json.dumps(body).encode()
    found = engine.http.request(method, path, content=content, headers=HEADERS)
    assert found.status_code < 500 or found.status_code == 501, (found.text, body)
    return found


@fuzz
@given(body=triggers)
def test_triggers(shared_engine, body):
    found = send(shared_engine, "POST", "/api/v1/tasks/fuzz-nobody/trigger", body)
    if found.status_code == 200:
        run = found.json()["id"]
        assert shared_engine.http.get(f"/api/v3/runs/{run}").status_code == 200
        assert shared_engine.http.get(f"/realtime/v1/runs/{run}?offset=-1").status_code == 200


@fuzz
@given(body=values)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/tasks/t/trigger"),
        ("PUT", "/api/v1/runs/{run}/metadata"),
        ("POST", "/api/v1/projects/p/background-workers"),
        ("POST", "/engine/v1/dev/disconnect"),
        ("POST", "/engine/v1/dev/dequeue?wait=0"),
        ("POST", "/engine/v1/runs/{run}/logs"),
        ("POST", "/api/v1/auth/jwt"),
        ("POST", "/api/v1/auth/public-tokens"),
        ("POST", "/api/v1/auth/jwt/claims"),
        ("POST", "/api/v3/batches"),
        ("POST", "/api/v1/waitpoints/tokens"),
        ("POST", "/api/v1/waitpoints/tokens/{token}/complete"),
        ("POST", "/api/v1/waitpoints/tokens/{token}/callback/0"),
        ("POST", "/engine/v1/runs/{run}/wait/duration"),
        ("POST", "/engine/v1/runs/{run}/waitpoints/tokens/{token}/wait"),
    ],
)
def test_any_json(shared_engine, names, method, path, body):
    send(shared_engine, method, path.format(**names), body)


@fuzz
@given(items=st.lists(operations, max_size=5))
def test_metadata_operations(shared_engine, executing, items):
    send(shared_engine, "PUT", f"/api/v1/runs/{executing}/metadata", {"operations": items})


@fuzz
@given(body=registrations)
def test_registrations(shared_engine, body):
    found = send(shared_engine, "POST", "/api/v1/projects/p/background-workers", body)
    if found.status_code == 200:
        goodbye = {"runFriendlyIds": [], "worker": found.json()["id"]}
        assert send(shared_engine, "POST", "/engine/v1/dev/disconnect", goodbye).status_code == 200


@fuzz
@given(completion=completions)
def test_completions(shared_engine, completion):
    worker = shared_engine.worker({"id": "fuzz-complete", "retry": {"maxAttempts": 2}})
    run = shared_engine.trigger("fuzz-complete")
    attempt = worker.execute()
    assert attempt.run == run
    path = f"/engine/v1/dev/runs/{run}/snapshots/{attempt.snapshot}/attempts/complete"
    send(shared_engine, "POST", path, {"completion": completion})
    assert shared_engine.http.get(f"/api/v3/runs/{run}").status_code == 200
    assert shared_engine.http.get(f"/realtime/v1/runs/{run}?offset=-1").status_code == 200
    shared_engine.http.post(f"/api/v2/runs/{run}/cancel")


@fuzz
@given(
    query=st.dictionaries(st.sampled_from(["offset", "handle", "skipColumns", "cursor"]), st.text())
)
def test_feed_queries(shared_engine, executing, query):
    found = shared_engine.http.get(f"/realtime/v1/runs/{executing}", params=query)
    assert found.status_code == 200


NAMES_OF_TOKENS = ["timeout", "tags", "idempotencyKey", "idempotencyKeyTTL"]
LIST_QUERIES = [
    "page[size]", "page[after]", "page[before]", "filter[status]", "filter[tags]",
    "filter[idempotencyKey]", "filter[createdAt][period]", "filter[createdAt][from]",
    "filter[createdAt][to]",
]  # fmt: skip
words = st.text(max_size=12) | st.sampled_from(["1h", "WAITING", "2030-01-01", "99999999999d"])


@fuzz
@given(
    body=st.dictionaries(st.sampled_from(NAMES_OF_TOKENS), values | words),
    data=values,
    content=st.binary(max_size=20),
)
def test_tokens(shared_engine, anybody, body, data, content):
    found = send(shared_engine, "POST", "/api/v1/waitpoints/tokens", body)
    if found.status_code != 200:
        return
    token = found.json()["id"]
    assert anybody.post(found.json()["url"], content=content).status_code == 200
    send(shared_engine, "POST", f"/api/v1/waitpoints/tokens/{token}/complete", {"data": data})
    assert shared_engine.http.get(f"/api/v1/waitpoints/tokens/{token}").status_code == 200


@fuzz
@given(query=st.dictionaries(st.sampled_from(LIST_QUERIES), words))
def test_token_lists(shared_engine, query):
    found = shared_engine.http.get("/api/v1/waitpoints/tokens", params=query)
    assert found.status_code in (200, 400)


@fuzz
@given(date=words | values | st.datetimes().map(lambda moment: moment.isoformat()))
def test_durations(shared_engine, date):
    worker = shared_engine.worker("fuzz-wait")
    run = shared_engine.trigger("fuzz-wait")
    assert worker.execute().run == run
    send(shared_engine, "POST", f"/engine/v1/runs/{run}/wait/duration", {"date": date})
    path = f"/engine/v1/dev/runs/{run}/snapshots/latest"
    assert shared_engine.http.get(path).status_code == 200
    shared_engine.http.post(f"/api/v2/runs/{run}/cancel")
