"""What is waited for: tokens that somebody completes, moments that come, and runs that wait."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from trigger_widgets.jsonable import compact
from trigger_widgets.packets import JSON_TYPE, SUPERJSON_TYPE, TEXT_TYPE, Packet

from . import blocking, run_table, waitpoint_table
from .blocking import MOMENT, TOKEN
from .core import Engine
from .ids import new_id, now_ms
from .records import WaitpointRecord
from .store import Transaction
from .trigger_request import idempotency_key, tags_of
from .validation import expect, later_moment, optional

_KEY_BYTES = 18
NO_OUTPUT = Packet(None, JSON_TYPE)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A waitpoint that is asked for. Times in milliseconds since 1970."""

    type: str
    due_at: int | None
    idempotency_key: str | None
    key_expires_at: int | None
    tags: tuple[str, ...] = ()


def parse_token(body: Any, now: int) -> Request:
    """`{timeout?, tags?, idempotencyKey?, idempotencyKeyTTL?}`; a timeout that cannot be read is
    none, as measured. `ValidationError` or `RefusedError`.
    """
    data = expect(body, "object")
    return Request(
        type=TOKEN,
        due_at=later_moment(data.get("timeout"), now),
        tags=tags_of(data.get("tags"), "Waitpoints", "tags"),
        **_key(data, now),
    )


def parse_moment(data: dict[str, Any], moment: int, now: int) -> Request:
    """`{date, idempotencyKey?, idempotencyKeyTTL?}`, of which `moment` is the date."""
    return Request(type=MOMENT, due_at=moment, **_key(data, now))


def _key(data: dict[str, Any], now: int) -> dict[str, Any]:
    key = idempotency_key(data)
    ttl = optional(data.get("idempotencyKeyTTL"), "string", "idempotencyKeyTTL")
    return {"idempotency_key": key or None, "key_expires_at": later_moment(ttl, now)}


def packet_of(value: Any) -> Packet:
    """A JSON value as a real server stores the output of a token."""
    if isinstance(value, str):
        return Packet(value, TEXT_TYPE)
    return Packet(compact({"json": value}), SUPERJSON_TYPE)


async def create(engine: Engine, request: Request) -> tuple[WaitpointRecord, bool]:
    """A waitpoint, and whether an idempotency key had it already."""
    return await engine.store.write(lambda transaction: create_in(transaction, request))


def create_in(transaction: Transaction, request: Request) -> tuple[WaitpointRecord, bool]:
    """As `create`, within a transaction."""
    now = now_ms()
    key = request.idempotency_key
    if key is not None:
        cached = waitpoint_table.with_key(transaction.execute, request.type, key, now)
        if cached is not None:
            return cached, True
    waitpoint = WaitpointRecord(
        id=new_id(now),
        type=request.type,
        created_at=now,
        due_at=request.due_at,
        idempotency_key=key or secrets.token_urlsafe(_KEY_BYTES),
        has_own_key=key is not None,
        key_expires_at=request.key_expires_at,
        tags=request.tags,
    )
    waitpoint_table.insert(transaction, waitpoint)
    return waitpoint, False


async def complete(engine: Engine, waitpoint_id: str, output: Packet) -> bool:
    """Complete a token; the first completion counts. False if there is no such token."""

    def work(transaction: Transaction) -> bool:
        waitpoint = waitpoint_table.get(transaction.execute, waitpoint_id)
        if waitpoint is None or waitpoint.type != TOKEN:
            return False
        done = replace(waitpoint, output=output.data, output_type=output.data_type)
        blocking.complete(transaction, done)
        return True

    return await engine.store.write(work)


async def wait_for_token(engine: Engine, run_id: str, waitpoint_id: str) -> bool | None:
    """Block a run until a token is complete; None if there is no such run, False no such token.

    `ConflictError` for a run that no worker executes.
    """

    def work(transaction: Transaction) -> bool | None:
        run = run_table.get(transaction.execute, run_id)
        if run is None:
            return None
        waitpoint = waitpoint_table.get(transaction.execute, waitpoint_id)
        if waitpoint is None or waitpoint.type != TOKEN:
            return False
        blocking.block(transaction, run, waitpoint)
        return True

    return await engine.store.write(work)


async def wait_until(engine: Engine, run_id: str, request: Request) -> WaitpointRecord | None:
    """Block a run until a moment; None and errors as `wait_for_token`."""

    def work(transaction: Transaction) -> WaitpointRecord | None:
        run = run_table.get(transaction.execute, run_id)
        if run is None:
            return None
        waitpoint, _cached = create_in(transaction, request)
        blocking.block(transaction, run, waitpoint)
        return waitpoint

    return await engine.store.write(work)
