"""Wait tokens: create, retrieve, list, complete (protocol.md §6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.jsonable import to_jsonable
from trigger_widgets.models import WaitToken, WaitTokenStatus

from .checks import checked, nothing
from .options import encode_duration, encode_moment, encode_tags
from .pages import Page, Pages, read_page
from .refs import Ref
from .requests import Answer, Request, to_json

_PATH = "/api/v1/waitpoints/tokens"
_CALLBACK = re.compile(rf"https?://[^/]+.*{_PATH}/(?P<token>waitpoint_\w+)/callback/\w+")


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
    """A new token, or the one made before with the same idempotency key (`is_cached`).

    `timeout` is a duration (seconds, a timedelta, "10m") or the moment itself. The token's
    `public_access_token` may complete it for 24 hours.
    """
    # POST /api/v1/waitpoints/tokens ignores a timeout it cannot read: it is checked here
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


def retrieve_token(token: Ref) -> Request[WaitToken]:
    """The token as it is now. Needs the secret key: no public token may."""
    found = token_id(token)
    return Request(
        "GET",
        f"{_PATH}/{quote(found, safe='')}",
        lambda answer: checked(WaitToken, answer.object()),
        doing=f"retrieve {found}",
        subject=f"wait token {found}",
    )


def complete_token(token: Ref, data: Any = None) -> Request[None]:
    """Let the run go on with `data`. Only the first completion of a token counts; the answer to a
    later one is the same.
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


def complete_by_url(url: str, data: Any = None) -> Request[None]:
    """Let the run go on with `data`, by the `url` of its token alone: no key is needed, or sent.

    Whoever has the address may do this; only the first completion counts.
    """
    match = _CALLBACK.fullmatch(url) if isinstance(url, str) else None
    if match is None:
        raise ConfigurationError(
            "what was given is not the url of a wait token; it looks like "
            '"https://api.trigger.dev/api/v1/waitpoints/tokens/waitpoint_…/callback/…".'
        )
    return Request(
        "POST",
        "",
        nothing,
        doing=f"complete {match['token']} by its url",
        subject=f"wait token {match['token']}",
        # the body is the data itself, and None is null, not nothing
        raw=to_json(to_jsonable(data, what="data")),
        url=url,
    )


def list_tokens(
    *,
    status: str | Iterable[str] | None = None,
    tags: str | Iterable[str] | None = None,
    idempotency_key: str | None = None,
    created_at: str | float | timedelta | None = None,
    limit: int | None = None,
) -> Pages[WaitToken]:
    """Tokens, newest first, page by page as they are asked for. Needs the secret key.

    Several statuses mean any of them; `created_at` is how long ago at most. The tokens of a list
    come without their output.
    """
    filters: dict[str, str] = {}
    if status is not None:
        statuses = [status] if isinstance(status, str) else list(status)
        filters["filter[status]"] = ",".join(map(_status, statuses))
    if tags is not None:
        filters["filter[tags]"] = ",".join(encode_tags(tags, "tags"))
    if idempotency_key is not None:
        filters["filter[idempotencyKey]"] = idempotency_key
    if created_at is not None:
        filters["filter[createdAt][period]"] = encode_duration(created_at, "created_at")

    def ask(page: Mapping[str, str]) -> Request[Page[WaitToken]]:
        return Request("GET", _PATH, _page, doing="list wait tokens", params={**page, **filters})

    return Pages(ask, limit=limit)


def _status(value: str) -> str:
    try:
        return WaitTokenStatus(value).value
    except ValueError:
        known = ", ".join(WaitTokenStatus)
        raise ConfigurationError(f"{value!r} is no status of a wait token; use {known}.") from None


def _page(answer: Answer) -> Page[WaitToken]:
    return read_page(answer, lambda token: checked(WaitToken, token), of="wait tokens")
