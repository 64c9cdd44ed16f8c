"""What blocks in a task, written once: generators that yield the futures they wait for. A thread
blocks on each of them, a coroutine awaits it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from concurrent.futures import Future
from typing import Any, TypeVar

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.realtime.waiting import Event, wait_for

from .stopping import Alarm, RunStopped

T = TypeVar("T")
Steps = Generator[Future[Any], Any, T]


def refuse_in_event_loop(name: str) -> None:
    """`ConfigurationError` where blocking would stop an event loop; `name` has a twin in `aio`."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise ConfigurationError(
        f"{name} would block the event loop that this code runs on; in async code use "
        f"`await aio.{name}(…)` (from trigger_widgets import aio)."
    )


def block_on(future: Future[T], alarm: Alarm) -> T:
    """The result of a future; `RunStopped` if the run is to stop before."""
    done = Event()
    with alarm.listens():  # a future stopped in the middle of its own code stays locked for others
        try:
            future.add_done_callback(lambda _: done.set())
            with alarm.wakes(done.set):
                wait_for(done)
        finally:
            if not future.done():
                future.cancel()
        if future.cancelled():
            raise RunStopped
        return future.result()


def run_blocking(steps: Steps[T], alarm: Alarm) -> T:
    """Take the steps in this thread."""
    try:
        future = next(steps)
        while True:
            try:
                result = block_on(future, alarm)
            except BaseException as e:
                future = steps.throw(e)
            else:
                future = steps.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        steps.close()


async def run_awaiting(steps: Steps[T]) -> T:
    """Take the steps on this event loop."""
    try:
        future = next(steps)
        while True:
            try:
                result = await asyncio.wrap_future(future)
            except BaseException as e:
                future = steps.throw(e)
            else:
                future = steps.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        steps.close()
