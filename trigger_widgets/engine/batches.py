"""What callers do with batches: create one, fill it, or both at once.

A batch is created with the number of its items; its runs are made, all in one transaction, in
the moment in which the last item has come. An item that comes again is the same item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from trigger_widgets.packets import JSON_TYPE

from . import batch_table, blocking, run_table, runs, trigger_request
from .batch_table import BatchRecord
from .core import Engine
from .hub import batch_topic
from .ids import new_id, now_ms
from .store import Transaction
from .tokens import OneTime
from .trigger_request import RefusedError, TriggerRequest, UnhonouredOptionError
from .validation import ValidationError, expect, loads, optional, optional_integer

MOST_ITEMS = 1000


@dataclass(frozen=True, kw_only=True)
class BatchRequest:
    """A batch that may be created. `tasks` is what its maker says will be in it."""

    run_count: int
    tasks: tuple[str, ...]
    idempotency_key: str | None
    parent: str | None = None
    resume_parent: bool = False


@dataclass(frozen=True)
class Item:
    """An item of a batch. `line` is the text it came in."""

    index: int
    request: TriggerRequest
    line: str = ""


@dataclass(frozen=True)
class Accepted:
    """What became of some items. `count` is how many the batch has now."""

    new: int
    repeated: int
    count: int
    sealed: bool


def parse(body: Any, key_header: str | None) -> BatchRequest:
    """`{"runCount","taskIdentifiers"?,"idempotencyKey"?,…}` and what `_parent` reads."""
    data = expect(body, "object")
    if "runCount" not in data:
        raise ValidationError("Required", "runCount")
    count = optional_integer(data["runCount"], "runCount") or 0
    if count < 1:
        raise ValidationError("Number must be greater than 0", "runCount")
    if count > MOST_ITEMS:
        raise RefusedError(
            400, f"Batch runCount of {count} exceeds maximum allowed of {MOST_ITEMS}."
        )
    names = optional(data.get("taskIdentifiers"), "array", "taskIdentifiers") or []
    key = trigger_request.idempotency_key(data, key_header)
    return BatchRequest(
        run_count=count,
        tasks=tuple(
            expect(name, "string", f"taskIdentifiers[{i}]") for i, name in enumerate(names)
        ),
        idempotency_key=key,
        **_parent(data),
    )


def _parent(data: dict[str, Any]) -> dict[str, Any]:
    """`parentRunId`, and `resumeParentOnCompletion` if it waits for the whole batch."""
    parent = optional(data.get("parentRunId"), "string", "parentRunId")
    name = "resumeParentOnCompletion"
    waits = bool(optional(data.get(name), "boolean", name))
    return {"parent": parent, "resume_parent": waits and parent is not None}


def parse_line(line: str, now: int) -> Item:
    """`{"index","task","payload","options"}`; a text is the packet, if its type is said."""
    try:
        value = loads(line)
    except (ValueError, RecursionError):
        raise ValidationError("A line that is not JSON") from None
    data = expect(value, "object")
    if "index" not in data:
        raise ValidationError("Required", "index")
    index = optional_integer(data["index"], "index") or 0
    options = expect(data.get("options") or {}, "object", f"items[{index}].options")
    payload = data.get("payload")
    if isinstance(payload, str) and options.get("payloadType") == JSON_TYPE:
        try:
            data = data | {"payload": loads(payload)}
        except (ValueError, RecursionError):
            raise ValidationError("Expected JSON", f"items[{index}].payload") from None
    return Item(index, _request(index, data, now), line)


def parse_whole(body: Any, key_header: str | None, now: int) -> tuple[BatchRequest, list[Item]]:
    """A batch that comes in one body, `{"items":[{"task","payload","options"}],…}`."""
    data = expect(body, "object")
    items = expect(data.get("items"), "array", "items")
    if not items:
        raise ValidationError("Array must contain at least 1 element(s)", "items")
    if len(items) > MOST_ITEMS:
        raise RefusedError(
            400, f"Batch size of {len(items)} is too large. Maximum allowed batch size is "
            f"{MOST_ITEMS}."
        )  # fmt: skip
    found = [
        Item(i, _request(i, expect(item, "object", f"items[{i}]"), now))
        for i, item in enumerate(items)
    ]
    wanted = BatchRequest(
        run_count=len(found), tasks=(), idempotency_key=key_header, **_parent(data)
    )
    return wanted, found


def _request(index: int, data: dict[str, Any], now: int) -> TriggerRequest:
    if "task" not in data:
        raise ValidationError("Required", f"items[{index}].task")
    task = expect(data["task"], "string", f"items[{index}].task")
    if data.get("options") is None:
        data = {**data, "options": {}}
    try:
        request = trigger_request.parse(task, data, None, now)
    except ValidationError as e:
        raise ValidationError(f"Item {index}: {e}") from None
    except RefusedError as e:
        raise RefusedError(e.status, f"Item {index}: {e}") from None
    if request.resume_parent:
        raise UnhonouredOptionError("resumeParentOnCompletion")
    return request


async def create(
    engine: Engine, wanted: BatchRequest, one_time: OneTime | None
) -> tuple[BatchRecord, bool]:
    """A batch that waits for its items, and whether the idempotency key had it already."""
    return await engine.store.write(lambda t: _create(t, wanted, one_time))


def _create(
    transaction: Transaction, wanted: BatchRequest, one_time: OneTime | None
) -> tuple[BatchRecord, bool]:
    if one_time is not None:
        runs.use_up(transaction, one_time, "a batch")
    now = now_ms()
    if wanted.idempotency_key is not None:
        known = batch_table.with_key(transaction.execute, wanted.idempotency_key, now)
        if known is not None:
            if wanted.resume_parent:
                blocking.expect_wait(transaction, known, wanted.parent)
            return known, True
    batch = BatchRecord(
        id=new_id(now),
        created_at=now,
        updated_at=now,
        run_count=wanted.run_count,
        idempotency_key=wanted.idempotency_key,
        parent=wanted.parent,
        creator=None if one_time is None else one_time.digest,
    )
    batch_table.insert(transaction, batch)
    if wanted.resume_parent:
        blocking.expect_wait(transaction, batch, wanted.parent)
    return batch, False


async def add(
    engine: Engine, batch_id: str, items: Sequence[Item], streams_version: str
) -> Accepted:
    """Add items to a batch; with the last one it is sealed, and has its runs.

    `RefusedError` where an item is beyond the batch, or its run cannot be made: then nothing of
    this call has happened. A sealed batch takes nothing more and says so.
    """
    registered = runs.Registered.of(engine)

    def work(transaction: Transaction) -> Accepted:
        batch = batch_table.get(transaction.execute, batch_id)
        if batch is None or batch.sealed_at is not None:
            return Accepted(0, 0, batch.run_count if batch else 0, sealed=True)
        before = batch_table.kept_lines(transaction.execute, batch)
        new = {item.index: item for item in items}
        for index in new:
            if not 0 <= index < batch.run_count:
                words = f"Item {index} is beyond the runCount of {batch.run_count} of this batch."
                raise RefusedError(422, words)
        for index, _ in before:
            new.pop(index, None)
        count = len(before) + len(new)
        if count == batch.run_count:
            now = now_ms()
            kept = [parse_line(line, now) for _, line in before]
            _make_runs(transaction, batch, [*kept, *new.values()], registered, streams_version)
        else:
            for index, item in new.items():
                batch_table.keep_line(transaction, batch, index, item.line)
        return Accepted(len(new), len(items) - len(new), count, count == batch.run_count)

    return await engine.store.write(work)


async def trigger_all(
    engine: Engine,
    wanted: BatchRequest,
    items: Sequence[Item],
    *,
    streams_version: str,
    one_time: OneTime | None,
) -> tuple[BatchRecord, bool]:
    """Create a batch with all its runs; and whether the idempotency key had it already."""
    registered = runs.Registered.of(engine)

    def work(transaction: Transaction) -> tuple[BatchRecord, bool]:
        batch, cached = _create(transaction, wanted, one_time)
        if not cached:
            _make_runs(transaction, batch, items, registered, streams_version)
        return batch, cached

    return await engine.store.write(work)


def _make_runs(
    transaction: Transaction,
    batch: BatchRecord,
    items: Sequence[Item],
    registered: runs.Registered,
    streams_version: str,
) -> None:
    now = now_ms()
    for item in sorted(items, key=lambda item: item.index):
        run_id = new_id(now)
        request = replace(item.request, parent=item.request.parent or batch.parent)
        try:
            made, _ = runs.create(
                transaction,
                request,
                registered,
                streams_version=streams_version,
                batch=batch.id,
                run_id=run_id,
            )
        except RefusedError as e:
            raise RefusedError(e.status, f"Item {item.index}: {e}") from None
        if made != run_id:  # to those who watch the batch, it is new
            run_table.touch(transaction, made)
        batch_table.set_run(transaction, batch, item.index, made)
    batch_table.seal(transaction, batch, now)
    blocking.batch_sealed(transaction, batch)
    transaction.wake(batch_topic(batch.id))
