"""Every route, every method, with bodies, queries and headers that make no sense: never a 500."""

import json
import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from trigger_widgets.engine.routes.table import routes

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
PATHS = sorted({route.path for route in routes if isinstance(route, Route)})
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
bodies = (
    values.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=40)
    | st.sampled_from([b"", b"[" * 100_000, b'{"a":1e999}', b"\xef\xbb\xbf{}", b'"\\ud800"'])
)
# "live" and "wait" hold a request on purpose
queries = st.dictionaries(
    st.sampled_from(["offset", "handle", "tags", "createdAt", "page[size]", "after", "x"]),
    st.text(max_size=8),
)
HEADERS = [
    "authorization", "content-type", "timeout-seconds", "last-event-id", "x-client-id",
    "x-resume-from-chunk", "x-stream-version", "x-trigger-api-version", "idempotency-key",
    "x-trigger-electric-version", "x-trigger-realtime-streams-version", "s2-format", "origin",
    "x-trigger-request-idempotency-key", "accept-encoding", "range", "x-forwarded-host",
]  # fmt: skip
headers = st.dictionaries(
    st.sampled_from(HEADERS),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(str.strip),
    max_size=4,
)
pieces = st.text(max_size=12) | st.sampled_from(["..", "%2e%2e", "run_", "\0", "a/b", "run_c"])


@pytest.fixture(scope="module")
def known(shared_engine):
    """Ids that there are: routes go further with them."""
    run = shared_engine.trigger("fuzz-routes")
    token = shared_engine.http.post("/api/v1/waitpoints/tokens", json={}).json()["id"]
    body = {"items": [{"task": "fuzz-routes"}]}
    batch = shared_engine.http.post("/api/v2/tasks/batch", json=body).json()["id"]
    return {"run": run, "token": token, "batch": batch, "stream": "s", "task": "fuzz-routes"}


@pytest.mark.parametrize("path", PATHS)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_request(shared_engine, known, path, data):
    def fill(found):
        name = found[1].partition(":")[0]
        piece = known.get(name, "x") if data.draw(st.booleans()) else data.draw(pieces)
        return quote(piece, safe="")

    url = re.sub(r"\{([^}]+)\}", fill, path)
    request = shared_engine.http.build_request(
        data.draw(st.sampled_from(METHODS)),
        url,
        content=data.draw(bodies),
        params=data.draw(queries),
        headers={"timeout-seconds": "1", **data.draw(headers)},
    )
    answer = shared_engine.http.send(request, stream=True)
    if answer.status_code == 500:  # only a worker's conflict, as on a real server: it says which
        assert b'"conflict"' in answer.read(), (request.method, str(request.url))
    answer.close()  # an event stream goes on
    assert answer.status_code <= 501, (request.method, str(request.url))
