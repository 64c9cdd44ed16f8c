"""What callers change about a run, or make of one: replay, reschedule, tags, idempotency key."""

from __future__ import annotations

import json
from collections.abc import Sequence

from . import lifecycle, run_table, runs
from .core import Engine
from .ids import now_ms
from .records import RunRecord
from .snapshots import Execution
from .store import Transaction
from .trigger_request import MAX_TAGS, RefusedError, TriggerRequest


async def replay(engine: Engine, run: RunRecord, request_key: str | None) -> str:
    """A new run like this one, as it was triggered; gives its bare id.

    As on a real server it is nobody's child, has no delay, no ttl and no idempotency key, and is
    executed by whoever has the task now.
    """
    registered = runs.Registered.of(engine)
    request = TriggerRequest(
        task=run.task,
        payload=run.payload,
        payload_type=run.payload_type,
        metadata=run.seed_metadata,
        tags=run.tags,
        delay_until=None,
        ttl=None,
        idempotency_key=None,
        idempotency_key_expires=None,
        max_attempts=None,
        max_duration=None,
        lock_to_version=None,
        is_test=run.is_test,
        parent=None,
        resume_parent=False,
        queue=run.queue,
        concurrency_key=run.concurrency_key,
        priority=None,
        machine=run.machine,
        region=run.region,
    )

    def make(transaction: Transaction) -> tuple[str, bool]:
        version = run.streams_version
        return runs.create(transaction, request, registered, streams_version=version)

    what = f"replay {run.id}"
    replayed, _ = await engine.store.write(lambda t: runs.once(t, request_key, what, make))
    return replayed


async def reschedule(engine: Engine, run_id: str, until: int) -> RunRecord | None:
    """Let a delayed run begin at another moment; `RefusedError` for one that is not delayed."""

    def become(run: RunRecord) -> RunRecord:
        if run.execution is not Execution.DELAYED:
            raise RefusedError(400, "Cannot reschedule a run that is not delayed")
        return lifecycle.changed(run, now_ms(), delay_until=until, due_at=until)

    return await engine.store.write(lambda t: run_table.change(t, run_id, become))


async def add_tags(engine: Engine, run_id: str, tags: Sequence[str]) -> int:
    """Give a run more tags; how many of them are new. `RefusedError` where they are too many."""

    def work(transaction: Transaction) -> int:
        run = run_table.get(transaction.execute, run_id)
        if run is None:
            return 0
        new = [tag for tag in tags if tag not in run.tags]
        count = len(run.tags) + len(new)
        if count > MAX_TAGS:
            named = ", ".join(f"'{tag}'" for tag in new)
            raise RefusedError(
                422,
                f"Runs can only have {MAX_TAGS} tags, you're trying to set {count}. "
                f"These tags have not been set: {named}.",
            )
        if new:
            changed = lifecycle.changed(run, now_ms(), tags=(*run.tags, *new))
            run_table.update(transaction, run, changed)
        return len(new)

    return await engine.store.write(work)


async def reset_idempotency_key(engine: Engine, task: str, key: str) -> bool:
    """Let the next trigger with this key make a run again; False if no run has it."""

    def work(transaction: Transaction) -> bool:
        row = transaction.execute(
            "SELECT run FROM idempotency_keys WHERE task = ? AND key = ?", (task, key)
        ).fetchone()
        if row is None:
            return False
        transaction.execute("DELETE FROM idempotency_keys WHERE task = ? AND key = ?", (task, key))
        run = run_table.get(transaction.execute, row["run"])
        if run is not None:
            freed = lifecycle.changed(run, now_ms(), idempotency_key=None, own_key=None)
            run_table.update(transaction, run, freed)
        return True

    return await engine.store.write(work)


def result(run: RunRecord) -> dict[str, object] | None:
    """How a run ended, as `GET …/result` has it; None while it goes on."""
    if not run.status.is_final:
        return None
    named: dict[str, object] = {"id": run.friendly_id, "taskIdentifier": run.task}
    if run.error is None:
        output = {} if run.output is None else {"output": run.output}
        return {"ok": True, **named, **output, "outputType": run.output_type}
    return {"ok": False, **named, "error": json.loads(run.error)}
