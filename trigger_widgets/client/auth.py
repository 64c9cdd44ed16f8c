"""`client.auth`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Self, overload

from pydantic import SecretStr

from trigger_widgets.api import auth
from trigger_widgets.api.auth import Minting
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.config import Endpoint

from .resource import Described, Resource, X

P = ParamSpec("P")


class _Mint(Described[P, Minting]):
    """A token that is made."""

    @overload
    def __get__(self, resource: None, owner: type) -> Self: ...
    @overload
    def __get__(self, resource: Auth, owner: type) -> Callable[P, SecretStr]: ...
    @overload
    def __get__(
        self, resource: AsyncAuth, owner: type
    ) -> Callable[P, Coroutine[Any, Any, SecretStr]]: ...
    def __get__(self, resource: Any, owner: type) -> Any:
        """The method of a resource."""
        if resource is None:
            return self

        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return resource._mint(self.describe(*args, **kwargs))  # noqa: SLF001 - its own

        return self.as_method(method, "SecretStr")


class _Auth(Resource[X]):
    create_public_token = _Mint(auth.create_public_token)
    create_trigger_public_token = _Mint(auth.create_trigger_public_token)
    create_batch_trigger_public_token = _Mint(auth.create_batch_trigger_public_token)

    def __init__(self, transport: X) -> None:
        super().__init__(transport)
        self._subjects: dict[Endpoint, str] = {}


class Auth(_Auth[Transport]):
    """Tokens with narrow rights, signed here with the environment's secret key.

    The server is asked once for the environment's id; for an additional key of an environment,
    which cannot sign, it makes the tokens.
    """

    def _mint(self, minting: Minting) -> SecretStr:
        endpoint = self._transport.server.endpoint()
        key = endpoint.access_token
        if not auth.can_sign(key):
            return self._transport.send(minting.request())
        if endpoint not in self._subjects:
            self._subjects[endpoint] = self._transport.send(auth.claims())
        return minting.sign(key, self._subjects[endpoint])


class AsyncAuth(_Auth[AsyncTransport]):
    """As `Auth`, for asyncio."""

    async def _mint(self, minting: Minting) -> SecretStr:
        endpoint = await self._transport.endpoint()
        key = endpoint.access_token
        if not auth.can_sign(key):
            return await self._transport.send(minting.request())
        if endpoint not in self._subjects:
            self._subjects[endpoint] = await self._transport.send(auth.claims())
        return minting.sign(key, self._subjects[endpoint])
