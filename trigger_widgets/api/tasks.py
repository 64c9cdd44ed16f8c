"""Tasks: trigger one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from trigger_widgets.errors import ConfigurationError, ProtocolError
from trigger_widgets.packets import encode_packet

from .options import encode_options
from .requests import Answer, Request


@dataclass(frozen=True)
class Triggered:
    """What the server says of a new run. `public_access_token` may read it for one hour."""

    id: str
    is_cached: bool
    public_access_token: SecretStr | None


def task_id(task: Any) -> str:
    """The id of a task: a text, or anything that has it as `.id`."""
    found = task if isinstance(task, str) else getattr(task, "id", None)
    if not isinstance(found, str) or not found:
        raise ConfigurationError(
            f'a task is named by its id, as in tasks.trigger("my-task"), not by {task!r}.'
        )
    return found


def trigger(task: Any, payload: Any, options: Mapping[str, Any]) -> Request[Triggered]:
    """`POST /api/v1/tasks/<id>/trigger` (protocol.md §2)."""
    identifier = task_id(task)
    packet = encode_packet(payload, what="payload")
    return Request(
        "POST",
        f"/api/v1/tasks/{quote(identifier, safe='')}/trigger",
        _triggered,
        doing=f"trigger {identifier}",
        body={
            "payload": packet.data,
            "options": {**encode_options(options), "payloadType": packet.data_type},
        },
    )


def _triggered(answer: Answer) -> Triggered:
    body = answer.object()
    run = body.get("id")
    if not isinstance(run, str):
        raise ProtocolError("the server accepted the trigger without giving the run's id.")
    token = answer.headers.get("x-trigger-jwt")
    return Triggered(run, body.get("isCached") is True, SecretStr(token) if token else None)
