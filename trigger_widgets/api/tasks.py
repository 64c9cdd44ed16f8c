"""Tasks: trigger one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from trigger_widgets.errors import ProtocolError
from trigger_widgets.packets import encode_packet

from .options import encode_options
from .refs import task_id
from .requests import Answer, Request
from .typed import check_payload


@dataclass(frozen=True)
class Triggered:
    """What the server says of a new run. `public_access_token` may read it for one hour."""

    id: str
    is_cached: bool
    public_access_token: SecretStr | None


def trigger(task: Any, payload: Any, options: Mapping[str, Any]) -> Request[Triggered]:
    """`POST /api/v1/tasks/<id>/trigger` (protocol.md §2)."""
    identifier = task_id(task)
    check_payload(task, payload)
    packet = encode_packet(payload, what="payload")
    return Request(
        "POST",
        f"/api/v1/tasks/{quote(identifier, safe='')}/trigger",
        read_triggered,
        doing=f"trigger {identifier}",
        body={
            "payload": packet.data,
            "options": {**encode_options(options), "payloadType": packet.data_type},
        },
    )


def read_triggered(answer: Answer) -> Triggered:
    """The run that was made, or found."""
    body = answer.object()
    run = body.get("id")
    if not isinstance(run, str):
        raise ProtocolError("the server accepted the trigger without giving the run's id.")
    token = answer.headers.get("x-trigger-jwt")
    return Triggered(run, body.get("isCached") is True, SecretStr(token) if token else None)
