"""`AsyncTrigger`, the client for asyncio."""

from __future__ import annotations

from typing import Self, Unpack

from trigger_widgets.api.transports import AsyncTransport

from .auth import AsyncAuth
from .batches import AsyncBatches
from .idempotency_keys import AsyncIdempotencyKeys
from .options import ClientOptions, sending, server_of
from .runs import AsyncRuns
from .streams import AsyncStreams
from .tasks import AsyncTasks
from .wait import AsyncWait


class AsyncTrigger:
    """The twin of `Trigger` for asyncio: `async with AsyncTrigger() as client`."""

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        transport = AsyncTransport(server_of(options, of="AsyncTrigger"), **sending(options))
        self._transport = transport
        self.tasks = AsyncTasks(transport)
        self.runs = AsyncRuns(transport)
        self.batches = AsyncBatches(transport)
        self.streams = AsyncStreams(transport)
        self.wait = AsyncWait(transport)
        self.auth = AsyncAuth(transport)
        self.idempotency_keys = AsyncIdempotencyKeys(transport)

    async def close(self) -> None:
        """Close the connections. Subscriptions go on; a later call opens new connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()
