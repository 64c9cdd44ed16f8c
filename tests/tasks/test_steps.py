import asyncio
import threading
from concurrent.futures import Future

import pytest
from patience import at_once

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.tasks.steps import (
    block_on,
    refuse_in_event_loop,
    run_awaiting,
    run_blocking,
)
from trigger_widgets.tasks.stopping import Alarm, RunStopped


def done(value):
    future = Future()
    future.set_result(value)
    return future


def failed(error):
    future = Future()
    future.set_exception(error)
    return future


def steps():
    first = yield done(1)
    try:
        yield failed(ValueError("two"))
    except ValueError as e:
        second = str(e)
    return [first, second]


def test_threads_and_coroutines_take_the_same_steps():
    assert run_blocking(steps(), Alarm()) == [1, "two"]
    assert asyncio.run(run_awaiting(steps())) == [1, "two"]


def test_what_a_step_does_not_catch_is_raised():
    def hopeless():
        yield failed(ValueError("no"))

    with pytest.raises(ValueError, match="no"):
        run_blocking(hopeless(), Alarm())
    with pytest.raises(ValueError, match="no"):
        asyncio.run(run_awaiting(hopeless()))


def ring(alarm):
    with alarm.ringing():
        pass


def test_an_alarm_ends_a_block_at_once_and_cancels_what_it_waits_for():
    alarm, future = Alarm(), Future()
    threading.Timer(0.05, ring, (alarm,)).start()
    with at_once(), pytest.raises(RunStopped):
        block_on(future, alarm)
    assert future.cancelled()
    with pytest.raises(RunStopped):  # it has rung before
        block_on(Future(), alarm)


def test_a_cancelled_coroutine_cancels_what_it_waits_for():
    future = Future()

    def waits():
        yield future

    async def main():
        await asyncio.wait_for(run_awaiting(waits()), 0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert future.cancelled()


def test_an_event_loop_is_not_blocked():
    async def main():
        refuse_in_event_loop("wait.for_token")

    with pytest.raises(ConfigurationError, match=r"use `await aio\.wait\.for_token"):
        asyncio.run(main())
    refuse_in_event_loop("wait.for_token")
