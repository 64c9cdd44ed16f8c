"""Registration: which tasks a worker brings, and which process it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from . import worker_table
from .core import Engine, log
from .ids import new_id, now_ms
from .records import WorkerRecord
from .registry import Process
from .store import Transaction
from .validation import ValidationError, expect, optional, optional_integer


class DuplicateTaskError(Exception):
    """Two tasks of one registration share an id."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A checked registration. `process` is None for a worker that does not say which it is."""

    content_hash: str
    runtime: str
    tasks: dict[str, dict[str, Any]]
    queue_limits: dict[str, int | None]
    pid: int | None
    started: str | None
    origin: str | None
    label: str | None


def parse(body: Any) -> Registration:
    """A registration body (worker-protocol.md §2); `ValidationError`, `DuplicateTaskError`."""
    data = expect(body, "object")
    expect(data.get("localOnly"), "boolean", "localOnly")
    metadata = expect(data.get("metadata"), "object", "metadata")
    expect(metadata.get("packageVersion"), "string", "metadata.packageVersion")
    process = expect(metadata.get("process") or {}, "object", "metadata.process")
    tasks, limits = _tasks(metadata.get("tasks"))
    limits |= _queues(metadata.get("queues"))
    return Registration(
        content_hash=expect(metadata.get("contentHash"), "string", "metadata.contentHash"),
        runtime=optional(metadata.get("runtime"), "string", "metadata.runtime") or "node",
        tasks=tasks,
        queue_limits=limits,
        pid=optional_integer(process.get("pid"), "metadata.process.pid"),
        started=optional(process.get("started"), "string", "metadata.process.started"),
        origin=optional(process.get("origin"), "string", "metadata.process.origin"),
        label=optional(process.get("label"), "string", "metadata.process.label"),
    )


def _tasks(value: Any) -> tuple[dict[str, dict[str, Any]], dict[str, int | None]]:
    tasks: dict[str, dict[str, Any]] = {}
    limits: dict[str, int | None] = {}
    duplicates: list[str] = []
    for i, item in enumerate(expect(value, "array", "metadata.tasks")):
        where = f"metadata.tasks[{i}]"
        task = expect(item, "object", where)
        task_id = expect(task.get("id"), "string", f"{where}.id")
        expect(task.get("filePath"), "string", f"{where}.filePath")
        retry = optional(task.get("retry"), "object", f"{where}.retry") or {}
        optional_integer(retry.get("maxAttempts"), f"{where}.retry.maxAttempts")
        optional_integer(task.get("maxDuration"), f"{where}.maxDuration")
        machine = optional(task.get("machine"), "object", f"{where}.machine") or {}
        optional(machine.get("preset"), "string", f"{where}.machine.preset")
        queue = optional(task.get("queue"), "object", f"{where}.queue") or {}
        name = optional(queue.get("name"), "string", f"{where}.queue.name")
        limit = _limit(queue, f"{where}.queue")
        limits.setdefault(name or f"task/{task_id}", limit)
        if limit is not None:  # of tasks that share a queue, those that set no limit lift none
            limits[name or f"task/{task_id}"] = limit
        if task_id in tasks:
            duplicates.append(task_id)
        tasks[task_id] = task
    if duplicates:
        raise DuplicateTaskError(f"Duplicate task ids detected: {', '.join(duplicates)}")
    return tasks, limits


def _queues(value: Any) -> dict[str, int | None]:
    limits = {}
    for i, item in enumerate(optional(value, "array", "metadata.queues") or []):
        where = f"metadata.queues[{i}]"
        queue = expect(item, "object", where)
        limits[expect(queue.get("name"), "string", f"{where}.name")] = _limit(queue, where)
    return limits


def _limit(queue: dict[str, Any], where: str) -> int | None:
    limit = optional_integer(queue.get("concurrencyLimit"), f"{where}.concurrencyLimit")
    if limit is not None and limit < 0:
        raise ValidationError(
            "Number must be greater than or equal to 0", f"{where}.concurrencyLimit"
        )
    return limit


async def register(engine: Engine, registration: Registration) -> WorkerRecord:
    """Store a registration and give its process what waits for it.

    The same content from the same living process is the registration it already has.
    """
    process = _process_key(registration)
    known = next(
        (
            found.worker
            for found in engine.registry.processes()
            if found.worker.process == process
            and found.worker.content_hash == registration.content_hash
        ),
        None,
    )

    def work(transaction: Transaction) -> WorkerRecord:
        worker_table.set_queue_limits(transaction, registration.queue_limits)
        if known is not None:
            return known
        now = now_ms()
        worker = WorkerRecord(
            id=new_id(now),
            version=worker_table.next_version(transaction.execute, now),
            content_hash=registration.content_hash,
            process=process,
            origin=registration.origin or process,
            label=registration.label or f"worker {process}",
            pid=registration.pid,
            started=registration.started,
            runtime=registration.runtime,
            tasks=registration.tasks,
            created_at=now,
        )
        worker_table.insert(transaction, worker)
        return worker

    worker = await engine.store.write(work)
    engine.registry.add(worker)
    await engine.place_queued()
    log.info(
        "registered %s (%s): %d tasks, version %s",
        worker.friendly_id,
        worker.label,
        len(worker.tasks),
        worker.version,
    )
    return worker


async def revive(engine: Engine, worker_id: str) -> Process | None:
    """The process of a worker that was thought dead only because it had been silent."""
    worker = worker_table.by_id(engine.store.reader.execute, worker_id)
    if worker is None or worker.pid is not None:
        return None
    await engine.store.write(lambda transaction: worker_table.mark_present(transaction, worker))
    engine.registry.add(worker)
    await engine.place_queued()
    return engine.registry.of_worker(worker_id)


def _process_key(registration: Registration) -> str:
    """What runs together: a process, or what an anonymous worker's content says it is."""
    if registration.pid is not None:
        return f"{registration.pid}-{registration.started or ''}"
    return f"anonymous-{hashlib.sha256(registration.content_hash.encode()).hexdigest()[:16]}"
