"""What hangs on a client. A call is described once, in `api/`, and offered here to both clients:

    class _Runs(Resource[X]):
        retrieve = Call(runs.retrieve)        # Trigger: a Run; AsyncTrigger: a coroutine of one
        list = Listing(runs.list_runs)        # Trigger: for; AsyncTrigger: async for

    class Runs(_Runs[Transport]): …
    class AsyncRuns(_Runs[AsyncTransport]): …

Both carry the signature and the docstring of the description, for people and for type checkers.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

from trigger_widgets.api.pages import Pages
from trigger_widgets.api.requests import Request
from trigger_widgets.api.transports import AsyncTransport, Transport

P = ParamSpec("P")
T = TypeVar("T")
X = TypeVar("X", bound=Transport | AsyncTransport)


class Resource(Generic[X]):
    """A group of calls, over the transport of its client."""

    def __init__(self, transport: X) -> None:
        self._transport: X = transport


class Described(Generic[P, T]):
    """A function of `api/` as a method of a resource."""

    def __init__(self, describe: Callable[P, T]) -> None:
        self.describe = describe
        self._signature = inspect.signature(describe)
        self.__doc__ = describe.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.__name__ = name
        self.__qualname__ = f"{owner.__name__.removeprefix('_')}.{name}"

    def as_method(self, method: Callable[..., Any], gives: str = r"\1") -> Any:
        """`method`, with the name, the words and the signature of the description."""
        functools.update_wrapper(method, self.describe)
        method.__name__, method.__qualname__ = self.__name__, self.__qualname__
        # the description gives Request[Run], the method a Run
        result = re.sub(r"^\w+\[(.*)\]$", gives, str(self._signature.return_annotation))
        method.__signature__ = self._signature.replace(return_annotation=result)  # type: ignore[attr-defined]
        return method


class Call(Described[P, Request[T]]):
    """One request, and its result."""

    @overload
    def __get__(self, resource: None, owner: type) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Transport], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, resource: Resource[AsyncTransport], owner: type
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, resource: Any, owner: type) -> Any:
        """The method of a resource."""
        if resource is None:
            return self
        transport: Transport | AsyncTransport = resource._transport  # noqa: SLF001 - its own

        if isinstance(transport, AsyncTransport):

            async def method(*args: P.args, **kwargs: P.kwargs) -> T:
                return await transport.send(self.describe(*args, **kwargs))

            return self.as_method(method)

        def blocking(*args: P.args, **kwargs: P.kwargs) -> T:
            return transport.send(self.describe(*args, **kwargs))

        return self.as_method(blocking)


class Listing(Described[P, Pages[T]]):
    """Items that come by pages, each page when it is needed."""

    @overload
    def __get__(self, resource: None, owner: type) -> Self: ...
    @overload
    def __get__(self, resource: Resource[Transport], owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(
        self, resource: Resource[AsyncTransport], owner: type
    ) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, resource: Any, owner: type) -> Any:
        """The method of a resource."""
        if resource is None:
            return self
        transport: Transport | AsyncTransport = resource._transport  # noqa: SLF001 - its own

        # what is wrong with the filters is said by the call, not by the first step of the loop
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            pages = self.describe(*args, **kwargs)
            if isinstance(transport, AsyncTransport):
                return _each_async(transport, pages)
            return _each(transport, pages)

        is_async = isinstance(transport, AsyncTransport)
        return self.as_method(method, r"AsyncIterator[\1]" if is_async else r"Iterator[\1]")


def _each(transport: Transport, pages: Pages[T]) -> Iterator[T]:
    while (request := pages.request()) is not None:
        yield from pages.answered(transport.send(request))


async def _each_async(transport: AsyncTransport, pages: Pages[T]) -> AsyncIterator[T]:
    while (request := pages.request()) is not None:
        for item in pages.answered(await transport.send(request)):
            yield item
