"""What a development worker is told, in the shapes of a real server (pyworker recordings)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import batch_table, waitpoint_table
from .batch_table import Execute
from .blocking import BATCH, RUN, with_outcome
from .core import PROJECT_REF, Engine
from .ids import iso
from .records import RunRecord, WaitpointRecord, WorkerRecord
from .run_views import plain
from .statuses import Status

_MACHINES = {
    "micro": (0.25, 0.25),
    "small-1x": (0.5, 0.5),
    "small-2x": (1, 1),
    "medium-1x": (1, 2),
    "medium-2x": (2, 4),
    "large-1x": (4, 8),
    "large-2x": (8, 16),
}
_ORGANIZATION = {"id": "org_embedded", "slug": "embedded", "name": "Embedded"}
_PROJECT = {"id": PROJECT_REF, "ref": PROJECT_REF, "slug": "embedded", "name": "Embedded"}


def _machine(preset: str | None) -> dict[str, Any]:
    name = preset if preset in _MACHINES else "small-1x"
    cpu, memory = _MACHINES[name]
    return {
        "name": name,
        "code": name,
        "title": name.replace("-", " ").capitalize(),
        "cpu": cpu,
        "memory": memory,
        "centsPerMs": 0,
    }


def snapshot(run: RunRecord) -> dict[str, Any]:
    """The latest snapshot of a run."""
    return {
        "id": run.snapshot,
        "friendlyId": run.friendly_snapshot,
        "executionStatus": run.execution.wire,
        "description": run.description,
        "createdAt": iso(run.snapshot_at),
    }


def dequeued(engine: Engine, run: RunRecord, worker: WorkerRecord) -> dict[str, Any]:
    """One of the `dequeuedMessages`. Task id and payload come with the start."""
    return {
        "version": "1",
        "dequeuedAt": iso(run.updated_at),
        "workerQueueLength": 0,
        "snapshot": snapshot(run),
        "completedWaitpoints": [],
        "backgroundWorker": {
            "id": worker.id,
            "friendlyId": worker.friendly_id,
            "version": worker.version,
            "runtime": worker.runtime,
        },
        "deployment": {},
        "run": {
            "id": run.id,
            "friendlyId": run.friendly_id,
            "isTest": run.is_test,
            "isReplay": False,
            "machine": _machine(run.machine),
            "attemptNumber": run.attempt + 1,
            "masterQueue": engine.environment,
            "traceContext": _trace_context(run),
            "annotations": {},
        },
        "environment": {"id": engine.environment, "type": "DEVELOPMENT"},
        "organization": {"id": _ORGANIZATION["id"]},
        "project": {"id": _PROJECT["id"]},
        "placementTags": [],
    }


def _trace_context(run: RunRecord) -> dict[str, Any]:
    """A trace of its own for each run, made from its id; nothing records it here."""
    digits = f"{int(run.id, 36):032x}"[-32:]
    return {"traceparent": f"00-{digits}-{digits[-16:]}-01"}


def started(
    engine: Engine, run: RunRecord, worker: WorkerRecord | None, api_url: str
) -> dict[str, Any]:
    """The answer to attempts/start: all that a worker needs to run the task."""
    task = worker.tasks.get(run.task, {}) if worker else {}
    times = {"createdAt": iso(run.created_at), "startedAt": iso(run.started_at or run.created_at)}
    optional = {
        "payload": run.payload,
        "maxAttempts": run.max_attempts,
        "version": run.version,
        "maxDuration": run.max_duration,
        "priority": run.priority,
        "idempotencyKey": run.idempotency_key,
        "parentTaskRunId": f"run_{run.parent}" if run.parent else None,
        "rootTaskRunId": f"run_{run.root}" if run.root else None,
    }
    metadata = plain(run.metadata, run.metadata_type) if run.metadata else None
    if isinstance(metadata, dict):
        optional["metadata"] = metadata  # type: ignore[assignment]  # the one that is no scalar
    return {
        "run": {**_summary(run), "createdAt": times["createdAt"], "queue": run.queue},
        "snapshot": snapshot(run),
        "execution": {
            "attempt": {"number": run.attempt, "startedAt": iso(run.snapshot_at)},
            "run": {
                "id": run.friendly_id,
                "payloadType": run.payload_type,
                "tags": list(run.tags),
                "isTest": run.is_test,
                "isReplay": False,
                **times,
                "durationMs": run.usage_ms,
                "costInCents": 0,
                "baseCostInCents": 0,
                "traceContext": _trace_context(run),
                "realtimeStreamsVersion": run.streams_version,
                **{name: value for name, value in optional.items() if value is not None},
            },
            "task": {
                "id": run.task,
                "filePath": task.get("filePath", ""),
                **({"exportName": task["exportName"]} if "exportName" in task else {}),
            },
            "queue": {"id": f"queue_{run.queue}", "name": run.queue},
            "environment": {"id": engine.environment, "slug": "dev", "type": "DEVELOPMENT"},
            "organization": _ORGANIZATION,
            "project": _PROJECT,
            "machine": _machine(run.machine),
            **({"batch": {"id": f"batch_{run.batch}"}} if run.batch else {}),
        },
        "envVars": {
            "TRIGGER_API_URL": api_url,
            "TRIGGER_STREAM_URL": api_url,
            "TRIGGER_RUN_ID": run.id,
            "TRIGGER_MACHINE_PRESET": _machine(run.machine)["name"],
        },
    }


def _summary(run: RunRecord) -> dict[str, Any]:
    return {
        "id": run.id,
        "friendlyId": run.friendly_id,
        "status": run.status.value,
        "attemptNumber": run.attempt,
    }


def completed(run: RunRecord, attempt_status: str) -> dict[str, Any]:
    """The `result` of attempts/complete."""
    over = {"alreadyFinished": False} if run.status is Status.CANCELED else {}
    told = {"snapshot": snapshot(run), "run": _summary(run)}
    return {"attemptStatus": attempt_status, **over, **told}


def execution_data(engine: Engine, run: RunRecord) -> dict[str, Any]:
    """What snapshots/latest says, and what let the run go on."""
    execute = engine.store.reader.execute
    told = waitpoint_table.told_to(execute, run)
    return {
        "version": "1",
        "snapshot": snapshot(run),
        "run": _summary(run),
        "completedWaitpoints": [
            wire
            for waitpoint in told
            for wire in (completed_waitpoint(waitpoint), *_runs_of_batch(execute, waitpoint))
        ],
    }


def _runs_of_batch(execute: Execute, waitpoint: WaitpointRecord) -> Iterator[dict[str, Any]]:
    """The end of a batch tells of the end of each of its runs (pyworker-10, 0019)."""
    if waitpoint.type != BATCH:
        return
    name = waitpoint.idempotency_key
    batch = {"id": name, "friendlyId": f"batch_{name}"}
    for index, run in enumerate(batch_table.outcomes(execute, name)):
        ended = WaitpointRecord(
            id=run.id,
            type=RUN,
            created_at=waitpoint.created_at,
            completed_at=run.completed_at,
            idempotency_key=run.id,
        )
        wire = completed_waitpoint(with_outcome(ended, run))
        yield wire | {
            "index": index,
            "completedByTaskRun": {**wire["completedByTaskRun"], "batch": batch},
        }


def completed_waitpoint(waitpoint: WaitpointRecord) -> dict[str, Any]:
    """As in pyworker-07, -08 and -09, and in devworker-08b, which timed out."""
    return {
        "id": waitpoint.id,
        "friendlyId": waitpoint.friendly_id,
        "type": waitpoint.type,
        "completedAt": iso(waitpoint.completed_at or 0),
        **({} if waitpoint.due_at is None else {"completedAfter": iso(waitpoint.due_at)}),
        **({"completedByTaskRun": _named(waitpoint, "run")} if waitpoint.type == RUN else {}),
        **({"completedByBatch": _named(waitpoint, "batch")} if waitpoint.type == BATCH else {}),
        **({} if waitpoint.output is None else {"output": waitpoint.output}),
        "outputType": waitpoint.output_type,
        "outputIsError": waitpoint.output_is_error,
    }


def _named(waitpoint: WaitpointRecord, kind: str) -> dict[str, str]:
    """What has completed it: the key of such a waitpoint is its id."""
    found = waitpoint.idempotency_key
    return {"id": found, "friendlyId": f"{kind}_{found}"}
