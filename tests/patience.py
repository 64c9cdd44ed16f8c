"""How long tests wait. A machine may stand still for seconds, which is no fault of the code."""

import time
from contextlib import contextmanager

import pytest

PATIENCE = 60
"""Seconds within which what should happen has happened."""
AT_ONCE = 15
"""Seconds, where what is not done at once would take twice as many or never come."""


def until(condition, what="it", seconds=PATIENCE):
    """Wait until `condition` gives something true, and give it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            pytest.fail(f"{what} did not happen within {seconds} s")
        time.sleep(0.005)
    return found


@contextmanager
def at_once():
    """What is in it comes at once, and not when something else runs out."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert took < AT_ONCE, f"it took {took:.1f} s"
