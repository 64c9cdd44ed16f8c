"""Runs that a run triggers: linked to it as their parent, and waited for if need be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from trigger_widgets.api import runs as runs_api
from trigger_widgets.api import tasks as api
from trigger_widgets.errors import RunError
from trigger_widgets.packets import JSON_TYPE, decode_packet

from .link import WaitFor
from .results import Result
from .scope import RunScope, current_scope
from .steps import Steps


def linked(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a trigger; inside of a run they name it as the parent."""
    scope = current_scope()
    if scope is None or "parent_run_id" in options:
        return dict(options)
    return {**options, "parent_run_id": scope.context.run.id}


def trigger_and_wait(
    scope: RunScope, task_id: str, payload: Any, options: Mapping[str, Any]
) -> Steps[Result[Any]]:
    """Trigger a child and wait until it has ended.

    The same task with the same payload is found again by the next attempt, unless it failed.
    """
    run_id = scope.context.run.id
    request = api.trigger(task_id, payload, {**options, "parent_run_id": run_id})
    body = dict(request.body)
    body["options"] = {**body["options"], "resumeParentOnCompletion": True}
    if "idempotencyKey" not in body["options"]:
        digest = hashlib.sha256(str(body["payload"]).encode("utf-8", "replace")).hexdigest()
        body["options"]["idempotencyKey"] = scope.waits.key(run_id, f"{task_id}:{digest[:16]}")
    with scope.waits.waiting(f"a run of {task_id}"):
        completed = yield scope.link.wait(run_id, WaitFor(request.path, body, named_at=("id",)))
    child = completed["completedByTaskRun"]["friendlyId"]
    if not completed.get("outputIsError"):
        data, data_type = completed.get("output"), completed.get("outputType") or JSON_TYPE
        return Result(child, decode_packet(data, data_type))
    retrieve = runs_api.retrieve(child)
    answer = yield scope.link.call(retrieve.method, retrieve.path, None, patient=True)
    try:
        return Result(child, retrieve.decode(answer).unwrap())
    except RunError as e:
        return Result(child, error=e)
