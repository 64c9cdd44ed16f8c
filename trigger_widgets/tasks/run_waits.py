"""The waits of one run, as its task sees them: one at a time, each by a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.lock import Lock


class RunWaits:
    """Safe to use from any thread of the task."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._now: str | None = None
        self._given_up = False
        self._keys: Counter[str] = Counter()

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """In here the run waits for `what`; `ConfigurationError` if it waits for something.

        A wait that is left before its end stays open: the server knows no way to take it back,
        and would let a later one go on only after both.
        """
        with self._lock:
            if self._now is not None:
                verb = "gave up waiting for" if self._given_up else "is waiting for"
                raise ConfigurationError(
                    f"this run {verb} {self._now} and cannot wait for {what} as well: a run waits "
                    "for one thing at a time. Wait for one after the other, give a token a "
                    "timeout to stop waiting for it, or trigger other tasks that wait."
                )
            self._now = what
        try:
            yield
        except Exception:
            self._end()  # the server has refused it
            raise
        except BaseException:
            self._given_up = True
            raise
        else:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._now = None

    def key(self, run_id: str, what: str) -> str:
        """The idempotency key of the next thing of this kind: the same one when the run is tried
        again, which then finds what it did before.
        """
        with self._lock:
            self._keys[what] += 1
            return f"{run_id}:{what}:{self._keys[what]}"
