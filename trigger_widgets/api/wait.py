"""Wait tokens: create, retrieve, list, complete (protocol.md §6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from trigger_widgets.errors import ConfigurationError, ProtocolError
from trigger_widgets.jsonable import to_jsonable
from trigger_widgets.models import WaitToken, WaitTokenStatus

from .checks import checked, nothing
from .options import encode_duration, encode_moment, encode_tags
from .requests import Answer, Request

_PATH = "/api/v1/waitpoints/tokens"
PAGE_SIZE = 100


def token_id(token: Any) -> str:
    """The id of a wait token: a text, or anything that has it as `.id`."""
    found = token if isinstance(token, str) else getattr(token, "id", None)
    if not isinstance(found, str) or not found.startswith("waitpoint_"):
        raise ConfigurationError(
            f'{found or token!r} is not a wait token; its id looks like "waitpoint_…".'
        )
    return found


def create_token(
    *,
    timeout: str | float | timedelta | datetime | None = None,
    tags: str | Iterable[str] = (),
    idempotency_key: str | None = None,
    idempotency_key_ttl: str | float | timedelta | None = None,
) -> Request[WaitToken]:
    """`POST /api/v1/waitpoints/tokens`. The server ignores a timeout it cannot read: it is checked
    here. The token's own public token comes in a header and may complete it for 24 hours.
    """
    body: dict[str, Any] = {}
    if timeout is not None:
        body["timeout"] = encode_moment(timeout, "timeout")
    if tags:
        body["tags"] = encode_tags(tags, "tags")
    if idempotency_key is not None:
        body["idempotencyKey"] = idempotency_key
    if idempotency_key_ttl is not None:
        body["idempotencyKeyTTL"] = encode_duration(idempotency_key_ttl, "idempotency_key_ttl")

    def created(answer: Answer) -> WaitToken:
        said = answer.object()
        jwt = answer.headers.get("x-trigger-jwt")
        extra = {"tags": body.get("tags", []), "idempotencyKey": idempotency_key}
        if said.get("isCached") is not True:  # an earlier token may have been decided since
            extra["status"] = WaitTokenStatus.WAITING
        return checked(WaitToken, {**extra, **said, "publicAccessToken": jwt})

    return Request("POST", _PATH, created, doing="create a wait token", body=body)


def retrieve_token(token: Any) -> Request[WaitToken]:
    """`GET /api/v1/waitpoints/tokens/<id>`: needs the secret key, no public token may."""
    found = token_id(token)
    return Request(
        "GET",
        f"{_PATH}/{quote(found, safe='')}",
        lambda answer: checked(WaitToken, answer.object()),
        doing=f"retrieve {found}",
        subject=f"wait token {found}",
    )


def complete_token(token: Any, data: Any = None) -> Request[None]:
    """`POST /api/v1/waitpoints/tokens/<id>/complete`. Only the first completion counts; the
    answer to a later one is the same.
    """
    found = token_id(token)
    return Request(
        "POST",
        f"{_PATH}/{quote(found, safe='')}/complete",
        nothing,
        doing=f"complete {found}",
        subject=f"wait token {found}",
        body={"data": to_jsonable(data, what="data")},
    )


@dataclass(frozen=True)
class TokenPage:
    """Tokens, newest first; `next` is the `after` of the page that follows, None after the last."""

    tokens: list[WaitToken]
    next: str | None


def list_tokens(
    *,
    status: str | Iterable[str] | None = None,
    tags: str | Iterable[str] | None = None,
    idempotency_key: str | None = None,
    created_at: str | float | timedelta | None = None,
    size: int = PAGE_SIZE,
    after: str | None = None,
) -> Request[TokenPage]:
    """`GET /api/v1/waitpoints/tokens`: one page. Several statuses mean any of them;
    `created_at` is how long ago at most. The tokens of a list come without their output.
    """
    params = {"page[size]": str(size)}
    if after is not None:
        params["page[after]"] = after
    if status is not None:
        statuses = [status] if isinstance(status, str) else list(status)
        params["filter[status]"] = ",".join(map(_status, statuses))
    if tags is not None:
        params["filter[tags]"] = ",".join(encode_tags(tags, "tags"))
    if idempotency_key is not None:
        params["filter[idempotencyKey]"] = idempotency_key
    if created_at is not None:
        params["filter[createdAt][period]"] = encode_duration(created_at, "created_at")
    return Request("GET", _PATH, _page, doing="list wait tokens", params=params)


class Pages:
    """All pages of a list, one after the other, up to `limit` tokens: one for sync and async."""

    def __init__(self, *, limit: int | None, **filters: Any) -> None:
        self._left = limit
        self._filters = filters
        self._after: str | None = None
        self._is_last = False

    def request(self) -> Request[TokenPage] | None:
        """The next request; None when there is nothing more to ask for."""
        if self._is_last or (self._left is not None and self._left <= 0):
            return None
        size = PAGE_SIZE if self._left is None else min(self._left, PAGE_SIZE)
        return list_tokens(**self._filters, size=size, after=self._after)

    def answered(self, page: TokenPage) -> list[WaitToken]:
        """The tokens of a page."""
        tokens = page.tokens[: self._left]
        if self._left is not None:
            self._left -= len(tokens)
        self._after, self._is_last = page.next, page.next is None
        return tokens


def _status(value: str) -> str:
    try:
        return WaitTokenStatus(value).value
    except ValueError:
        known = ", ".join(WaitTokenStatus)
        raise ConfigurationError(f"{value!r} is no status of a wait token; use {known}.") from None


def _page(answer: Answer) -> TokenPage:
    body = answer.object()
    data, pagination = body.get("data"), body.get("pagination") or {}
    if not isinstance(data, list) or not isinstance(pagination, dict):
        raise ProtocolError("the server's list of wait tokens has no data and pagination.")
    after = pagination.get("next")
    tokens = [checked(WaitToken, token) for token in data]
    return TokenPage(tokens, after if isinstance(after, str) else None)
