"""Batches over a network that cuts: requests and answers are lost, bodies end in the middle."""

import asyncio
import random
from collections import Counter
from types import SimpleNamespace

import httpx
import pytest
from patience import PATIENCE

from trigger_widgets import errors
from trigger_widgets.api import batches, transports
from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.client.tasks import AsyncTasks, Tasks


class CuttingNetwork:
    """Passes requests on to a real server, and loses every second one in some way."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.http = httpx.Client(timeout=PATIENCE)
        self.cuts = Counter()
        self.turn = 0

    def __call__(self, request):
        self.turn += 1
        if self.turn % 2:
            how = self.random.choice(["request", "answer", "half"])
            self.cuts[how] += 1
            if how == "answer":
                self._pass(request, request.content)
            elif how == "half" and request.url.path.endswith("/items"):
                lines = request.content.splitlines(keepends=True)
                self._pass(request, b"".join(lines[: self.random.randrange(1, len(lines) + 1)]))
            raise httpx.ReadError("the network cut it", request=request)
        return self._pass(request, request.content)

    def _pass(self, request, content):
        headers = {k: v for k, v in request.headers.items() if k != "content-length"}
        answer = self.http.request(request.method, request.url, headers=headers, content=content)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
def network(monkeypatch):
    async def at_once(_seconds):
        pass

    monkeypatch.setattr(transports, "time", SimpleNamespace(sleep=lambda _seconds: None))
    quick = SimpleNamespace(**{**vars(asyncio), "sleep": at_once})
    monkeypatch.setattr(transports, "asyncio", quick)
    monkeypatch.setattr(batches, "LIMIT", 100)
    monkeypatch.setattr(batches, "LONGEST_BODY", 3000)
    network = CuttingNetwork(seed=4)
    yield network
    network.http.close()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_every_item_becomes_one_run(shared_engine, network, owner, task, kind):
    endpoint = shared_engine.endpoint
    server = Server(lambda: endpoint, http=httpx.MockTransport(network))
    items = (n for n in range(250))
    if kind == "sync":
        handle = Tasks(Transport(server)).batch_trigger(task, items)
    else:
        handle = asyncio.run(AsyncTasks(AsyncTransport(server)).batch_trigger(task, items))
    assert (len(handle.ids), handle.run_count, handle.keys) == (3, 250, list(range(250)))
    listed = [run.id for batch in handle.ids for run in owner.runs.list(batch=batch)]
    assert len(set(listed)) == len(listed) == 250
    assert len(list(owner.runs.list(task=task))) == 250
    assert set(network.cuts) == {"request", "answer", "half"}


def test_a_generator_is_taken_a_batch_at_a_time_and_says_what_was_triggered(
    shared_engine, network, owner, task
):
    taken = []

    def items():
        for n in range(1000):
            taken.append(n)
            if n == 250:
                raise ValueError("the source broke")
            yield n

    with pytest.raises(ValueError, match="the source broke") as raised:
        owner.tasks.batch_trigger(task, items())
    (note,) = raised.value.__notes__
    assert note.startswith("200 runs were triggered before this, in batch_")
    assert len(taken) == 251
    assert len(list(owner.runs.list(task=task))) == 200


def test_triggering_again_with_a_key_adds_what_is_missing(shared_engine, network, owner, task):
    """What a failure in the middle leaves undone is done by the same call again, and only that."""
    broken = [*range(150), object()]
    with pytest.raises(errors.UnserializableError, match=r"items\[150\]"):
        owner.tasks.batch_trigger(task, iter(broken), idempotency_key="report")
    assert len(list(owner.runs.list(task=task))) == 100
    handle = owner.tasks.batch_trigger(task, list(range(250)), idempotency_key="report")
    assert handle.run_count == 250
    assert len(list(owner.runs.list(task=task))) == 250
    keys = {run.idempotency_key for run in owner.runs.list(task=task)}
    assert keys == {f"report-{n}" for n in range(250)}


def test_an_empty_generator_triggers_nothing(owner, task):
    with pytest.raises(errors.ConfigurationError, match="items is empty"):
        owner.tasks.batch_trigger(task, iter([]))
