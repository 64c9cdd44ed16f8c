"""InputWidget: what a person tells a run arrives in order, once, or is shown as not sent."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import pytest
from patience import PATIENCE
from pydantic import BaseModel

from trigger_widgets import InputWidget, streams, task
from trigger_widgets.api.auth import create_public_token
from trigger_widgets.config import secret
from trigger_widgets.errors import ConfigurationError, PermissionDeniedError, ServerError
from trigger_widgets.widgets import input as module

RUN = "run_0000000000000000000000001"


class Server(ThreadingHTTPServer):
    """Takes input, and refuses everything else, as a server does with a token that only sends."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken = []
        self.status = 200
        self.go = threading.Event()
        self.go.set()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert self.server.go.wait(PATIENCE)
        if self.server.status == 200:
            self.server.taken.append((self.path, body))
        self.answer(self.server.status, {"ok": True} if self.server.status == 200 else {})

    def do_GET(self):
        self.answer(403, {"error": "Unauthorized"})

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.send_header("x-should-retry", "false")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.go.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def tell(server):
    """Makes a widget with a token that may do nothing but send."""
    made = []

    def make(stream="chat", *, run=RUN, **options):
        scopes = {"write": {"input_streams": RUN}}
        token = create_public_token(scopes=scopes).sign(secret("tr_dev_" + "a" * 64), "env")
        url = f"http://127.0.0.1:{server.server_port}"
        made.append(InputWidget(run, stream, access_token=token, api_url=url, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def state(widget):
    return widget._channel.snapshot()[1]


def test_a_token_that_may_only_send_is_enough(tell, server, until):
    heard = []
    widget = tell(on_send=heard.append)
    widget.send("hello")
    widget.send("and more")
    until(widget, "sent", ["hello", "and more"])
    path = f"/realtime/v1/streams/{RUN}/input/chat"
    assert server.taken == [(path, {"data": "hello"}), (path, {"data": "and more"})]
    until(widget, "connection", "closed")
    assert state(widget)["can"] == {"send": True}
    assert "not read it" in state(widget)["hint"]
    assert widget.error is None
    assert heard == ["hello", "and more"]
    assert "→ and more" in widget.to_html()
    assert "2 sent" in repr(widget)


def test_another_token_is_told_so_and_shows_no_box(tell):
    widget = tell(run="run_0000000000000000000000002")
    assert "may not send" in state(widget)["can"]["send"]


def test_what_was_not_taken_stays_to_be_tried_again(tell, server, until):
    widget = tell()
    server.status = 503
    with pytest.raises(ServerError):
        widget.send("again")
    [(name, message)] = state(widget)["sent"].items()
    assert message["state"] == "failed"
    assert message["reason"]
    server.status = 200
    for request in ("a", "a", "b"):  # the view repeats itself, and a second view retries too
        action = {"kind": "action", "id": request, "name": "retry", "args": {"id": name}}
        widget._receive(widget, action, [])
    until(widget, "sent", ["again"])
    assert len(server.taken) == 1
    assert state(widget)["sent"][name]["reason"] is None
    server.status = 403
    with pytest.raises(PermissionDeniedError):
        widget.send("no")


def test_what_a_view_sends_keeps_the_name_it_has_there(tell, until):
    widget = tell()
    message = {"kind": "action", "id": "a", "name": "send", "args": {"data": "x", "key": "v1"}}
    widget._receive(widget, message, [])
    widget._receive(widget, message, [])  # the comm channel repeats messages
    until(widget, "sent", ["x"])
    assert [each["key"] for each in state(widget)["sent"].values()] == ["v1"]


class Answer(BaseModel):
    choice: Literal["yes", "no"]


@pytest.mark.parametrize(
    ("schema", "mode", "wrong"),
    [
        (str, "chat", 3),
        (Literal["red", "green"], "form", "blue"),
        (list[int], "form", ["x"]),
        (Answer, "form", {"choice": "maybe"}),
        (None, "form", None),
    ],
)
def test_a_schema_decides_what_it_looks_like_and_what_is_sent(tell, server, schema, mode, wrong):
    widget = tell(schema=schema)
    assert state(widget)["mode"] == mode
    if wrong is not None:
        with pytest.raises(ConfigurationError, match="nothing was sent"):
            widget.send(wrong)
        assert server.taken == []
        assert state(widget)["problem"]["fields"]


def test_the_views_get_the_last_of_many(tell, monkeypatch, until):
    monkeypatch.setattr(module, "SHOWN", 3)
    widget = tell()
    for number in range(5):
        widget.send(f"m{number}")
    assert [each["data"] for each in state(widget)["sent"].values()] == ["m2", "m3", "m4"]
    assert state(widget)["earlier"] == 2
    assert "… 2 earlier" in widget.to_html()
    assert len(widget._messages) == 3
    until(widget, "sent", [f"m{number}" for number in range(5)])


def test_nothing_is_sent_to_a_run_that_has_ended(here, until):
    @task(id="short")
    def short(payload):
        return payload

    run = short.trigger({})
    run.result(timeout=PATIENCE)
    widget = InputWidget(run, "chat")
    until(widget, "done", value=True)
    assert "has ended (completed)" in state(widget)["can"]["send"]
    widget.close()


def test_a_run_on_the_engine_takes_what_is_sent_with_a_narrow_token(here, until):
    @task(id="listens")
    def listens(payload):
        chat = streams.input("chat", str)
        return [chat.wait(timeout="1m").unwrap() for _ in range(2)]

    run = listens.trigger({})
    token = here.auth.create_public_token(scopes={"write": {"input_streams": run.id}})
    widget = InputWidget(run.id, "chat", access_token=token)
    widget.send("one")
    widget.send("two")
    assert run.result(timeout=60) == ["one", "two"]
    until(widget, "sent", ["one", "two"])
    assert token.get_secret_value() not in str(widget.get_state()) + widget.to_html()
    widget.close()


def test_what_is_no_stream_is_said(here):
    with pytest.raises(ConfigurationError, match="not the id of a stream"):
        InputWidget(RUN, "")
