"""Sets of runs that a feed shows: those with some tags, and those of a batch.

Changes are numbered in the order of their commits. A reader is told how far it has come, and
asks for what was changed after that: so it misses nothing, whatever the clocks say, and an
answer costs as much as there are changes, however many runs there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from . import run_table
from .hub import ANY_RUN, batch_topic, run_topic, tag_topic
from .ids import first_id
from .records import RunRecord

MOST_ROWS = 1000


@dataclass(frozen=True)
class Member:
    """A table that says which runs are in the set: `column` must be `value`."""

    table: str
    column: str
    value: str


@dataclass(frozen=True)
class RunSet:
    """Runs that are members of everything in `members`, created at `since` or later.

    Nothing happens to any of them without one of `topics` being woken.
    """

    topics: tuple[str, ...]
    members: tuple[Member, ...]
    since: int = 0


@dataclass(frozen=True)
class Found:
    """Runs, and the number of the last change that was looked at. `fresh`: not there before."""

    runs: Sequence[RunRecord]
    position: int
    fresh: frozenset[str] = frozenset()


def tagged(tags: Sequence[str], since: int) -> RunSet:
    """The runs that have all of `tags`; without any, all runs."""
    topics = (tag_topic(tags[0]),) if tags else (ANY_RUN,)  # who has all of them has the first
    return RunSet(topics, tuple(Member("run_tags", "tag", tag) for tag in tags), since)


def of_batch(connection: sqlite3.Connection, batch_id: str) -> RunSet:
    """The runs of a batch; also those that an idempotency key has found, which are elsewhere's."""
    found = connection.execute(
        "SELECT run FROM batch_items JOIN runs ON runs.id = batch_items.run "
        "WHERE batch_items.batch = ? AND runs.batch IS NOT ?",
        (batch_id, batch_id),
    )
    topics = (batch_topic(batch_id), *(run_topic(row["run"]) for row in found))
    return RunSet(topics, (Member("batch_items", "batch", batch_id),))


def snapshot(connection: sqlite3.Connection, runs: RunSet) -> Found:
    """The newest runs of the set, oldest first."""
    conditions = ["runs.id >= ?"]
    for member in runs.members:
        condition = f"SELECT run FROM {member.table} WHERE {member.column} = ?"  # noqa: S608
        conditions.append(f"runs.id IN ({condition})")
    where = f"{' AND '.join(conditions)} ORDER BY runs.id DESC LIMIT {MOST_ROWS}"
    values = [member.value for member in runs.members]
    connection.execute("BEGIN")  # the rows and the position must be of the same moment
    try:
        found = run_table.select(connection.execute, where, first_id(runs.since), *values)
        return Found(found[::-1], _last_change(connection))
    finally:
        connection.execute("COMMIT")


def changes(connection: sqlite3.Connection, runs: RunSet, after: int) -> Found:
    """The runs of the set that were changed after `after`, in the order of the changes."""
    conditions = [
        "runs.change > ?",
        "+runs.id >= ?",  # the plus keeps SQLite on the index of the changes
        *(
            f"EXISTS (SELECT 1 FROM {member.table} WHERE {member.column} = ? AND run = runs.id)"  # noqa: S608
            for member in runs.members
        ),
    ]
    where = f"{' AND '.join(conditions)} ORDER BY runs.change LIMIT {MOST_ROWS}"
    values = [member.value for member in runs.members]
    connection.execute("BEGIN")
    try:
        found = run_table.select(connection.execute, where, after, first_id(runs.since), *values)
        numbers = [_numbers(connection, run) for run in found]
        fresh = (run.id for run, (_, born) in zip(found, numbers, strict=True) if born > after)
        # a full page may not be all there is
        full = len(found) == MOST_ROWS
        position = numbers[-1][0] if full else max(after, _last_change(connection))
        return Found(found, position, frozenset(fresh))
    finally:
        connection.execute("COMMIT")


def _last_change(connection: sqlite3.Connection) -> int:
    (last,) = connection.execute("SELECT MAX(change) FROM runs").fetchone()
    return last or 0


def _numbers(connection: sqlite3.Connection, run: RunRecord) -> tuple[int, int]:
    query = "SELECT change, born FROM runs WHERE id = ?"
    change, born = connection.execute(query, (run.id,)).fetchone()
    return change, born
