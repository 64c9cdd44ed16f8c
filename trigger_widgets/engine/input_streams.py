"""What is sent to a run while it executes: stored as a stream, and given to who waits for it.

Stored under a name that no task writes to, each piece as the JSON *text* of its data, as measured
(raw-21-streams-v2-b, 0032 to 0036). A wait is a token that the next piece completes.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

from trigger_widgets.jsonable import compact
from trigger_widgets.packets import JSON_TYPE

from . import blocking, run_table, stream_table, streams, waitpoint_table, waits
from .core import Engine
from .hub import stream_topic
from .ids import now_ms
from .records import RunRecord, WaitpointRecord
from .store import Transaction
from .validation import expect, optional_integer

PREFIX = "$trigger.input:"


@dataclass(frozen=True)
class WaitRequest:
    """A wait that is asked for. `start` is the number of the piece it is for, from 0."""

    stream: str
    start: int
    token: waits.Request


def parse_wait(body: Any, now: int) -> WaitRequest:
    """`{"streamId", "lastSeqNum"?}` and what a token takes."""
    data = expect(body, "object")
    last = optional_integer(data.get("lastSeqNum"), "lastSeqNum")
    stream = expect(data.get("streamId"), "string", "streamId")
    return WaitRequest(stream, 0 if last is None else last + 1, waits.parse_token(body, now))


async def send(engine: Engine, run: RunRecord, stream: str, data: Any) -> None:
    """Store a piece, and let the run go on if it waits for it; `streams.EndedError`."""
    where = streams.target(run, PREFIX + stream)
    text = compact(data)
    part = where.part(json.dumps(text, ensure_ascii=False), f"inp_{secrets.token_hex(6)}")

    def work(transaction: Transaction) -> None:
        held = run_table.get(transaction.execute, run.id)
        if held is None or held.completed_at is not None:
            raise streams.EndedError
        transaction.wake(stream_topic(where.run_id, where.stream))
        stream_table.append(transaction, run.id, where.stream, [part], now_ms())
        where_it_waits = (run.id, stream)
        query = "SELECT waitpoint FROM input_waits WHERE run = ? AND stream = ?"
        for (waitpoint_id,) in transaction.execute(query, where_it_waits).fetchall():
            waitpoint = waitpoint_table.get(transaction.execute, waitpoint_id)
            if waitpoint is not None:
                _complete(transaction, waitpoint, text)
        transaction.execute("DELETE FROM input_waits WHERE run = ? AND stream = ?", where_it_waits)

    await engine.store.write(work)


async def create_wait(
    engine: Engine, run: RunRecord, wanted: WaitRequest
) -> tuple[WaitpointRecord, bool]:
    """A token that is completed by the piece that is asked for, perhaps already; and whether an
    idempotency key had it.
    """

    def work(transaction: Transaction) -> tuple[WaitpointRecord, bool]:
        waitpoint, cached = waits.create_in(transaction, wanted.token)
        if waitpoint.completed_at is None:
            name = PREFIX + wanted.stream
            sent = stream_table.read(transaction.execute, run.id, name, wanted.start)
            if sent:
                body = json.loads(sent[0].body)
                text = body["data"] if run.streams_version == "v2" else body
                _complete(transaction, waitpoint, text)
            else:
                row = (run.id, wanted.stream, waitpoint.id)
                transaction.execute("INSERT OR REPLACE INTO input_waits VALUES (?, ?, ?)", row)
        return waitpoint, cached

    return await engine.store.write(work)


def _complete(transaction: Transaction, waitpoint: WaitpointRecord, text: str) -> None:
    blocking.complete(transaction, replace(waitpoint, output=text, output_type=JSON_TYPE))
