"""Drives one shape by long polls, for any number of readers. Lives on the background loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import httpx

from trigger_widgets.api.headers import feed_headers
from trigger_widgets.api.requests import Answer
from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import to_answer
from trigger_widgets.config import Endpoint
from trigger_widgets.errors import ProtocolError

from . import driver
from .connection import Connection
from .driver import AnyReader, Driver
from .shape import UP_TO_DATE, Phase, Row, Shape, parse_batch

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_HASTY = 0.2  # a held poll that is empty sooner than this was not held
_SUCCESS, _NOTHING_NEW, _CONFLICT = 200, 204, 409
_MANY_REFETCHES = 3


@dataclass(frozen=True)
class Source(Generic[T]):
    """Which feed, and what its rows mean.

    `decode` gives None while there is nothing to show; `supersedes` says whether a value is news
    after the one before it, `is_final` that nothing will follow. Readers share a connection if
    address, parameters and `variant` are the same.
    """

    path: str
    decode: Callable[[Mapping[str, Row]], T | None]
    supersedes: Callable[[T, T], bool]
    is_final: Callable[[T], bool]
    doing: str
    subject: str
    params: Mapping[str, str] = field(default_factory=dict)
    variant: Hashable = None


class Reader(AnyReader, Protocol[T_contra]):
    """A reader of a shape: it is told the latest value."""

    def value(self, value: T_contra) -> None:
        """A newer value than the one before."""


class Feed(Driver[Reader[T]], Generic[T]):
    """One shape and its readers."""

    def __init__(self, source: Source[T], server: Server) -> None:
        super().__init__(server, doing=source.doing, subject=source.subject)
        self._source = source
        self._shape = Shape()
        self._latest: T | None = None

    def _welcome(self, reader: Reader[T]) -> None:
        if self._latest is not None:
            reader.value(self._latest)
            self._dismiss_satisfied(self._latest)

    async def _turn(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        shape, asked_at = self._shape, time.monotonic()
        try:
            response = await client.get(
                endpoint.api_url + self._source.path,
                params={**self._source.params, **shape.params()},
                headers=feed_headers(endpoint),
            )
        except httpx.RequestError as error:
            self._shape = shape.cut()
            await self._cut(error, endpoint)
            return
        answer = to_answer(response)
        if answer.status == _CONFLICT:
            await self._start_over(shape.refetch(answer.headers.get("electric-handle")))
        elif answer.status not in {_SUCCESS, _NOTHING_NEW}:
            await self._refused(answer, endpoint)
        else:
            await self._answered(answer, shape, asked_at)

    async def _answered(self, answer: Answer, shape: Shape, asked_at: float) -> None:
        # older servers end a poll in which nothing happened with a 204, and no body
        body = UP_TO_DATE if answer.status == _NOTHING_NEW else answer.body
        try:
            after = shape.answered(parse_batch(answer.headers, body))
            value = self._value(after, shape)
        except ProtocolError as error:
            self._shape = shape.refetch()
            await self._misunderstood(error)
        else:
            self._understood()
            self._shape = after
            await self._moved(shape, after, value, asked_at)

    async def _moved(self, shape: Shape, after: Shape, value: T | None, asked_at: float) -> None:
        if after.refetches > shape.refetches:
            await self._start_over(after)
        elif after.outdated > shape.outdated:
            await self._retry(
                ProtocolError("a cache on the way to the server keeps giving outdated answers."),
                patience=driver.FAILING_PATIENCE,
            )
        else:
            await self._accepted(shape, after, value, asked_at)

    async def _accepted(self, shape: Shape, after: Shape, value: T | None, asked_at: float) -> None:
        if after.phase is Phase.LIVE:
            self._say(Connection("live"))
        if value is not None:
            self._publish(value)
        moved = after.offset != shape.offset or after.phase is not shape.phase
        if moved or time.monotonic() - asked_at > _HASTY:
            self._backoff.reset()
        else:
            # a server that answers at once with nothing new would otherwise be asked in a loop
            await self._pause(self._backoff.wait())

    async def _start_over(self, shape: Shape) -> None:
        self._shape = shape
        if shape.refetches < _MANY_REFETCHES:
            await self._pause(self._backoff.wait())
        else:
            await self._retry(
                ProtocolError(f"the server keeps saying that {self._subject} must be read anew."),
                patience=driver.FAILING_PATIENCE,
            )

    def _value(self, after: Shape, before: Shape) -> T | None:
        if after.rows is None or after.rows is before.rows:
            return None
        value = self._source.decode(after.rows)
        if value is None or self._latest is None:
            return value
        return value if self._source.supersedes(value, self._latest) else None

    def _publish(self, value: T) -> None:
        self._latest = value
        for reader in list(self._readers):
            reader.value(value)
        self._dismiss_satisfied(value)

    def _dismiss_satisfied(self, value: T) -> None:
        if self._source.is_final(value):
            self._dismiss_final()
