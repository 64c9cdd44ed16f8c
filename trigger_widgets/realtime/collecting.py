"""Waiting for the runs of one batch, as the questions that it takes: one description for sync and
async.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from trigger_widgets.api import batches, runs
from trigger_widgets.api.requests import Request
from trigger_widgets.errors import TriggerError

from .batch_trigger import BatchPart
from .mailbox import End
from .roster import Gathering, doubtful


@dataclass(frozen=True)
class Poll:
    """Take the next state of the batch's feed, within so many seconds: None if there is none."""

    patience: float | None


class Collecting:
    """Answer `asks`, a poll or a request, by `told`, until it is None: then all runs are known."""

    def __init__(self, part: BatchPart) -> None:
        self.gathering = Gathering(part.distinct_runs)
        self._part = part
        self._steps = self._plan()
        self.asks: Poll | Request[Any] | None = next(self._steps)

    def told(self, answer: Any) -> None:
        """What the feed or the server has said."""
        try:
            self.asks = self._steps.send(answer)
        except StopIteration:
            self.asks = None

    def _plan(self) -> Generator[Poll | Request[Any], Any, None]:
        part, gathering = self._part, self.gathering
        while not gathering.is_over:
            news = yield Poll(gathering.patience)
            if isinstance(news, End):
                raise TriggerError(
                    f"the subscription to {part.id} was stopped before its runs had ended."
                )
            if news is not None:
                gathering.see(news)
                continue
            gathering.see_batch((yield batches.retrieve(part.id)))
            for run in gathering.missing:
                gathering.see_retrieved((yield runs.retrieve(run)))
        for run in doubtful(part.marks, gathering.runs):
            gathering.see_retrieved((yield runs.retrieve(run)))
