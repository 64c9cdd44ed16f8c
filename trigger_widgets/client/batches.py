"""`client.batches`."""

from __future__ import annotations

from trigger_widgets.api import batches
from trigger_widgets.api.transports import AsyncTransport, Transport

from .resource import Call, Resource, X


class _Batches(Resource[X]):
    retrieve = Call(batches.retrieve)


class Batches(_Batches[Transport]):
    """A batch is named by its id, its handle, or an earlier state of it."""


class AsyncBatches(_Batches[AsyncTransport]):
    """As `Batches`, for asyncio."""
