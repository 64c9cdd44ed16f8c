"""What writers do to the streams of a run: open, append, send lines (v1) and records (v2).

A stream belongs to one run. Its parts can be written until the run has ended, and read for
ever; what is acknowledged is on the disk. The stream is in the run's row from the moment it is
opened.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from . import lifecycle, run_table, stream_table
from .core import Engine
from .hub import stream_topic
from .ids import now_ms
from .ndjson import is_json
from .records import RunRecord
from .store import Transaction
from .stream_table import NewPart, Tail
from .validation import ValidationError, expect

_ALPHABET = string.ascii_letters + string.digits + "_-"
_ID_LENGTH = 7
_MOST_RECORDS = 1000


class EndedError(Exception):
    """The run has ended, and so have its streams."""


@dataclass(frozen=True)
class Target:
    """A stream of a run; the run is there. `version` says how it is framed."""

    run_id: str
    stream: str
    version: str

    def part(self, data: str, part_id: str | None = None) -> NewPart:
        """A part of this stream, made of the JSON text of what it carries."""
        if self.version == "v1":
            return NewPart(data, part_id)
        part_id = part_id or "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
        return NewPart(f'{{"data":{data},"id":{json.dumps(part_id)}}}', part_id)


def target(run: RunRecord, stream: str) -> Target:
    """A stream of `run`."""
    return Target(run.id, stream, run.streams_version)


async def open_stream(engine: Engine, where: Target) -> None:
    """Say that there is such a stream; `EndedError`."""
    await engine.store.write(lambda transaction: _open(transaction, where))


async def append(engine: Engine, where: Target, parts: Sequence[NewPart]) -> tuple[int, Tail]:
    """Store parts: the number of the first of them, and the end of the stream; `EndedError`."""

    def work(transaction: Transaction) -> tuple[int, Tail]:
        _open(transaction, where)
        return _store(transaction, where, parts)

    return await engine.store.write(work)


async def append_lines(
    engine: Engine, where: Target, lines: Sequence[str], *, client: str | None, start: int
) -> None:
    """Store lines of JSON, the first of which is number `start` of its writer; `EndedError`.

    A writer that sends again what is stored, because it did not hear so, adds nothing.
    """

    def work(transaction: Transaction) -> None:
        _open(transaction, where)
        fresh = lines
        if client is not None:
            stored = stream_table.next_of_writer(
                transaction.execute, where.run_id, where.stream, client
            )
            fresh = lines[max(0, stored - start) :]
            following = max(stored, start + len(lines))
            stream_table.set_next_of_writer(
                transaction, where.run_id, where.stream, client, following
            )
        _store(transaction, where, [where.part(line) for line in fresh])

    await engine.store.write(work)


def _open(transaction: Transaction, where: Target) -> None:
    # not the whole record: its payload may be megabytes, and this happens for every token
    query = "SELECT completed_at, streams FROM runs WHERE id = ?"
    row = transaction.execute(query, (where.run_id,)).fetchone()
    if row["completed_at"] is not None:
        raise EndedError
    if where.stream not in json.loads(row["streams"]):
        run_table.change(
            transaction,
            where.run_id,
            lambda run: lifecycle.changed(run, now_ms(), streams=(*run.streams, where.stream)),
        )


def _store(transaction: Transaction, where: Target, parts: Sequence[NewPart]) -> tuple[int, Tail]:
    transaction.wake(stream_topic(where.run_id, where.stream))
    return stream_table.append(transaction, where.run_id, where.stream, parts, now_ms())


def s2_name(environment: str, where: Target) -> str:
    """What a v2 writer calls the stream; ASCII, for it travels in a header."""
    stream = quote(where.stream, safe="")
    return f"org/embedded/env/dev/{environment}/runs/run_{where.run_id}/{stream}"


def of_s2_name(name: str) -> tuple[str, str] | None:
    """The `run_…` id and the stream that an S2 name means."""
    _, found, rest = name.partition("/runs/")
    run_id, slash, stream = rest.partition("/")
    return (run_id, unquote(stream)) if found and slash and stream else None


def parse_records(body: Any) -> list[NewPart]:
    """The records of an S2 append, `{"records":[{"body":…}]}`."""
    data = expect(body, "object")
    for name in ("match_seq_num", "fencing_token"):
        if data.get(name) is not None:
            raise ValidationError("Not implemented by the embedded engine", name)
    records = expect(data.get("records"), "array", "records")
    if len(records) > _MOST_RECORDS:
        raise ValidationError(f"Array must contain at most {_MOST_RECORDS} element(s)", "records")
    return [_record(item, f"records[{i}]") for i, item in enumerate(records)]


def _record(item: Any, where: str) -> NewPart:
    record = expect(item, "object", where)
    if record.get("headers"):
        raise ValidationError("Not implemented by the embedded engine", f"{where}.headers")
    body = expect(record.get("body"), "string", f"{where}.body")
    value = is_json(body) and json.loads(body)
    if not isinstance(value, dict):
        # a reader parses every body, and would fail on this one for ever
        raise ValidationError("Expected the text of a JSON object", f"{where}.body")
    part_id = value.get("id")
    # half a surrogate pair has no UTF-8, and so names nothing
    names = isinstance(part_id, str) and not re.search(r"[\ud800-\udfff]", part_id)
    return NewPart(body, part_id if names else None)
