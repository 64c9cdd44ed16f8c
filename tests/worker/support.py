"""Waiting in tests: for a condition, with a deadline."""

import time

import pytest

DEADLINE = 20


def until(condition, what="it", timeout=DEADLINE):
    """Wait until `condition` gives something true, and give it."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.01)
    pytest.fail(f"{what} did not happen within {timeout} s")
