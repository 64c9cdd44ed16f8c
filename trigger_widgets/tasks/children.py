"""Runs that a run triggers: linked to it as their parent, and waited for if need be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trigger_widgets.api import batches, refs
from trigger_widgets.api import runs as runs_api
from trigger_widgets.api import tasks as api
from trigger_widgets.api.batch_items import plan
from trigger_widgets.api.batches import Item
from trigger_widgets.errors import RunError
from trigger_widgets.packets import JSON_TYPE, decode_packet

from .link import WaitFor
from .registry import registry
from .results import Result
from .scope import RunScope, current_scope
from .steps import Steps

if TYPE_CHECKING:
    from .definition import Task


def linked(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a trigger; inside of a run they name it as the parent."""
    scope = current_scope()
    if scope is None or "parent_run_id" in options:
        return dict(options)
    return {**options, "parent_run_id": scope.context.run.id}


def tied_to_worker(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options that let the worker of this process execute the run, unless they say otherwise."""
    if "version" not in options and registry.ensure_worker is not None:
        worker = registry.ensure_worker()
        if worker is not None:
            return {**options, "version": worker.version}
    return dict(options)


def trigger_and_wait(
    scope: RunScope, task: Task[..., Any] | str, payload: Any, options: Mapping[str, Any]
) -> Steps[Result[Any]]:
    """Trigger a child and wait until it has ended.

    The same task with the same payload is found again by the next attempt, unless it failed.
    """
    run_id, task_id = scope.context.run.id, refs.task_id(task)
    options = {**_tied(task, options), "parent_run_id": run_id}
    request = api.trigger(task_id, payload, options)
    body = dict(request.body)
    body["options"] = {**body["options"], "resumeParentOnCompletion": True}
    if "idempotencyKey" not in body["options"]:
        body["options"]["idempotencyKey"] = _key(scope, task_id, body["payload"])
    with scope.waits.waiting(f"a run of {task_id}"):
        completed = yield scope.link.wait(run_id, WaitFor(request.path, body, named_at=("id",)))
    (result,) = yield from _results(scope, [completed], task)
    return result


def batch_trigger_and_wait(
    scope: RunScope, task: Task[..., Any] | str | None, items: Any, options: Mapping[str, Any]
) -> Steps[list[Result[Any]]]:
    """Trigger a child for each item and wait until all have ended; the results in their order.

    Each is found again by the next attempt, as by `trigger_and_wait`. More than a batch may have
    are several batches, one after the other.
    """
    planned, _ = plan(task, items, options=_tied(task, options))
    keyed = [_with_key(scope, item) for item in planned]
    results: list[Result[Any]] = []
    for start in range(0, len(keyed), batches.LIMIT):
        some = keyed[start : start + batches.LIMIT]
        tasks = ", ".join(sorted({item.task for item in some}))
        with scope.waits.waiting(f"{len(some):,} runs of {tasks}"):
            completed = yield scope.link.wait(scope.context.run.id, _batch(scope, some))
        results += yield from _results(scope, completed["items"], task)
    return results


def _tied(task: Task[..., Any] | str | None, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """A task object means the code that is here; an id any process that has it."""
    return options if task is None or isinstance(task, str) else tied_to_worker(options)


def _batch(scope: RunScope, items: list[Item]) -> WaitFor:
    run_id = scope.context.run.id
    request = batches.create(len(items), (item.task for item in items))
    # of this very attempt, should an answer be lost: what failed in an earlier one is tried again
    key = scope.waits.key(f"{run_id}:{scope.context.attempt.number}", "batch")
    parent = {"parentRunId": run_id, "resumeParentOnCompletion": True, "idempotencyKey": key}
    lines = [item.line(n).decode() for n, item in enumerate(items)]
    return WaitFor(request.path, {**request.body, **parent}, named_at=("id",), items=lines)


def _with_key(scope: RunScope, item: Item) -> Item:
    if "idempotencyKey" in item.options:
        return item
    key = _key(scope, item.task, item.payload.data)
    return replace(item, options={**item.options, "idempotencyKey": key})


def _key(scope: RunScope, task_id: str, payload: Any) -> str:
    """Of a child: the same for the same task and payload, and counted where these come again."""
    digest = hashlib.sha256(str(payload).encode("utf-8", "replace")).hexdigest()
    return scope.waits.key(scope.context.run.id, f"{task_id}:{digest[:16]}")


def _results(
    scope: RunScope, completed: Sequence[dict[str, Any]], task: Task[..., Any] | str | None
) -> Steps[list[Result[Any]]]:
    """How children ended. What failed ones died of is asked for, of all at once."""
    calls = []
    for ended in completed:
        request = runs_api.retrieve(ended["completedByTaskRun"]["friendlyId"])
        failed = ended.get("outputIsError")
        call = scope.link.call(request.method, request.path, None, patient=True) if failed else None
        calls.append((request, call))
    results: list[Result[Any]] = []
    for ended, (request, call) in zip(completed, calls, strict=True):
        child = ended["completedByTaskRun"]["friendlyId"]
        try:
            if call is not None:
                output = request.decode((yield call)).unwrap()
            else:
                output = _output(ended, task)
        except RunError as e:
            results.append(Result(child, error=e))
        else:
            results.append(Result(child, output))
    return results


def _output(ended: Mapping[str, Any], task: Task[..., Any] | str | None) -> Any:
    """In the type that the task promises, where it is known here."""
    output = decode_packet(ended.get("output"), ended.get("outputType") or JSON_TYPE)
    parameters = getattr(task, "parameters", None)
    return output if parameters is None else parameters.check_output(output)
