"""Which run of a batch is which item, and when all are accounted for. Without I/O.

A batch's feed has its runs in no order and without their places, so runs are known by what they
were given: task and payload. Items with the same payload are interchangeable, and take the runs in
the order in which these were created.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

from trigger_widgets.api.batches import Item
from trigger_widgets.models import Batch, Run
from trigger_widgets.packets import decode_packet

Fingerprint = bytes
_FIRST_QUESTION, _LAST_QUESTION = 1.0, 15.0
_OVER = frozenset({"COMPLETED", "PARTIAL_FAILED", "ABORTED"})


def fingerprint_of_item(item: Item) -> Fingerprint:
    """What the run of an item will look like."""
    return _digest(item.task, decode_packet(*item.payload))


def fingerprint_of_run(run: Run) -> Fingerprint | None:
    """The same of a run; None where its payload is not here."""
    return None if "payload" in run.large else _digest(run.task_identifier, run.payload)


def _digest(task: str, payload: object) -> Fingerprint:
    # equal packets decode to values with equal reprs; the digest is small where payloads are not
    text = f"{task}\0{payload!r}"
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


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

    def __init__(self, fingerprints: Sequence[Fingerprint]) -> None:
        self._free: dict[Fingerprint, deque[int]] = defaultdict(deque)
        for place, fingerprint in enumerate(fingerprints):
            self._free[fingerprint].append(place)
        self.places: dict[str, int] = {}

    def see(self, runs: Iterable[Run]) -> None:
        """Give a place to each run that has none, oldest first."""
        for run in runs:
            if run.id not in self.places:
                free = self._free.get(fingerprint_of_run(run) or b"")
                if free:
                    self.places[run.id] = free.popleft()


def assign(
    fingerprints: Sequence[Fingerprint], runs: Iterable[Run], lost: Iterable[int]
) -> dict[int, Run]:
    """The run of each place, when all are known; the places in `lost` have none.

    A run whose payload nobody knows again (one that an idempotency key found) takes what is left.
    """
    without = set(lost)
    places = [place for place in range(len(fingerprints)) if place not in without]
    roster = Roster([fingerprints[place] for place in places])
    ordered = sorted(runs, key=lambda run: (run.created_at, run.id))
    roster.see(ordered)
    assigned = {places[roster.places[run.id]]: run for run in ordered if run.id in roster.places}
    strangers = (run for run in ordered if run.id not in roster.places)
    free = (place for place in places if place not in assigned)
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
        """A run that was missing."""
        self._retrieved[run.id] = run

    def see_batch(self, batch: Batch) -> None:
        """The answer to the question."""
        self._batch = batch
        self._question = min(self._question * 2, _LAST_QUESTION)


def _all_ended(runs: Iterable[Run]) -> bool:
    return all(run.is_terminal for run in runs)
