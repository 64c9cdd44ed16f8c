"""The one clock that fires what is due: delays, expiries and silences of runs, and waits."""

from __future__ import annotations

from . import blocking, lifecycle, run_table, waitpoint_table
from .core import Engine, log
from .hub import TIMERS
from .ids import now_ms
from .registry import Coverage
from .store import Transaction

_LONGEST_SLEEP = 5.0
"""Seconds; short, because the wall clock may jump while we sleep."""
_FROZEN_MS = 15_000
_GRACE_MS = 60_000
_GROUP = 500


async def run_timers(engine: Engine) -> None:
    """Fire timers until the hub is closed."""
    with engine.hub.listen(TIMERS) as listener:
        await engine.store.write(lambda t: give_time(t, now_ms() + _GRACE_MS))
        looked_at = now_ms()
        while not engine.hub.closed:
            now = now_ms()
            if now - looked_at > _FROZEN_MS:
                # the machine slept, or we were stopped: so, perhaps, were the workers
                log.info("was frozen for %d s", (now - looked_at) // 1000)
                await engine.store.write(lambda t: give_time(t, now_ms() + _GRACE_MS))
            looked_at = now
            due = _next_due(engine)
            if due is not None and due <= now:
                coverage = engine.registry.coverage()
                await engine.store.write(lambda t, coverage=coverage: fire_due(t, coverage))  # type: ignore[misc]  # mypy has no lambda defaults
                continue
            seconds = _LONGEST_SLEEP if due is None else min((due - now) / 1000, _LONGEST_SLEEP)
            await listener.wait(seconds)


def _next_due(engine: Engine) -> int | None:
    query = "SELECT MIN(due_at) FROM runs WHERE due_at IS NOT NULL"
    execute = engine.store.reader.execute
    found = (execute(query).fetchone()[0], waitpoint_table.next_due(execute))
    return min((due for due in found if due is not None), default=None)


def fire_due(transaction: Transaction, coverage: Coverage) -> None:
    """Fire the timers of all runs and waitpoints that are due, some hundred at a time."""
    blocking.fire_due(transaction)
    now = now_ms()
    where = "runs.due_at <= ? ORDER BY runs.due_at LIMIT ?"
    for run in run_table.select(transaction.execute, where, now, _GROUP):
        has_taker = coverage.covers(run.origin, run.task)
        fired = lifecycle.fired(run, now)
        placed = lifecycle.placed(fired, has_taker=has_taker, now=now)
        run_table.update(transaction, run, placed)


def give_time(transaction: Transaction, until: int) -> None:
    """Nobody who holds a run is called silent before `until`."""
    transaction.execute(
        "UPDATE runs SET due_at = MAX(due_at, ?) WHERE process IS NOT NULL AND due_at IS NOT NULL",
        (until,),
    )
    transaction.wake(TIMERS)
