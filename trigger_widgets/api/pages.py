"""Lists that a server gives by pages: asked for one after the other, for sync and async alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from trigger_widgets.errors import ConfigurationError, ProtocolError

from .requests import Answer, Request

T = TypeVar("T")
LONGEST_PAGE = 100


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items; `next` is the cursor of the page that follows, None after the last."""

    items: list[T]
    next: str | None


class Pages(Generic[T]):
    """All pages of a list, up to `limit` items: `request`, then `answered`, until it is None.

    `ask` makes the request from the parameters of a page; nothing is sent before it is used.
    """

    def __init__(
        self, ask: Callable[[Mapping[str, str]], Request[Page[T]]], *, limit: int | None = None
    ) -> None:
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
            raise ConfigurationError(f"limit is a number of items, or None for all, not {limit!r}.")
        self._ask = ask
        self._left = limit
        self._after: str | None = None
        self._is_last = False

    def request(self) -> Request[Page[T]] | None:
        """The next request; None when there is nothing more to ask for."""
        if self._is_last or (self._left is not None and self._left <= 0):
            return None
        size = LONGEST_PAGE if self._left is None else min(self._left, LONGEST_PAGE)
        after = {} if self._after is None else {"page[after]": self._after}
        return self._ask({"page[size]": str(size), **after})

    def answered(self, page: Page[T]) -> list[T]:
        """The items of a page."""
        items = page.items[: self._left]
        if self._left is not None:
            self._left -= len(items)
        # a page that leads to itself would never end
        self._is_last = page.next is None or page.next == self._after
        self._after = page.next
        return items


def read_page(answer: Answer, item: Callable[[Any], T], *, of: str) -> Page[T]:
    """A page as both lists of the server have it: `{"data":[…],"pagination":{"next"?}}`."""
    body = answer.object()
    data, pagination = body.get("data"), body.get("pagination") or {}
    if not isinstance(data, list) or not isinstance(pagination, dict):
        raise ProtocolError(f"the server's list of {of} has no data and pagination.")
    after = pagination.get("next")
    return Page([item(one) for one in data], after if isinstance(after, str) else None)
