"""A wait token as the REST API shows it, and its callback address (raw-30-wait-tokens)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from trigger_widgets.secret import Secret

from .ids import iso
from .records import WaitpointRecord


def callback_hash(key: Secret, waitpoint: WaitpointRecord) -> str:
    """The last part of a token's callback address: whoever knows it may complete the token."""
    secret = key.get_secret_value().encode()
    return hmac.new(secret, waitpoint.id.encode(), hashlib.sha256).hexdigest()


def callback_url(origin: str, key: Secret, waitpoint: WaitpointRecord) -> str:
    """Where a POST completes the token, without any other credential."""
    path = f"/api/v1/waitpoints/tokens/{waitpoint.friendly_id}/callback"
    return f"{origin}{path}/{callback_hash(key, waitpoint)}"


def detail(waitpoint: WaitpointRecord, url: str) -> dict[str, Any]:
    """What `GET /api/v1/waitpoints/tokens/<id>` gives; the output is the packet, not its value."""
    return {
        "id": waitpoint.friendly_id,
        "type": waitpoint.type,
        "url": url,
        "status": waitpoint.status,
        "idempotencyKey": waitpoint.idempotency_key,
        "userProvidedIdempotencyKey": waitpoint.has_own_key,
        **({} if waitpoint.output is None else {"output": waitpoint.output}),
        "outputType": waitpoint.output_type,
        "outputIsError": waitpoint.output_is_error,
        **_times(waitpoint),
        "createdAt": iso(waitpoint.created_at),
        "tags": list(waitpoint.tags),
    }


def listed(waitpoint: WaitpointRecord, url: str) -> dict[str, Any]:
    """One row of the list; it carries no output, and no key that the engine made."""
    return {
        "id": waitpoint.friendly_id,
        "url": url,
        "status": waitpoint.status,
        **_times(waitpoint),
        **({"idempotencyKey": waitpoint.idempotency_key} if waitpoint.has_own_key else {}),
        "tags": list(waitpoint.tags),
        "createdAt": iso(waitpoint.created_at),
    }


def _times(waitpoint: WaitpointRecord) -> dict[str, str]:
    times = {
        "timeoutAt": waitpoint.due_at,
        "completedAfter": waitpoint.due_at,
        "completedAt": waitpoint.completed_at,
    }
    return {name: iso(ms) for name, ms in times.items() if ms is not None}
