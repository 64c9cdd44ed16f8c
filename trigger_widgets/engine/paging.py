"""Lists that come in pages: `page[size]`, and the ids that a page goes on from; their filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from starlette.requests import Request

from trigger_widgets.durations import parse_duration
from trigger_widgets.errors import ConfigurationError

from .ids import now_ms, to_ms
from .web import Refusal

_LARGEST = 100
_DEFAULT = 25
T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """`after` goes on to older rows, `before` back to newer ones; at most one of them is there."""

    size: int
    after: str | None = None
    before: str | None = None

    @property
    def condition(self) -> tuple[str, list[str]]:
        """A WHERE condition on the ids, with its parameters."""
        if self.before is not None:
            return "id > ?", [self.before]
        return ("1", []) if self.after is None else ("id < ?", [self.after])

    @property
    def order(self) -> str:
        """The end of the query. It asks for one row more than the page has: is there another?"""
        return f"ORDER BY id {'DESC' if self.before is None else 'ASC'} LIMIT {self.size + 1}"

    def cut(self, rows: Sequence[T]) -> tuple[list[T], bool]:
        """The rows of the page, newest first, and whether there are more in its direction."""
        kept = list(rows[: self.size])
        return kept if self.before is None else kept[::-1], len(rows) > self.size

    def cursors(self, ids: Sequence[str], *, more: bool) -> dict[str, str]:
        """The `pagination` of an answer that holds `ids`."""
        if not ids:
            return {}
        backwards = self.before is not None
        found = {}
        if more or backwards:
            found["next"] = ids[-1]
        if self.after is not None or (backwards and more):
            found["previous"] = ids[0]
        return found


def page(request: Request) -> Page:
    """The page that a request asks for."""
    query = request.query_params
    before = query.get("page[before]")
    return Page(size(request), None if before else query.get("page[after]"), before or None)


def size(request: Request) -> int:
    """`page[size]`, at most 100."""
    text = request.query_params.get("page[size]")
    if text is None:
        return _DEFAULT
    try:
        number = int(text)
    except ValueError:
        raise query_error("Expected number, received nan", "page[size]") from None
    if number > _LARGEST:
        limit = {"code": "too_big", "maximum": _LARGEST}
        raise _out_of_bounds(f"Number must be less than or equal to {_LARGEST}", limit)
    if number < 1:
        limit = {"code": "too_small", "minimum": 1}
        raise _out_of_bounds("Number must be greater than or equal to 1", limit)
    return number


def _out_of_bounds(message: str, limit: dict[str, Any]) -> Refusal:
    more = {"type": "number", "inclusive": True, "exact": False}
    return query_error(message, "page[size]", **limit, **more)


def query_error(message: str, path: str, **more: Any) -> Refusal:
    """The 400 of a query parameter that is not what it should be."""
    details = [{"code": "custom", **more, "message": message, "path": [path]}]
    return Refusal(400, {"error": "Query Error", "details": details})


def words(request: Request, name: str) -> list[str]:
    """A parameter that is a list with commas."""
    return [word for word in request.query_params.get(name, "").split(",") if word]


def created(request: Request) -> list[tuple[str, int]]:
    """The bounds of `filter[createdAt]`: an operator, and milliseconds since 1970."""
    found: list[tuple[str, int]] = []
    query = request.query_params
    if period := query.get(name := "filter[createdAt][period]"):
        try:
            span = parse_duration(period)
        except ConfigurationError as e:
            raise query_error(str(e), name) from None
        found.append((">=", now_ms() - int(span.total_seconds() * 1000)))
    for part, bound in (("from", ">="), ("to", "<=")):
        if text := query.get(name := f"filter[createdAt][{part}]"):
            found.append((bound, _moment(text, name)))
    return found


def _moment(text: str, name: str) -> int:
    """A date in ISO form, or milliseconds since 1970."""
    try:
        if text.isdecimal():
            return min(int(text), 2**53)
        moment = datetime.fromisoformat(text)
        return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise query_error("Invalid date", name) from None
