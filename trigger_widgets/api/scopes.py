"""What a public token may do, as the scopes on the wire (protocol.md §1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trigger_widgets.errors import ConfigurationError, refuse_unknown

Scopes = Mapping[str, Mapping[str, Any]]
"""`{"read": {"runs": ["run_1"], "tags": "user-1"}, "write": {"runs": True}}`"""

_RESOURCES = {
    "read": (
        "batch", "deployments", "inputStreams", "runs", "sessions", "tags", "tasks", "waitpoints",
    ),
    "write": ("batch", "inputStreams", "runs", "sessions", "tags", "tasks", "waitpoints"),
    "trigger": ("tasks",),
    "batchTrigger": ("tasks",),
}  # fmt: skip
_ALIASES = {
    "batch_trigger": "batchTrigger",
    "input_streams": "inputStreams",
    "batches": "batch",
    "wait_tokens": "waitpoints",
}


def flatten_scopes(scopes: Scopes) -> list[str]:
    """`{"read": {"runs": [a, b]}}` as `["read:runs:a", "read:runs:b"]`; True means all of them."""
    flat: list[str] = []
    for action, resources in scopes.items():
        wire_action = _ALIASES.get(action, action)
        refuse_unknown([wire_action], _RESOURCES, of="scopes")
        for resource, ids in resources.items():
            wire_resource = _ALIASES.get(resource, resource)
            refuse_unknown([wire_resource], _RESOURCES[wire_action], of=f'scopes["{action}"]')
            flat += _flatten(f"{wire_action}:{wire_resource}", ids)
    if not flat:
        raise ConfigurationError(
            'a public token needs a scope, for instance scopes={"read": {"runs": [run.id]}}.'
        )
    return flat


def trigger_scopes(tasks: Any, *, batch: bool = False) -> Scopes:
    """What starts runs of these tasks: one id or task object, or several."""
    return {"batchTrigger" if batch else "trigger": {"tasks": tasks}}


def _flatten(prefix: str, ids: Any) -> list[str]:
    if ids is True:
        return [prefix]
    if ids is False or ids is None:
        return []
    many = [ids] if isinstance(ids, str) or not isinstance(ids, Iterable) else ids
    found = [one if isinstance(one, str) else getattr(one, "id", one) for one in many]
    if not all(isinstance(one, str) and one for one in found):
        raise ConfigurationError(f'the scope "{prefix}" takes ids, or True for all of them.')
    return [f"{prefix}:{one}" for one in found]
