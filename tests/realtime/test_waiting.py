"""The blocking wait: events, timeouts, Ctrl-C and the pump."""

import contextlib
import itertools
import signal
import subprocess
import sys
import threading
import time

import pytest
from interrupts import Moment
from patience import PATIENCE

from trigger_widgets.realtime import waiting
from trigger_widgets.realtime.waiting import Event, install_pump, wait_for


@pytest.fixture
def pump():
    class Pump:
        steps = 0
        depth = 0
        on_step = staticmethod(lambda: None)

        def step(self, seconds):
            self.steps += 1
            self.on_step()

    made = Pump()

    @contextlib.contextmanager
    def factory():
        made.depth += 1
        yield made
        made.depth -= 1

    install_pump(factory)
    yield made
    install_pump(None)


def test_a_set_event_is_there_at_once():
    event = Event()
    event.set()
    assert wait_for(event, 0)


def test_timeout(monkeypatch):
    monkeypatch.setattr(waiting, "_SLICE", 0.03)
    began = time.monotonic()
    assert not wait_for(Event(), 0.1)
    assert time.monotonic() - began >= 0.1
    assert not wait_for(Event(), 0)


def test_an_event_of_another_thread():
    event = Event()
    threading.Timer(0.05, event.set).start()
    assert wait_for(event)


def test_the_pump_is_stepped_in_the_main_thread(pump):
    event = Event()
    pump.on_step = lambda: event.set() if pump.steps == 3 else None
    assert wait_for(event, 5)
    assert (pump.steps, pump.depth) == (3, 0)


def test_a_click_handled_by_the_pump_can_end_the_wait_it_interrupts(pump):
    """A cell waits for an approval, and the pump handles the click that gives it."""
    outer, inner = Event(), Event()
    inner.set()

    def on_step():
        assert wait_for(inner, 1)  # a callback may wait as well
        outer.set()

    pump.on_step = on_step
    assert wait_for(outer, 5)


def test_the_pump_belongs_to_the_main_thread(pump):
    thread = threading.Thread(target=wait_for, args=(Event(), 0.1))
    thread.start()
    thread.join()
    assert pump.steps == 0


def test_ctrl_c_interrupts_a_wait_without_an_end():
    code = (
        "import signal\n"
        "from trigger_widgets.realtime.waiting import Event, wait_for\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        "    print('waiting', flush=True)\n"
        "    wait_for(Event())\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, bufsize=1
    )
    with process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
    assert process.returncode == 0


def test_an_interrupt_at_any_moment_of_a_wait_holds_up_nobody():
    """A wait that was interrupted leaves the event as it was: others can set it, and wait."""
    for nth in range(1, 30):  # there are some fifteen
        event = Event()
        setter = threading.Timer(0.005, event.set)
        setter.start()
        with contextlib.suppress(KeyboardInterrupt), Moment(nth):
            wait_for(event)
        setter.join(PATIENCE)
        assert not setter.is_alive(), f"at moment {nth}"
        assert event.wait(PATIENCE)


def test_an_interrupt_at_any_moment_of_setting_holds_up_nobody():
    for nth in itertools.count(1):
        event = Event()
        waiter = threading.Thread(target=wait_for, args=(event,), daemon=True)
        waiter.start()
        with contextlib.suppress(KeyboardInterrupt), Moment(nth) as moment:
            event.set()
        event.set()
        waiter.join(PATIENCE)
        assert not waiter.is_alive(), f"at moment {nth}"
        if not moment.has_come:
            break
    assert nth > 2


def test_a_handler_that_sets_the_event_that_it_interrupts():
    """As `dev` does with SIGTERM: the handler runs wherever the waiting thread is."""
    for nth in itertools.count(1):
        event = Event()
        with Moment(nth, event.set) as moment:
            event.wait(0.001)
        if not moment.has_come:
            break
        assert event.is_set()
