import itertools
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from functools import partial

import pytest
from interrupts import Moment
from patience import PATIENCE, until

from trigger_widgets.realtime.waiting import Event
from trigger_widgets.tasks.steps import block_on
from trigger_widgets.tasks.stopping import RunStopped
from trigger_widgets.worker import interruption as module
from trigger_widgets.worker.interruption import Interruption


def test_what_was_asked_before_the_start_stops_it_there():
    interruption = Interruption()
    interruption.request()
    with pytest.raises(RunStopped):
        interruption.enter()


def test_nothing_is_raised_once_it_has_left():
    """A stop that comes in the very moment of the end must not hit our own lines after it."""
    for _ in range(200):
        interruption, ends = Interruption(), []

        def work(interruption=interruption, ends=ends):
            try:
                try:
                    interruption.enter()
                    for _ in range(50):
                        pass
                finally:
                    interruption.leave()
            except RunStopped:
                pass
            for _ in range(1_000):  # ours: room for a late exception
                pass
            ends.append(True)

        thread = threading.Thread(target=work)
        thread.start()
        interruption.request()
        interruption.request()
        thread.join(PATIENCE)
        assert ends == [True]


@pytest.mark.parametrize("stops", [0, 1])
def test_a_debugger_goes_on_after_a_run(stops):
    """What is left on its way to nobody has CPython 3.11 repeat the first line it traces."""
    script = f"""
import contextlib, sys
from trigger_widgets.tasks.stopping import RunStopped
from trigger_widgets.worker import interruption as module
from trigger_widgets.worker.interruption import Interruption

interruption = Interruption()
with contextlib.suppress(RunStopped):
    try:
        interruption.enter()
        for _ in range({stops}):
            interruption.request()
    finally:
        interruption.leave()
sys.settrace(lambda *_: None)
(lambda: None)()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_what_is_lost_on_leaving_comes_again(monkeypatch):
    """As in a finalizer that a collection of garbage calls: there it is only printed."""
    lost, raise_in = [], module._raise_in
    interruption = Interruption()

    def lose_one(thread):
        raise_in(thread) if lost else lost.append(thread)

    def work():
        interruption.enter()
        interruption._requests = 1
        interruption.leave()

    monkeypatch.setattr(module, "_raise_in", lose_one)
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert lost == [thread.ident]
    assert not thread.is_alive()


def test_a_block_hears_the_alarm_and_is_not_interrupted():
    """An exception in the middle of a future's own code would leave it locked for others."""
    interruption, inside, requested, whole = Interruption(), Event(), Event(), []

    class Watched(Future):
        def add_done_callback(self, fn):
            inside.set()
            requested.wait(PATIENCE)
            for _ in range(1_000):  # room for an exception
                pass
            whole.append(True)
            super().add_done_callback(fn)

    def work():
        try:
            interruption.enter()
            with pytest.raises(RunStopped):
                block_on(Watched(), interruption.alarm)
            whole.append(True)
        finally:
            interruption.leave()

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(PATIENCE)
    interruption.request()
    requested.set()
    thread.join(PATIENCE)
    assert whole == [True, True]


def test_a_stop_at_any_moment_of_a_block_is_heard_once():
    for nth in itertools.count(1):
        interruption, future, heard, asked = Interruption(), Future(), [], []

        def request(interruption=interruption, asked=asked):
            asked.append(threading.Thread(target=interruption.request))
            asked[0].start()
            asked[0].join(0.005)  # it may have to wait for us

        def work(interruption=interruption, future=future, heard=heard, asked=asked, nth=nth):
            interruption.enter()
            for step in (partial(blocked, future, interruption, nth, request), finished):
                try:
                    step(asked)
                except RunStopped:
                    heard.append(step)
            interruption.leave()

        settles = threading.Timer(0.002, settle, (future,))
        settles.start()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(PATIENCE)
        settles.join(PATIENCE)
        assert not thread.is_alive()
        assert not settles.is_alive(), f"the future is locked since moment {nth}"
        if not asked:
            break
        assert len(heard) == 1, f"at moment {nth}"
    assert nth > 5


def settle(future):
    if future.set_running_or_notify_cancel():
        future.set_result(1)


def blocked(future, interruption, nth, request, _asked):
    with Moment(nth, request):
        block_on(future, interruption.alarm)


def finished(asked):
    for thread in asked:
        thread.join(PATIENCE)
    for _ in range(1_000):  # room for an exception
        pass


def test_a_swallowed_stop_can_be_asked_for_again():
    interruption, swallowed, running = Interruption(), [], Event()

    def work():
        interruption.enter()
        running.set()
        try:
            while len(swallowed) < 2:
                try:
                    while True:
                        time.sleep(0.001)
                except RunStopped:
                    swallowed.append(True)
        finally:
            interruption.leave()

    thread = threading.Thread(target=work)
    thread.start()
    assert running.wait(PATIENCE)

    def has_ended():
        interruption.request()
        thread.join(0.05)
        return not thread.is_alive()

    until(has_ended)
    assert len(swallowed) == 2
