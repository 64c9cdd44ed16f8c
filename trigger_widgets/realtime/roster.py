"""Which run of a batch is which item, and when all are accounted for. Without I/O.

A batch's feed has its runs in no order and without their places, so runs are known by their marks.
Items that are the same in everything are interchangeable: no run can tell which of them it is, and
they take their runs in the order in which these were created.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

from trigger_widgets.api.batches import Item
from trigger_widgets.models import Batch, Run

from .marks import Mark, mark_of_run

_FIRST_QUESTION, _LAST_QUESTION = 1.0, 15.0
_OVER = frozenset({"COMPLETED", "PARTIAL_FAILED", "ABORTED"})


def shared_runs(items: Sequence[Item]) -> dict[int, int]:
    """Places that share the run of an earlier place, by their idempotency key, and that place."""
    firsts: dict[tuple[str, object], int] = {}
    shared = {}
    for place, item in enumerate(items):
        key = item.options.get("idempotencyKey")
        if key is not None and (first := firsts.setdefault((item.task, key), place)) != place:
            shared[place] = first
    return shared


class Roster:
    """The places of one batch. A run keeps the place it was given."""

    def __init__(self, marks: Sequence[Mark], without: Iterable[int] = ()) -> None:
        """`without` are places that have no run."""
        lost = set(without)
        self._free: dict[bytes | None, dict[Mark, deque[int]]] = defaultdict(dict)
        self._keyed: dict[str, int] = {}
        for place, mark in enumerate(marks):
            if place in lost:
                continue
            for digest in (mark.digest, None) if mark.large else (mark.digest,):
                self._free[digest].setdefault(mark, deque()).append(place)
            if mark.key is not None:
                self._keyed.setdefault(mark.key, place)
        self._taken: set[int] = set()
        self._strangers: set[str] = set()
        self.places: dict[str, int] = {}

    def see(self, runs: Iterable[Run]) -> dict[str, int]:
        """Give a place to each run that has none, oldest first; gives the new ones."""
        new = {}
        for run in runs:
            if run.id in self.places or run.id in self._strangers:
                continue
            place = self._place(mark_of_run(run))
            if place is None:
                self._strangers.add(run.id)
            else:
                self._taken.add(place)
                new[run.id] = self.places[run.id] = place
        return new

    def _place(self, run: Mark) -> int | None:
        keyed = self._keyed.get(run.key) if run.key is not None else None
        if keyed is not None and keyed not in self._taken:
            return keyed
        fitting = self._free.get(run.digest, {})
        for mark in sorted(fitting, key=lambda each: each.fits(run), reverse=True):
            places = fitting[mark]
            while places:
                if (place := places.popleft()) not in self._taken:
                    return place
            del fitting[mark]
        return None


def doubtful(marks: Sequence[Mark], runs: Sequence[Run]) -> list[str]:
    """Runs that an idempotency key may have found, so that they were given something else than
    their item; retrieving one tells its key. They are those that are like no item that is left,
    and those that are like them.
    """
    if all(mark.key is None for mark in marks):
        return []
    roster = Roster(marks)
    roster.see(runs)
    digests = {run.id: mark_of_run(run).digest for run in runs}
    strange = {digests[run.id] for run in runs if run.id not in roster.places}
    return [run for run, digest in digests.items() if digest in strange]


def assign(marks: Sequence[Mark], runs: Iterable[Run], lost: Iterable[int]) -> dict[int, Run]:
    """The run of each place, when all are known; the places in `lost` have none.

    A run that nobody knows again takes what is left.
    """
    without = set(lost)
    roster = Roster(marks, without)
    ordered = sorted(runs, key=lambda run: (run.created_at, run.id))
    # those that say their key first: one that was found by it may look like any other
    roster.see(run for run in ordered if run.idempotency_key is not None)
    roster.see(ordered)
    assigned = {roster.places[run.id]: run for run in ordered if run.id in roster.places}
    strangers = (run for run in ordered if run.id not in roster.places)
    free = (n for n in range(len(marks)) if n not in without and n not in assigned)
    return assigned | dict(zip(free, strangers, strict=False))


class Gathering:
    """Waits for one batch: what was seen of it, and what to ask next.

    The feed says nothing of items that became no run, and a server may leave out runs that an
    idempotency key found. So when all runs that are known have ended, and some are missing, the
    batch itself is asked, more and more seldom.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._followed: dict[str, Run] = {}
        self._retrieved: dict[str, Run] = {}
        self._batch: Batch | None = None
        self._question = _FIRST_QUESTION

    @property
    def runs(self) -> list[Run]:
        """Every run that was seen."""
        return list({**self._retrieved, **self._followed}.values())

    @property
    def errors(self) -> Mapping[int, str]:
        """Why items became no run, by their places."""
        errors = self._batch.errors if self._batch else []
        return {error.index: error.error for error in errors}

    @property
    def missing(self) -> list[str]:
        """Runs that the batch has and the feed has not, as far as they have not ended."""
        ids = self._batch.runs if self._batch else []
        ended = {run.id for run in self._retrieved.values() if run.is_terminal}
        return [run for run in ids if run not in self._followed and run not in ended]

    @property
    def patience(self) -> float | None:
        """Seconds to wait before the batch itself is asked; None while the feed will say more."""
        return self._question if _all_ended(self._followed.values()) else None

    @property
    def is_over(self) -> bool:
        """Whether each item is known to have ended, or to have become no run."""
        runs = self.runs
        if not _all_ended(runs):
            return False
        if len(runs) + len(self.errors) >= self._size:
            return True
        return self._batch is not None and self._batch.status in _OVER and not self.missing

    def see(self, runs: Iterable[Run]) -> None:
        """From the feed."""
        self._followed.update((run.id, run) for run in runs)

    def see_retrieved(self, run: Run) -> None:
        """A run that was missing, or of which the feed does not tell enough."""
        self._followed.pop(run.id, None)
        self._retrieved[run.id] = run

    def see_batch(self, batch: Batch) -> None:
        """The answer to the question."""
        self._batch = batch
        self._question = min(self._question * 2, _LAST_QUESTION)


def _all_ended(runs: Iterable[Run]) -> bool:
    return all(run.is_terminal for run in runs)
