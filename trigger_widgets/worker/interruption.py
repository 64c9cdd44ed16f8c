"""Stopping a Python function from outside: an exception at its next bytecode, or next await."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from typing import Any

from trigger_widgets.lock import Lock
from trigger_widgets.tasks.stopping import Alarm, RunStopped

_POLITE_REQUESTS = 3
"""A coroutine that computes without an await hears only of what is raised in its thread."""


class Interruption:
    """Whether one execution is to stop, and how to tell it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._thread: int | None = None
        self._coroutine: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self._requests = 0
        self.alarm = Alarm()
        """Rings when it is to stop."""

    @property
    def requested(self) -> bool:
        """Whether somebody wants it to stop."""
        return self._requests > 0

    def request(self) -> None:
        """Stop it now, or as soon as it begins. May be repeated: code can swallow an exception."""
        with self._lock, self.alarm.ringing():
            self._requests += 1
            if self._coroutine is not None and self._requests <= _POLITE_REQUESTS:
                loop, task = self._coroutine
                if not loop.is_closed():
                    loop.call_soon_threadsafe(task.cancel)
            elif self._thread is not None and self._thread not in self.alarm.listeners:
                _raise_in(self._thread)

    def enter(self) -> None:
        """From here on this thread runs the task."""
        with self._lock:
            if self.requested:
                raise RunStopped
            self._thread = threading.get_ident()

    def enter_coroutine(self) -> None:
        """From here on the current asyncio task runs it."""
        task = asyncio.current_task()
        with self._lock:
            if self.requested or task is None:
                raise asyncio.CancelledError
            self._coroutine = (asyncio.get_running_loop(), task)

    def leave_coroutine(self) -> None:
        """That one is over: the thread runs something else."""
        with self._lock:
            self._coroutine = None

    def leave(self) -> None:
        """The task is over: nothing is raised in this thread any more once this has returned.

        What may be on its way is raised here. Withdrawing it (with NULL for an exception) leaves
        CPython believing that there is one: from then on all code of the process is slower, and
        traced code, such as a debugger's, goes in circles on 3.11.
        """
        while self._thread is not None:
            try:
                with self._lock:
                    self._coroutine = self._thread = None
                while self._requests:
                    _raise_in(threading.get_ident())
                    for _ in range(100):  # it comes here, or is lost in a collection of garbage
                        pass
            except RunStopped:
                continue


def _raise_in(thread: int) -> None:
    exception = ctypes.py_object(RunStopped)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), exception)
