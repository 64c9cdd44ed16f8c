"""The engine as one object: its store, its wake-ups, its living workers and its key."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from trigger_widgets.secret import Secret

from . import blocking, lifecycle, run_table, waitpoint_table, worker_table
from .hub import QUEUE, Hub
from .ids import new_id, now_ms
from .records import RunRecord
from .registry import Coverage, Registry
from .store import Store, Transaction

log = logging.getLogger("trigger_widgets.engine")

PROJECT_REF = "proj_embedded"
_MOST_READ = 64


class Engine:
    """Made in the event loop's thread, and used there. `environment` is the `sub` of tokens."""

    def __init__(self, data_dir: Path, key: Secret) -> None:
        self.key = key
        self.hub = Hub()
        self.registry = Registry()
        self.store = Store(data_dir / "trigger.db", self._committed, blocking.conclude)
        self._read: dict[str, RunRecord | None] = {}
        self.environment = ""
        self.active_at = time.monotonic()

    async def recover(self) -> None:
        """Take up what the last engine left: its workers that still live, and its runs."""
        self.environment = await self.store.write(_environment)
        for worker in worker_table.present(self.store.reader.execute):
            self.registry.add(worker)
        known = {process.worker.process for process in self.registry.processes()}
        coverage = self.registry.coverage()

        def work(transaction: Transaction) -> None:
            for run in run_table.select(transaction.execute, "runs.process IS NOT NULL"):
                if run.process not in known:
                    why = "The worker that ran it was gone when the engine started again."
                    lost = lifecycle.worker_lost(run, why, now_ms())
                    run_table.update(transaction, run, lost)
            place_all(transaction, coverage)

        await self.store.write(work)

    def run(self, friendly_id: str) -> RunRecord | None:
        """A run by its `run_…` id, as committed; read once for all until the next commit."""
        if friendly_id not in self._read:
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            found = run_table.get(self.store.reader.execute, run_table.bare(friendly_id))
            self._read[friendly_id] = found
        return self._read[friendly_id]

    def _committed(self, topics: set[str]) -> None:
        """Called before those who wrote hear of it: what was read before is of before."""
        self._read.clear()
        self.hub.notify(topics)

    async def place_queued(self) -> None:
        """Say of each queued run whether a live worker would take it; call when workers change."""
        coverage = self.registry.coverage()
        await self.store.write(lambda transaction: place_all(transaction, coverage))

    def is_busy(self) -> bool:
        """Whether somebody would miss the engine: unfinished runs, live workers, held feeds,
        and tokens that time out: whoever made them is told of it by this engine alone.
        """
        query = "SELECT 1 FROM runs WHERE execution != 'FINISHED' LIMIT 1"
        return bool(
            self.hub.holds
            or self.registry.processes()
            or self.store.reader.execute(query).fetchone()
            or waitpoint_table.next_due(self.store.reader.execute) is not None
        )

    def close(self) -> None:
        """End every wait and close the store; nothing acknowledged is lost."""
        self.hub.close()
        self.store.close()


def place_all(transaction: Transaction, coverage: Coverage) -> None:
    """Bring PENDING and PENDING_VERSION of all queued runs in line with `coverage`.

    Whoever waits for a run looks again: one that was another worker's may be its own now.
    """
    transaction.wake(QUEUE)
    now = now_ms()
    groups = transaction.execute(
        "SELECT DISTINCT origin, task, status FROM runs WHERE execution = 'QUEUED'"
    ).fetchall()
    for origin, task, status in groups:
        has_taker = coverage.covers(origin, task)
        if status != ("PENDING_VERSION" if has_taker else "PENDING"):
            continue
        where = "execution = 'QUEUED' AND origin IS ? AND task = ? AND status = ? ORDER BY seq"
        for run in run_table.select(transaction.execute, where, origin, task, status):
            placed = lifecycle.placed(run, has_taker=has_taker, now=now)
            run_table.update(transaction, run, placed)


def _environment(transaction: Transaction) -> str:
    """The environment's id; it outlives the engine, so that tokens stay valid."""
    transaction.execute(
        "INSERT OR IGNORE INTO settings VALUES ('environment', ?)", (new_id(now_ms()),)
    )
    query = "SELECT value FROM settings WHERE name = 'environment'"
    found: str = transaction.execute(query).fetchone()[0]
    return found
