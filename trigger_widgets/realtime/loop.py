"""The one background loop of a process: a daemon thread that drives every feed."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import contextvars
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from trigger_widgets.lock import Lock

T = TypeVar("T")


class BackgroundLoop:
    """An event loop in a daemon thread. Everything but `close` may be called from any thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        # ipykernel 7.0 and later find the cell of a widget message by context variables
        run = contextvars.copy_context().run
        self._thread = threading.Thread(
            target=run, args=(self._run,), name="trigger-widgets", daemon=True
        )
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Call a function on the loop soon, in the order of the calls; nothing after `close`."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(function, *args)

    def is_current(self) -> bool:
        """Whether the calling thread is the loop's own, which must never wait for a feed."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Cancel what runs, close the loop and join its thread."""
        self.call(self.loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            self.loop.close()


class _Current:
    lock = Lock()
    loop: BackgroundLoop | None = None
    inherited: BackgroundLoop | None = None


def background_loop() -> BackgroundLoop:
    """The loop of this process, which is started by the first call."""
    with _Current.lock:
        if _Current.loop is None:
            _Current.loop = BackgroundLoop()
        return _Current.loop


@atexit.register
def close_background_loop() -> None:
    """Close the loop if there is one; the next `background_loop()` starts another."""
    with _Current.lock:
        current, _Current.loop = _Current.loop, None
    if current is not None:
        current.close()


def _after_fork_in_child() -> None:
    # The parent's thread does not exist here, and its loop shares sockets with the parent: it is
    # neither used nor closed, only kept from being collected.
    _Current.lock = Lock()
    _Current.inherited, _Current.loop = _Current.loop, None


with contextlib.suppress(AttributeError):  # Windows does not fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
