"""Bodies that are lines of JSON, read while they still come."""

from __future__ import annotations

import codecs
import json
from collections.abc import AsyncIterator

from starlette.requests import Request

from .web import MAX_BODY, Refusal


async def read_lines(request: Request) -> AsyncIterator[list[str]]:
    """The lines that are complete, as many as came together; at the end, what is left.

    Without the white space around them, and without empty ones. A line has the limit of a body.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    rest = ""
    try:
        async for chunk in request.stream():
            *lines, rest = (rest + decoder.decode(chunk)).split("\n")
            if len(rest) > MAX_BODY:
                raise Refusal(413, {"error": "Request body too large"})
            if kept := _stripped(lines):
                yield kept
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Refusal(400, {"error": "The body must be UTF-8"}) from None
    if kept := _stripped([rest]):
        yield kept


def _stripped(lines: list[str]) -> list[str]:
    return [stripped for line in lines if (stripped := line.strip())]


def is_json(text: str) -> bool:
    """Whether `text` is JSON; half a surrogate pair in escapes is, for tokens may be cut there."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
