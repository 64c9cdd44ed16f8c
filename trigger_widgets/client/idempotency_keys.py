"""`client.idempotency_keys`."""

from __future__ import annotations

from trigger_widgets.api import idempotency
from trigger_widgets.api.transports import AsyncTransport, Transport

from .resource import Call, Resource, X


class _IdempotencyKeys(Resource[X]):
    create = staticmethod(idempotency.create)
    reset = Call(idempotency.reset)


class IdempotencyKeys(_IdempotencyKeys[Transport]):
    """A key is a text as it is, or what `create` makes of texts, as the SDK does."""


class AsyncIdempotencyKeys(_IdempotencyKeys[AsyncTransport]):
    """As `IdempotencyKeys`, for asyncio."""
