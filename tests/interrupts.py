"""Code that comes at any moment, as a signal's handler does."""

import gc
import sys


def interrupt():
    """What Ctrl-C does."""
    raise KeyboardInterrupt


class Moment:
    """Calls `handler` in this thread at the `nth` moment at which CPython lets a signal in.

    Those are where a Python function begins and where a call of a C function has returned (there
    are more: each turn of a loop). In between nothing can come, until 3.13 in `with lock` neither.
    Garbage is not collected meanwhile: what is raised in a collection (Hypothesis times them) goes
    nowhere.
    """

    def __init__(self, nth, handler=interrupt):
        self.left = nth
        self._handler = handler

    @property
    def has_come(self):
        return self.left <= 0

    def __enter__(self):
        gc.disable()
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_exception):
        sys.setprofile(None)
        gc.enable()

    def _look(self, frame, event, _arg):
        if event not in {"call", "c_return"} or frame.f_code is Moment.__exit__.__code__:
            return
        self.left -= 1
        if self.has_come:
            sys.setprofile(None)
            self._handler()
