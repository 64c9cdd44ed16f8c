"""Iterating, sync and async: the end, timeouts, stop, Ctrl-C."""

import asyncio
import threading

import pytest
from patience import PATIENCE, until

from trigger_widgets.errors import ConfigurationError, ResultTimeoutError, TriggerError
from trigger_widgets.realtime.hub import current_hub
from trigger_widgets.realtime.loop import background_loop
from trigger_widgets.realtime.runs import run_source
from trigger_widgets.realtime.subscription import Subscription


@pytest.fixture
def subscribe(wire):
    def subscribe(*items, **options):
        script = wire.Script(*items)
        return Subscription(run_source("run_1"), wire.fake_server(script), **options), script

    return subscribe


@pytest.fixture
def states(wire):
    return [
        wire.answer(wire.row("EXECUTING"), offset="1_1"),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=1), offset="2_2"),
    ]


def no_feeds():
    return until(lambda: not current_hub()[1].feeds)


def test_nothing_is_asked_before_the_first_state_is(subscribe, states):
    subscription, script = subscribe(*states)
    assert current_hub()[1].feeds == 0
    assert next(subscription).id == "run_1"
    assert script.requests
    subscription.stop()


def test_a_loop_ends_with_the_run(subscribe, states):
    subscription, _ = subscribe(*states)
    assert [run.is_terminal for run in subscription][-1] is True
    assert subscription.connection.state == "closed"
    assert list(subscription) == []
    assert no_feeds()


def test_an_async_loop_ends_with_the_run(subscribe, states):
    async def main():
        subscription, _ = subscribe(*states)
        async with subscription as runs:
            return [run.status async for run in runs]

    assert asyncio.run(main())[-1] == "COMPLETED"
    assert no_feeds()


def test_a_with_block_disconnects(subscribe, states):
    subscription, script = subscribe(states[0])
    with subscription as runs:
        next(runs)
        script.wait_for_requests(2)
    assert no_feeds()
    assert list(subscription) == []


def test_a_slow_reader_gets_the_latest_state_and_the_last_one(wire, subscribe):
    polls = [wire.answer(wire.row(second=n), offset=f"{n}_1") for n in range(20)]
    subscription, script = subscribe(*polls)
    first = next(subscription)
    script.wait_for_requests(21)
    second = next(subscription)
    assert first.updated_at < second.updated_at
    assert second.updated_at.second == 19
    script.push(wire.answer(wire.row("CANCELED", second=30)))
    subscription.stop()


def test_timeout_sync_and_async(subscribe, states):
    subscription, _ = subscribe(states[0], timeout=0.2)
    with pytest.raises(ResultTimeoutError, match=r"run run_1 has not ended after 0\.2 s"):
        list(subscription)
    assert no_feeds()

    async def main():
        subscription, _ = subscribe(states[0], timeout=0.2)
        async for _ in subscription:
            pass

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert no_feeds()


def test_stop_from_another_thread_ends_the_loop(subscribe, states):
    subscription, script = subscribe(states[0])
    stopper = threading.Thread(target=lambda: (script.wait_for_requests(2), subscription.stop()))
    stopper.start()
    assert len(list(subscription)) == 1
    stopper.join()
    assert no_feeds()


def test_stopped_before_it_began(subscribe):
    subscription, script = subscribe()
    subscription.stop()
    assert list(subscription) == []
    assert not script.requests


def test_cancelling_an_async_loop_disconnects(subscribe, states):
    async def main():
        subscription, script = subscribe(states[0])

        async def read():
            async for _ in subscription:
                pass

        task = asyncio.create_task(read())
        await asyncio.to_thread(script.wait_for_requests, 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert no_feeds()


def test_a_reader_whose_event_loop_is_gone_hurts_nobody(subscribe, states):
    subscription, _ = subscribe(states[0])

    async def main():
        await anext(subscription)

    asyncio.run(main())
    loop = asyncio.new_event_loop()
    loop.close()
    subscription._mailbox._sleepers.append((loop, asyncio.Event()))
    subscription.stop()  # wakes all who sleep
    subscription._mailbox._sleepers.clear()
    assert list(subscription) == []


def test_waiting_on_the_feeds_own_thread_is_refused(subscribe):
    subscription, _ = subscribe()

    async def main():
        next(subscription)

    with pytest.raises(ConfigurationError, match="it would wait for itself"):
        background_loop().submit(main()).result(PATIENCE)


def test_an_error_is_raised_once_and_again(subscribe, wire):
    import httpx

    subscription, _ = subscribe(httpx.Response(403, json={"error": "Unauthorized"}))
    for _ in range(2):
        with pytest.raises(TriggerError, match="scopes"):
            next(subscription)


def test_an_interrupt_in_a_loop_disconnects_and_passes_on(subscribe, states, monkeypatch):
    from trigger_widgets.realtime import reading as module

    subscription, script = subscribe(states[0])
    next(subscription)
    script.wait_for_requests(2)

    def interrupted(event, timeout):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "wait_for", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(subscription)
    assert no_feeds()
