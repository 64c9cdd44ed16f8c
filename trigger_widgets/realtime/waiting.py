"""The one blocking wait. While it waits, a notebook's kernel can be kept answering clicks, and
Ctrl-C is heard.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from typing import Protocol

_SLICE = 0.5
_PUMPED_SLICE = 0.02


class Event:
    """A `threading.Event` that may be interrupted, and set by a signal's handler, at any moment.

    That one is guarded by a lock which Python code takes. A Ctrl-C just after it is taken, before
    the `with` statement knows of it, leaves it taken: who sets the event next hangs for good.
    Here is no lock: what must not be divided is one call of a C function.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._waiters: deque[threading.Lock] = deque()

    def is_set(self) -> bool:
        """Whether it was set, and not cleared since."""
        return self._is_set

    def set(self) -> None:
        """Wake who waits, and let nobody wait from now on."""
        self._is_set = True
        with suppress(IndexError):  # there are no more
            while True:
                self._waiters.popleft().release()

    def clear(self) -> None:
        """Let wait again."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it is set; False if it was not within `timeout` seconds."""
        if self._is_set:
            return True
        waiter = threading.Lock()
        waiter.acquire()
        self._waiters.append(waiter)
        try:
            # set before `append`, it may have woken those of before alone
            return self._is_set or waiter.acquire(timeout=-1 if timeout is None else timeout)
        finally:
            with suppress(ValueError):  # it was woken
                self._waiters.remove(waiter)


class Pump(Protocol):
    """What keeps the rest of a kernel going while one of its cells waits."""

    def step(self, seconds: float) -> None:
        """Handle what is waiting to be handled, for about so many seconds at most."""


class Audience(Protocol):
    """Who is in front of the notebook."""

    def __call__(self, *, blocking: bool) -> bool:
        """Whether nobody there could click while we wait; `blocking` is not an `await`."""


class _Installed:
    pump: Callable[[], AbstractContextManager[Pump | None]] | None = None
    awaiting: Callable[[], AbstractContextManager[object]] | None = None
    audience: Audience | None = None


def install_audience(nobody_can_click: Audience | None) -> None:
    """Ask this before a wait that only a click can end."""
    _Installed.audience = nobody_can_click


def nobody_can_click(*, blocking: bool) -> bool:
    """Whether a wait for a click would never end here; False where nothing is known."""
    return _Installed.audience is not None and _Installed.audience(blocking=blocking)


def install_pump(pump: Callable[[], AbstractContextManager[Pump | None]] | None) -> None:
    """Use `pump` for every wait of the main thread from now on; None for none.

    What it gives may itself be None, where there is nothing to keep going.
    """
    _Installed.pump = pump


def install_awaiting(awaiting: Callable[[], AbstractContextManager[object]] | None) -> None:
    """Hold `awaiting()` during every `await` of ours from now on; None for nothing."""
    _Installed.awaiting = awaiting


def awaiting() -> AbstractContextManager[object]:
    """Around an `await`: what keeps the rest of a kernel going while one of its cells waits."""
    return nullcontext() if _Installed.awaiting is None else _Installed.awaiting()


def wait_for(event: Event, timeout: float | None = None) -> bool:
    """Block until `event` is set; False if it was not within `timeout` seconds.

    Ctrl-C interrupts it at once. In the main thread, where cells run, an installed pump is
    stepped between short waits.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    if event.is_set():
        return True
    with ExitStack() as stack:
        pump = None
        if _Installed.pump and threading.current_thread() is threading.main_thread():
            pump = stack.enter_context(_Installed.pump())
        # a wait without an end cannot be interrupted on Windows, one in slices can
        longest = _SLICE if pump is None else _PUMPED_SLICE
        while True:
            left = longest if deadline is None else min(longest, deadline - time.monotonic())
            if event.wait(max(left, 0.0)):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False
            if pump is not None:
                pump.step(_PUMPED_SLICE)
