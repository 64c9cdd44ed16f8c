"""The server's own words, and small servers: over a fake transport, and on a real socket."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from pydantic import SecretStr

from trigger_widgets.api.server import Server
from trigger_widgets.config import Endpoint

RECORDED = Path(__file__).parent / "recorded"
KEY = "tr_dev_secret_of_the_tests"
ENDPOINT = Endpoint("http://trigger.test", SecretStr(KEY))


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text())


def to_response(exchange):
    return httpx.Response(
        exchange["status"],
        headers=exchange["headers"],
        content=(exchange["response"] or "").encode(),
    )


def fake_server(*items, embedded=False, endpoint=ENDPOINT):
    """Answers one after the other; the last one again and again. Items may be exceptions."""
    left, requests = list(items), []

    def handler(request):
        requests.append(request)
        item = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(item, Exception):
            raise item
        # a response can be read once
        return httpx.Response(item.status_code, headers=item.headers, content=item.content)

    locate = endpoint if callable(endpoint) else lambda: endpoint
    server = Server(locate, embedded=embedded, http=httpx.MockTransport(handler))
    return server, requests


@pytest.fixture
def wire():
    """Everything above, as a namespace: test modules cannot import a conftest."""
    return SimpleNamespace(
        KEY=KEY,
        ENDPOINT=ENDPOINT,
        fake_server=fake_server,
        recorded=recorded,
        to_response=to_response,
    )


@pytest.fixture
def socket_server():
    """A real server on loopback that answers every request with what it is told to."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.do_GET()

        def do_GET(self):
            length = int(self.headers.get("content-length") or 0)
            self.server.requests.append((self.path, dict(self.headers), self.rfile.read(length)))
            status, headers, body = self.server.answer
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answer = (200, {}, b"{}")
    server.requests = []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
