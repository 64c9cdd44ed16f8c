"""What the feed of a run does not tell, asked for rarely: attempts, waits, the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from trigger_widgets.client import Trigger
from trigger_widgets.errors import APIConnectionError, TriggerError
from trigger_widgets.models import Run, RunStatus

from .poller import Poller
from .run_log import Line, LogTail

log = logging.getLogger("trigger_widgets")

_poller = Poller()
"""Its own, so that a slow answer here does not hold up those who wait for a decision."""


class RunDetails:
    """Asks once for each status, and no more often than `every` seconds while the run changes.

    The log is read while the run executes and somebody looks; a run that waits costs nothing.
    `on_run` and `on_log` are called on the poller's thread.
    """

    def __init__(
        self,
        client: Trigger,
        run_id: str,
        *,
        every: float,
        on_run: Callable[[Run], object],
        on_log: Callable[[list[Line]], object],
    ) -> None:
        self._client, self._run_id = client, run_id
        self._every = every
        self._on_run, self._on_log = on_run, on_log
        self._tail = LogTail(client, run_id)
        self._latest: Run | None = None
        self._asked: Run | None = None
        self._asked_at = 0.0
        self._looks = self._stopped = False

    def see(self, run: Run) -> None:
        """The run is now like this."""
        before, self._latest = self._latest, run
        if before is None or before.status is not run.status:
            self._asked = None
            self._wake()

    def look(self) -> None:
        """Somebody looks from now on."""
        if not self._looks:
            self._looks = True
            self._wake()

    def start(self) -> None:
        """Ask, from now on or again."""
        self._stopped = False
        self._wake()

    def stop(self) -> None:
        """Ask no more, until `start`."""
        self._stopped = True
        _poller.remove(self)

    def close(self) -> None:
        """Ask no more."""
        self.stop()

    def _wake(self) -> None:
        if self._latest is not None and not self._stopped:
            _poller.add(self)

    def poll(self) -> bool:
        """Ask for what is due. Whether to come back in a second."""
        run = self._latest
        if run is None or self._stopped:
            return False
        try:
            self._ask(run)
        except APIConnectionError:
            return True
        except TriggerError as e:  # the feed says what is wrong, and goes on trying
            log.debug("the details of %s could not be read: %s", run.id, e)
        goes_on = run.status.is_executing and run.status is not RunStatus.WAITING
        return goes_on or run is not self._latest

    def _ask(self, run: Run) -> None:
        is_due = self._asked is None or time.monotonic() - self._asked_at >= self._every
        if run is not self._asked and is_due:
            self._asked, self._asked_at = run, time.monotonic()
            self._on_run(self._client.runs.retrieve(run.id))
        lines = self._tail.read() if self._looks else []
        if lines:
            self._on_log(lines)
