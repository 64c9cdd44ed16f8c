"""Sending: attempts, errors as sentences, and that the key stays here. Sync and async alike."""

import asyncio
import gc
import socket
import ssl
import time

import httpx
import pytest
from pydantic import SecretStr

from trigger_widgets import errors
from trigger_widgets.api import auth, runs, tasks
from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.config import Endpoint

RUN = {
    "id": "run_1", "taskIdentifier": "t", "status": "COMPLETED", "output": 1,
    "createdAt": "2026-11-23T18:44:08.156Z", "updatedAt": "2026-11-23T18:44:08.156Z",
}  # fmt: skip


@pytest.fixture(params=["sync", "async"])
def send(request, monkeypatch):
    """Send a request by either client; waits between attempts are noted, not waited."""
    waits = []

    def send(server, what, **options):
        if request.param == "sync":
            transport = Transport(server, **options)
            try:
                return transport.send(what)
            finally:
                transport.close()

        async def main():
            transport = AsyncTransport(server, **options)
            try:
                return await transport.send(what)
            finally:
                await transport.close()

        return asyncio.run(main())

    real = asyncio.sleep

    async def sleep(seconds, result=None):
        if seconds:
            waits.append(seconds)
        return await real(0, result)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(time, "sleep", waits.append)
    send.waits = waits
    return send


def test_a_result(wire, send):
    server, requests = wire.fake_server(httpx.Response(200, json=RUN))
    assert send(server, runs.retrieve("run_1")).output == 1
    (request,) = requests
    assert str(request.url) == "http://trigger.test/api/v3/runs/run_1"
    assert request.headers["authorization"] == f"Bearer {wire.KEY}"
    assert request.headers["trigger-version"] == "4.5.12"
    assert request.headers["x-trigger-api-version"] == "2025-07-16"
    assert request.headers["x-trigger-source"] == "sdk"
    assert request.headers["x-trigger-realtime-streams-version"] == "v2"
    assert "x-trigger-branch" not in request.headers
    assert "content-type" not in request.headers


def test_a_preview_branch(wire, send):
    endpoint = Endpoint("http://trigger.test", SecretStr("tr_preview_x"), "feature")
    server, requests = wire.fake_server(httpx.Response(200, json=RUN), endpoint=endpoint)
    send(server, runs.retrieve("run_1"))
    assert requests[0].headers["x-trigger-branch"] == "feature"


def test_all_attempts_are_one_request(wire, send):
    server, requests = wire.fake_server(
        httpx.Response(500),
        httpx.ReadError("cut"),
        httpx.Response(429, headers={"retry-after": "3"}),
        httpx.Response(200, json={"id": "run_1"}),
    )
    assert send(server, tasks.trigger("t", None, {})).id == "run_1"
    keys = {request.headers["x-trigger-request-idempotency-key"] for request in requests}
    assert (len(requests), len(keys)) == (4, 1)
    assert [round(wait) for wait in send.waits[:1]] == [1]
    assert send.waits[2] == 3


def test_max_attempts(wire, send):
    server, requests = wire.fake_server(httpx.Response(503, text="down"))
    with pytest.raises(errors.ServerError, match="down"):
        send(server, runs.retrieve("run_1"), max_attempts=2)
    assert len(requests) == 2


def test_an_unknown_run_is_named_within_a_second(wire, send):
    exchange = wire.recorded("unknown-run")[0]
    assert exchange["headers"]["x-should-retry"] == "true"
    server, requests = wire.fake_server(wire.to_response(exchange))
    with pytest.raises(errors.NotFoundError) as raised:
        send(server, runs.retrieve("run_unknown"))
    assert str(raised.value) == (
        'http://trigger.test has no run run_unknown ("Not found"); check the id, and that the '
        "key belongs to the same environment."
    )
    assert raised.value.status == 404
    assert raised.value.server_message == "Not found"
    assert sum(send.waits) < 1
    assert len(requests) == 3


def test_a_rate_limit_is_waited_for_as_long_as_the_server_says(wire, send, monkeypatch):
    exchange = wire.recorded("rate-limit")[0]
    reset = int(exchange["headers"]["x-ratelimit-reset"])
    monkeypatch.setattr(time, "time", lambda: reset / 1000 - 0.25)
    server, _ = wire.fake_server(wire.to_response(exchange), httpx.Response(200, json=RUN))
    from trigger_widgets.api import retries

    real = retries.asked_wait
    monkeypatch.setattr(retries, "asked_wait", lambda s, h: real(s, h, time.time))
    assert send(server, runs.retrieve("run_1")).id == "run_1"
    assert send.waits == [pytest.approx(0.25, abs=0.01)]


@pytest.mark.parametrize(
    ("exchange", "error", "words"),
    [
        (("auth-errors", 0), errors.AuthenticationError, "No authorization header provided"),
        (("auth-errors", 1), errors.AuthenticationError, '("Invalid API key"); check TRIGGER_'),
        (("auth-errors", 2), errors.PermissionDeniedError, "may not retrieve run_1"),
        (("trigger", 1), errors.BadRequestError, "Invalid JSON"),
        (("trigger", 2), errors.BadRequestError, "Request body is empty"),
        (("sdk-errors", 2), errors.UnprocessableError, "Runs can only have 10 tags"),
    ],
)
def test_recorded_errors_are_typed_and_quoted(wire, send, exchange, error, words):
    name, index = exchange
    server, requests = wire.fake_server(wire.to_response(wire.recorded(name)[index]))
    with pytest.raises(error) as raised:
        send(server, runs.retrieve("run_1"))
    assert words in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    assert len(requests) == 1


def test_a_public_token_is_not_called_a_key(wire, send):
    """The server refuses public tokens by 401 where only the key may go (protocol.md §1)."""
    endpoint = Endpoint("http://trigger.test", SecretStr("eyJ.public.token"))
    refusal = httpx.Response(401, json={"error": "Invalid API key"})
    server, _ = wire.fake_server(refusal, endpoint=endpoint)
    with pytest.raises(errors.AuthenticationError, match="only the secret key may set the meta"):
        send(server, runs.update_metadata("run_1", {}))


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (httpx.Response(404, html="<html>x</html>"), "TRIGGER_API_URL the address"),
        (httpx.Response(413, json={"error": "Request body too large"}), "it is too large"),
        (httpx.Response(429, headers={"retry-after": "9999"}), "limits requests"),
        (httpx.Response(501, json={"error": "x is not implemented"}), "x is not implemented"),
        (httpx.Response(405, json={"message": "Unexpected"}), "Unexpected"),
        (httpx.Response(418, json=[]), "did not say why"),
        (httpx.Response(400, text="plain  words"), "plain words"),
        (httpx.Response(400, json={"error": {}}), "did not say why"),
    ],
)
def test_errors_that_were_not_recorded(wire, send, response, words):
    server, _ = wire.fake_server(response)
    with pytest.raises(errors.APIStatusError, match=words):
        send(server, runs.retrieve("run_1"))


def test_the_request_id_is_kept(wire, send):
    server, _ = wire.fake_server(httpx.Response(422, headers={"x-request-id": "req-7"}))
    with pytest.raises(errors.UnprocessableError, match=r"\[request req-7\]") as raised:
        send(server, runs.retrieve("run_1"))
    assert raised.value.request_id == "req-7"


def test_a_server_that_echoes_the_key_does_not_get_it_into_a_message(wire, send):
    server, _ = wire.fake_server(httpx.Response(401, json={"error": f"bad key {wire.KEY}"}))
    with pytest.raises(errors.AuthenticationError) as raised:
        send(server, runs.retrieve("run_1"))
    assert wire.KEY not in str(raised.value) + raised.value.server_message


def test_timeouts(wire, send):
    server, _ = wire.fake_server(httpx.ReadTimeout("late"))
    with pytest.raises(errors.APITimeoutError, match="did not answer within 7 s"):
        send(server, runs.retrieve("run_1"), timeout=7)
    server, _ = wire.fake_server(httpx.ConnectTimeout("late"))
    with pytest.raises(errors.APITimeoutError, match="it does not answer; is the address right"):
        send(server, runs.retrieve("run_1"))


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_an_address_where_nobody_listens(send):
    """Over a real socket, because the reason is in the operating system's error."""
    url = f"http://127.0.0.1:{closed_port()}"
    server = Server(lambda: Endpoint(url, SecretStr("tr_dev_secret")))
    with pytest.raises(errors.APIConnectionError) as raised:
        send(server, runs.retrieve("run_1"))
    assert str(raised.value) == (
        f"cannot reach {url}: connection refused; is the address right and the server up?"
    )
    assert 1 < sum(send.waits) < 4


def test_a_host_that_does_not_exist(send):
    server = Server(lambda: Endpoint("http://nobody.invalid", SecretStr("tr_dev_secret")))
    with pytest.raises(errors.APIConnectionError, match="no such host"):
        send(server, runs.retrieve("run_1"), max_attempts=1)


def test_an_engine_that_moved_is_found_again(wire, send):
    places = iter([Endpoint(f"http://engine{n}.test", SecretStr("tr_dev_secret")) for n in (1, 2)])
    server, requests = wire.fake_server(
        httpx.ConnectError("refused"),
        httpx.Response(200, json=RUN),
        embedded=True,
        endpoint=lambda: next(places),
    )
    assert send(server, runs.retrieve("run_1")).id == "run_1"
    assert [request.url.host for request in requests] == ["engine1.test", "engine2.test"]
    assert send.waits in ([], [0.0])


def test_an_engine_that_is_gone(wire, send):
    server, _ = wire.fake_server(httpx.ConnectError("refused"), embedded=True)
    with pytest.raises(errors.APIConnectionError, match=r"embedded engine.*engine\.log"):
        send(server, runs.retrieve("run_1"))


def test_redirects_are_not_followed_with_the_key(socket_server, send):
    socket_server.answer = (302, {"location": "https://evil.test/steal"}, b"")
    server = Server(lambda: Endpoint(socket_server.url, SecretStr("tr_dev_secret")))
    with pytest.raises(errors.APIStatusError, match=r"redirects to evil\.test"):
        send(server, runs.retrieve("run_1"))
    assert len(socket_server.requests) == 1


def test_proxies_are_not_used_for_loopback(socket_server, send, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    socket_server.answer = (200, {}, b'{"id":"run_1"}')
    for url in (socket_server.url, socket_server.url.replace("127.0.0.1", "localhost")):
        server = Server(lambda url=url: Endpoint(url, SecretStr("tr_dev_secret")))
        assert send(server, tasks.trigger("t", {"a": 1}, {}), max_attempts=1).id == "run_1"
    path, headers, body = socket_server.requests[0]
    assert path == "/api/v1/tasks/t/trigger"
    assert headers["content-type"] == "application/json"
    assert b'"payloadType"' in body


def test_a_transport_can_be_used_again_after_close(wire):
    server, requests = wire.fake_server(httpx.Response(200, json=RUN))
    transport = Transport(server)
    transport.close()
    for _ in range(2):
        assert transport.send(runs.retrieve("run_1")).id == "run_1"
        transport.close()
    assert len(requests) == 2


def test_an_async_transport_works_on_one_loop_after_another(wire):
    server, requests = wire.fake_server(httpx.Response(200, json=RUN))
    transport = AsyncTransport(server)
    for _ in range(2):
        assert asyncio.run(transport.send(runs.retrieve("run_1"))).id == "run_1"
    asyncio.run(transport.close())
    assert len(requests) == 2


def untrusted():
    error = ssl.SSLCertVerificationError("CERTIFICATE_VERIFY_FAILED")
    error.verify_message = "self-signed"
    return error


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (untrusted(), r"its certificate is not trusted \(self-signed\)"),
        (ExceptionGroup("all", [ConnectionRefusedError(111, "no")]), "connection refused"),
        (None, "odd"),
    ],
)
def test_the_reason_is_found_below_the_library(wire, send, cause, words):
    error = httpx.ConnectError("odd")
    error.__cause__ = cause
    server, _ = wire.fake_server(error)
    with pytest.raises(errors.APIConnectionError, match=words):
        send(server, runs.retrieve("run_1"), max_attempts=1)


def test_a_connection_that_was_cut(wire, send):
    server, _ = wire.fake_server(httpx.RemoteProtocolError("peer closed"))
    with pytest.raises(errors.APIConnectionError, match="the connection was cut"):
        send(server, runs.retrieve("run_1"), max_attempts=1)


def test_a_forgotten_client_closes_its_connections(socket_server):
    """Warnings are errors here, and an unclosed socket is one."""
    socket_server.answer = (200, {}, b'{"id":"run_1"}')
    transport = Transport(Server(lambda: Endpoint(socket_server.url, SecretStr("tr_dev_x"))))
    transport.send(tasks.trigger("t", None, {}))
    client = transport._client
    del transport
    gc.collect()
    assert client.is_closed


def test_a_refused_token_is_asked_for_again_within_the_call(wire):
    tokens = iter(["eyJ.old.token", "eyJ.new.token"])

    def give():
        return next(tokens)

    refused = httpx.Response(401, json={"error": "Public Access Token is invalid"})
    server, requests = wire.fake_server(refused, httpx.Response(200, json={"sub": "env"}))
    narrow = server.with_token(give)
    assert Transport(narrow, max_attempts=1).send(auth.claims()) == "env"
    used = [request.headers["authorization"] for request in requests]
    assert used == ["Bearer eyJ.old.token", "Bearer eyJ.new.token"]
