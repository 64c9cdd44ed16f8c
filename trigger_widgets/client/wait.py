"""`client.wait`."""

from __future__ import annotations

from trigger_widgets.api import wait
from trigger_widgets.api.transports import AsyncTransport, Transport

from .resource import Call, Listing, Resource, X


class _Wait(Resource[X]):
    create_token = Call(wait.create_token)
    retrieve_token = Call(wait.retrieve_token)
    list_tokens = Listing(wait.list_tokens)
    complete_token = Call(wait.complete_token)
    complete_by_url = Call(wait.complete_by_url)


class Wait(_Wait[Transport]):
    """Tokens that runs wait for. A token is named by its id or by itself."""


class AsyncWait(_Wait[AsyncTransport]):
    """As `Wait`, for asyncio."""
