"""The lock of this package: one that no interruption leaves taken."""

from __future__ import annotations

import threading


class Lock(type(threading.RLock())):  # type: ignore[misc]  # what has this name is a function
    """A `threading.RLock` for code that Ctrl-C or the stop of a run can interrupt anywhere.

    Since CPython 3.14 an exception that comes from outside can be raised in a `with` statement
    just after the lock was taken, and before the statement knows of it: whoever needs that lock
    next hangs for good (9 of 649 interruptions of `with threading.Lock(): pass`; none on 3.11 and
    3.13). Here it is raised where it can be caught. `__exit__` must stay the one of C, which lets
    nothing in before it has released: take a condition's lock, not the condition.
    """

    def __enter__(self) -> bool:
        try:
            taken: bool = self.acquire()
        except BaseException:
            try:  # noqa: SIM105 - `suppress` would let something in before the release
                self.release()
            except RuntimeError:  # it was not taken
                pass
            raise
        return taken
