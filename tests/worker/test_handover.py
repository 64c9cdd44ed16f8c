"""Runs that come to a worker by answers that are lost, cut off or nonsense."""

import threading

import pytest
from patience import PATIENCE

from tests.faults import FaultProxy
from trigger_widgets.config import Endpoint
from trigger_widgets.tasks import task


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 3))])
def test_lost_answers_lose_no_run_and_begin_none_twice(engine, start_worker, client, seed):
    begun, lock = [], threading.Lock()

    @task(id="once", retry={"max_attempts": 1})
    def once(payload):
        with lock:
            begun.append(payload)
        return payload

    direct = engine.locate()
    with FaultProxy(
        direct.api_url, on="/engine/v1/dev/", cuts=8, seed=seed, most=500, stalls=False
    ) as proxy:
        start_worker(locate=lambda: Endpoint(proxy.url, direct.access_token))
        runs = [client.tasks.trigger("once", n) for n in range(12)]
        assert [run.result(timeout=3 * PATIENCE) for run in runs] == list(range(12))
        assert proxy.made > 2
        assert sorted(begun) == list(range(12))
        assert {client.runs.retrieve(run).attempt_count for run in runs} == {1}


def test_runs_come_without_another_request_while_there_are_any(engine, start_worker, client):
    asked = []

    @task(id="many")
    def many(payload):
        return payload

    worker = start_worker(slots=1)
    exchange = worker._api.exchange

    async def counted(method, url, *args, **more):
        asked.append(url)
        return await exchange(method, url, *args, **more)

    worker._api.exchange = counted
    batch = client.tasks.batch_trigger("many", [{"payload": n} for n in range(30)])
    assert [result.output for result in batch.result(timeout=PATIENCE)] == list(range(30))
    assert len([url for url in asked if "/complete" in url]) == 30
    assert len([url for url in asked if "/start" in url]) == 0
    assert len([url for url in asked if "/dequeue" in url]) < 10


def test_nonsense_takes_no_slot_for_good(engine, start_worker, client):
    @task(id="sound")
    def sound(payload):
        return payload

    worker = start_worker(slots=2)
    dequeue, nonsense = worker._api.dequeue, [[{}, {"run": None}], None, ["x"], [{"run": {}}]]

    async def at_first_nonsense(*args):
        return nonsense.pop() if nonsense else await dequeue(*args)

    worker._api.dequeue = at_first_nonsense
    assert client.tasks.trigger("sound", 1).result(timeout=PATIENCE) == 1  # of the one under way
    assert client.tasks.trigger("sound", 2).result(timeout=PATIENCE) == 2
    assert nonsense == []
