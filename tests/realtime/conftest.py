"""The server's own words over a fake transport, and a background loop that ends with its test."""

import asyncio
import json
import threading
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from patience import PATIENCE
from pydantic import SecretStr

from trigger_widgets.api.server import Server
from trigger_widgets.config import Endpoint
from trigger_widgets.realtime import driver
from trigger_widgets.realtime.loop import close_background_loop

RECORDED = Path(__file__).parent / "recorded"
ENDPOINT = Endpoint("http://trigger.test", SecretStr("tr_dev_secret"))


@pytest.fixture(autouse=True)
def background_loop_ends():
    yield
    close_background_loop()


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text())


def to_response(exchange):
    return httpx.Response(
        exchange["status"],
        headers=exchange["headers"],
        content=(exchange["response"] or "").encode(),
    )


def fake_server(handler, *, embedded=False, endpoint=ENDPOINT):
    """A server whose network is `handler`, an async function from request to response."""
    return Server(lambda: endpoint, embedded=embedded, http=httpx.MockTransport(handler))


def row(status="EXECUTING", *, second=0, **columns):
    """A row of the feed, of run_1."""
    moment = f"2026-11-23T18:44:{second:02}.000"
    return {
        "id": "cuid1",
        "friendlyId": "run_1",
        "taskIdentifier": "task",
        "status": status,
        "createdAt": "2026-11-23T18:44:00.000",
        "updatedAt": moment,
        **columns,
    }


def answer(*rows, offset="1_1", handle="h", cursor="1", up_to_date=True, operation="insert"):
    messages = [
        {"key": r.get("id", "cuid1"), "value": r, "headers": {"operation": operation}} for r in rows
    ]
    if up_to_date:
        messages.append({"headers": {"control": "up-to-date"}})
    headers = {"electric-handle": handle, "electric-offset": offset, "electric-cursor": cursor}
    return httpx.Response(200, headers=headers, json=messages)


class Script:
    """Answers one after the other, then holds the poll for ever. Items may be exceptions."""

    def __init__(self, *items):
        self.items = list(items)
        self.requests = []
        self.asked = threading.Condition()
        self.held = 0

    async def __call__(self, request):
        with self.asked:
            self.requests.append(request)
            self.asked.notify_all()
        if not self.items:
            self.held += 1
            try:
                await asyncio.Event().wait()
            finally:
                self.held -= 1
        item = self.items.pop(0)
        if isinstance(item, Exception):
            raise item
        if callable(item):
            item = item(request)
        return item

    def push(self, *items):
        self.items += items

    def wait_for_requests(self, count, seconds=PATIENCE):
        with self.asked:
            assert self.asked.wait_for(lambda: len(self.requests) >= count, seconds)


class Watcher:
    """What a watch was told, to be waited for."""

    def __init__(self):
        self.seen = defaultdict(list)
        self._changed = threading.Condition()

    def on_run(self, run):
        self._add("runs", run)

    def on_connection(self, connection):
        self._add("connections", connection)

    def _add(self, kind, item):
        with self._changed:
            self.seen[kind].append(item)
            self._changed.notify_all()

    @property
    def states(self):
        return [connection.state for connection in self.seen["connections"]]

    @property
    def statuses(self):
        return [str(run.status) for run in self.seen["runs"]]

    def wait(self, condition, seconds=PATIENCE):
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), seconds), dict(self.seen)


@pytest.fixture
def wire():
    """Everything above, as a namespace: test modules cannot import a conftest."""
    return SimpleNamespace(
        Script=Script,
        Watcher=Watcher,
        answer=answer,
        fake_server=fake_server,
        recorded=recorded,
        row=row,
        to_response=to_response,
    )


@pytest.fixture
def quick(monkeypatch):
    """No waiting between attempts, and v1's silence need not be lived through."""
    monkeypatch.setattr(driver.Backoff, "wait", lambda self: 0.0)
    monkeypatch.setattr("trigger_widgets.realtime.stream._ROUNDING", 1.0)
