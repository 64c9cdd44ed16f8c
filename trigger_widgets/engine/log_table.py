"""Rows of the table `logs`: numbered from 0 in each run, in the order they came."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from .store import Transaction
from .validation import ValidationError, expect, optional, optional_integer

STREAMS = ("stdout", "stderr", "log")
MAX_RECORDS = 10_000
"""Of one run. What comes after is dropped, and the last record says so."""
_PAGE = 1000
_FULL = f"The log of this run is full ({MAX_RECORDS} records); what follows is not kept."

LogRecord = tuple[int, str, str | None, str, str | None]
"""Time in milliseconds, stream, level, text, properties as JSON."""


def parse(value: Any) -> list[LogRecord]:
    """Records as they come from a worker."""
    return [
        _parse_one(item, f"records[{i}]")
        for i, item in enumerate(expect(value, "array", "records"))
    ]


def _parse_one(item: Any, where: str) -> LogRecord:
    record = expect(item, "object", where)
    time = optional_integer(expect(record.get("time"), "number", f"{where}.time"), f"{where}.time")
    stream = record.get("stream")
    if stream not in STREAMS:
        expected = " | ".join(f"'{name}'" for name in STREAMS)
        raise ValidationError(f"Invalid enum value. Expected {expected}", f"{where}.stream")
    level = optional(record.get("level"), "string", f"{where}.level")
    text = expect(record.get("text"), "string", f"{where}.text")
    properties = optional(record.get("properties"), "object", f"{where}.properties")
    return time or 0, stream, level, text, json.dumps(properties) if properties else None


def append(transaction: Transaction, run_id: str, records: list[LogRecord]) -> int:
    """Store records after those that are there; gives the next number."""
    query = "SELECT COALESCE(MAX(seq) + 1, 0) FROM logs WHERE run = ?"
    (following,) = transaction.execute(query, (run_id,)).fetchone()
    for time, *record in records:
        if following > MAX_RECORDS:
            break
        kept = record if following < MAX_RECORDS else ("log", "warn", _FULL, None)
        transaction.execute(
            "INSERT INTO logs (run, seq, time, stream, level, text, properties) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (run_id, following, time, *kept),
        )
        following += 1
    number: int = following
    return number


def read(execute: Callable[..., sqlite3.Cursor], run_id: str, after: int) -> list[dict[str, Any]]:
    """Up to 1,000 records from number `after` on."""
    rows = execute(
        "SELECT seq, time, stream, level, text, properties FROM logs "
        "WHERE run = ? AND seq >= ? ORDER BY seq LIMIT ?",
        (run_id, after, _PAGE),
    )
    return [_record(row) for row in rows]


def _record(row: sqlite3.Row) -> dict[str, Any]:
    record = {name: row[name] for name in row.keys() if row[name] is not None}  # noqa: SIM118
    if "properties" in record:
        record["properties"] = json.loads(record["properties"])
    return record
