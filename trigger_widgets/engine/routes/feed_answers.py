"""What the feeds of one run and of many runs share: parameters, headers, bodies."""

from __future__ import annotations

import itertools
import random

from starlette.requests import Request
from starlette.responses import Response

from trigger_widgets.engine import auth, feed_rows
from trigger_widgets.engine.validation import MAX_INTEGER

_HOLD_SECONDS = (17, 23)
sequence = itertools.count(1)
"""Numbers the answers of this process, as the cursors of a real server do."""


def hold_seconds() -> float:
    """How long an answer is held: spread, so that the clients do not all come back at once."""
    return random.uniform(*_HOLD_SECONDS)  # noqa: S311 - no secret


def skipped(request: Request, caller: auth.Caller) -> frozenset[str]:
    """The columns to leave out: what the token says replaces what the query says."""
    columns = caller.token.skip_columns if caller.token else None
    wanted = request.query_params.get("skipColumns", "")
    return feed_rows.skipped(wanted if columns is None else ",".join(columns))


def wants_snapshot(request: Request) -> bool:
    """Whether all there is is asked for, rather than what is new."""
    query = request.query_params
    return bool(
        query.get("live") != "true" or not query.get("handle") or query.get("offset", "-1") == "-1"
    )


def offset_part(offset: str, index: int, default: int) -> int:
    """One of the two numbers of an offset; what is none is before everything."""
    try:
        return min(int(offset.split("_")[index]), MAX_INTEGER)
    except (IndexError, ValueError):
        return default


def headers(request: Request, offset: str, handle: str) -> dict[str, str]:
    """Older clients know two of the headers by other names."""
    new = "x-trigger-electric-version" in request.headers
    return {
        "cache-control": "no-store",
        ("electric-offset" if new else "electric-chunk-last-offset"): _printable(offset),
        ("electric-handle" if new else "electric-shape-id"): _printable(handle),
    }


def _printable(text: str) -> str:
    """Any handle is echoed, but a header is one line of ASCII without spaces at its ends."""
    return "".join(char for char in text if " " <= char <= "~").strip()


def response(body: bytes, answer_headers: dict[str, str]) -> Response:
    """Of what `feed_rows` has made."""
    return Response(body, headers=answer_headers, media_type="application/json")
