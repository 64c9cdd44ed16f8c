import subprocess
import sys
import threading
import time

import pytest

from trigger_widgets.tasks.stopping import RunStopped
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
        thread.join(5)
        assert ends == [True]


@pytest.mark.parametrize("stops", [0, 1])
def test_a_debugger_goes_on_after_a_run(stops):
    """What is left on its way to nobody has CPython 3.11 repeat the first line it traces."""
    script = f"""
import contextlib, sys
from trigger_widgets.tasks.stopping import RunStopped
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


def test_a_swallowed_stop_can_be_asked_for_again():
    interruption, swallowed, running = Interruption(), [], threading.Event()

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
    assert running.wait(5)
    end = time.monotonic() + 5
    while thread.is_alive() and time.monotonic() < end:
        interruption.request()
        thread.join(0.05)
    assert len(swallowed) == 2
