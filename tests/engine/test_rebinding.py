"""What a web page in the user's browser can do to an engine on the same machine: nothing."""

import socket

import pytest
from patience import PATIENCE


def raw(engine, text):
    """The first line of the answer to bytes that no client would send."""
    host, port = engine.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(text.encode())
        return connection.makefile("rb").readline().decode()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:80", "127.0.0.1.nip.io", "localhost.evil.example",
        "127.0.0.1@evil.example", "127.0.0.1:80:80", "[::1", "2130706433", "0x7f.1", "127.1",
        "localhost\t.evil.example", "[::ffff:10.0.0.1]", "xn--lcalhost-54a",
    ],
)  # fmt: skip
def test_a_name_that_points_here(engine, host):
    """DNS rebinding: the page's own name resolves to 127.0.0.1, and the browser sends the name."""
    for path in ("/healthcheck", "/api/v1/runs", "/realtime/v1/runs?offset=-1", "/nothing"):
        answer = raw(engine, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")
        assert answer.split()[1] in ("403", "400")


@pytest.mark.parametrize(
    "request_text",
    [
        "GET /healthcheck HTTP/1.0\r\n\r\n",
        "GET /healthcheck HTTP/1.1\r\n\r\n",
        "GET /healthcheck HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET http://evil.example/healthcheck HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /healthcheck HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost\r\n\r\n",
    ],
)
def test_no_host_two_hosts_and_another(engine, request_text):
    assert raw(engine, request_text).split()[1] in ("403", "400")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", ""])
def test_a_page_without_a_key_gets_nothing(engine, task, origin):
    run = engine.trigger(task)
    page = engine.client(origin=origin)
    for method, path in (
        ("GET", f"/api/v3/runs/{run}"),
        ("GET", f"/realtime/v1/runs/{run}?offset=-1"),
        ("POST", f"/api/v1/tasks/{task}/trigger"),
        ("POST", f"/api/v2/runs/{run}/cancel"),
        ("POST", "/engine/v1/dev/dequeue"),
        ("GET", "/engine/v1/dev/config"),
    ):
        answer = page.request(method, path)
        assert answer.status_code == 401
        assert "access-control-allow-credentials" not in answer.headers
    # what a page may send without a preflight: no key travels by itself
    form = {"content-type": "application/x-www-form-urlencoded", "cookie": f"key={engine.key}"}
    assert page.post(f"/api/v1/tasks/{task}/trigger", headers=form).status_code == 401
    assert engine.status(run) == "PENDING_VERSION"


def test_a_page_with_a_token_gets_what_the_token_allows(engine, task):
    """As the official React hooks do: a preflight, then the request, whose headers are seen."""
    run = engine.trigger(task)
    page = engine.client(engine.mint(f"read:runs:{run}"), origin="http://app.example")
    asked = {
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization,x-trigger-electric-version",
    }
    path = f"/realtime/v1/runs/{run}?offset=-1"
    preflight = engine.client(origin="http://app.example").options(path, headers=asked)
    assert preflight.status_code == 200
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    feed = page.get(path)
    assert feed.status_code == 200
    assert feed.headers["access-control-allow-origin"] == "*"
    assert feed.headers["access-control-expose-headers"] == "*"
    assert page.get(f"/api/v3/runs/{run}").headers["access-control-allow-origin"] == (
        "http://app.example"
    )
    assert page.post(f"/api/v2/runs/{run}/cancel").status_code == 403
