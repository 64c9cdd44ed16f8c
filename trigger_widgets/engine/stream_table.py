"""Rows of the table `stream_parts`: the parts of each stream of a run, numbered from 0.

`body` is what a reader gets: in a v1 stream the JSON of the part, in a v2 stream the body of a
record, `{"data":…,"id":…}`. Times never go back within a stream, so that `<time>-<seq>` orders
the parts as a Redis id does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .store import Transaction

Execute = Callable[..., sqlite3.Cursor]
_LARGEST_PAGE = 1024 * 1024
_LONGEST_PAGE = 1000


class Part(NamedTuple):
    """A part that is stored. Its time is in milliseconds since 1970."""

    seq: int
    time: int
    body: str


class NewPart(NamedTuple):
    """A part that a writer sends, with the id that it gave it, if any."""

    body: str
    id: str | None = None


class Tail(NamedTuple):
    """The end of a stream: the number that comes next, and the time of the last part."""

    seq: int
    time: int


def tail(execute: Execute, run_id: str, stream: str) -> Tail:
    """(0, 0) for a stream that nobody wrote to."""
    row = execute(
        "SELECT seq, time FROM stream_parts WHERE run = ? AND stream = ? ORDER BY seq DESC LIMIT 1",
        (run_id, stream),
    ).fetchone()
    return Tail(0, 0) if row is None else Tail(row["seq"] + 1, row["time"])


def append(
    transaction: Transaction, run_id: str, stream: str, parts: Sequence[NewPart], now: int
) -> tuple[int, Tail]:
    """Store parts after those that are there; the number of the first, and the new end.

    A part that is there already, id and body, is the same one sent again by a writer that had
    no answer: it is not stored twice.
    """
    end = tail(transaction.execute, run_id, stream)
    time, following, first = max(now, end.time), end.seq, None
    for part in parts:
        seq = _known(transaction, run_id, stream, part)
        if seq is None:
            seq = following
            transaction.execute(
                "INSERT INTO stream_parts VALUES (?, ?, ?, ?, ?, ?)",
                (run_id, stream, seq, time, part.id, part.body),
            )
            following += 1
        first = seq if first is None else first
    new = end if following == end.seq else Tail(following, time)
    return end.seq if first is None else first, new


def _known(transaction: Transaction, run_id: str, stream: str, part: NewPart) -> int | None:
    if part.id is None:
        return None
    # named, because SQLite would walk through the whole stream by its primary key
    rows = transaction.execute(
        "SELECT seq, body FROM stream_parts INDEXED BY stream_parts_ids "
        "WHERE run = ? AND stream = ? AND part = ?",
        (run_id, stream, part.id),
    )
    return next((row["seq"] for row in rows if row["body"] == part.body), None)


def read(execute: Execute, run_id: str, stream: str, start: int) -> list[Part]:
    """The parts from number `start` on: up to 1,000, or as many as make 1 MiB."""
    rows = execute(
        "SELECT seq, time, body FROM stream_parts WHERE run = ? AND stream = ? AND seq >= ? "
        "ORDER BY seq LIMIT ?",
        (run_id, stream, start, _LONGEST_PAGE),
    )
    found: list[Part] = []
    size = 0
    for row in rows:
        found.append(Part(*row))
        size += len(found[-1].body)
        if size >= _LARGEST_PAGE:
            break
    rows.close()
    return found


def first_after(execute: Execute, run_id: str, stream: str, time: int, number: int) -> int:
    """The number of the first part whose `<time>-<seq>` is after the given one."""
    row = execute(
        "SELECT MIN(seq) AS seq FROM stream_parts WHERE run = ? AND stream = ? "
        "AND (time, seq) > (?, ?)",
        (run_id, stream, time, number),
    ).fetchone()
    return tail(execute, run_id, stream).seq if row["seq"] is None else int(row["seq"])


def next_of_writer(execute: Execute, run_id: str, stream: str, client: str) -> int:
    """How many lines a v1 writer, known by its client id, has stored."""
    row = execute(
        "SELECT following FROM stream_writers WHERE run = ? AND stream = ? AND client = ?",
        (run_id, stream, client),
    ).fetchone()
    return 0 if row is None else int(row["following"])


def set_next_of_writer(
    transaction: Transaction, run_id: str, stream: str, client: str, following: int
) -> None:
    """Remember how far a v1 writer has come."""
    transaction.execute(
        "INSERT OR REPLACE INTO stream_writers VALUES (?, ?, ?, ?)",
        (run_id, stream, client, following),
    )
