"""The parts of a stream as server-sent events, in the two framings of Trigger.dev.

v1 is an event a part; v2 is what S2 sends, an event for all records that are there. Measured
(protocol.md §5, recordings raw-20 to raw-22). Data in, bytes out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Protocol

from trigger_widgets.jsonable import compact

from .stream_table import Part, Tail

_REDIS_ID = re.compile(r"(\d{1,15})(?:-(\d{1,15}))?")
_RECORD_NUMBER = re.compile(r"(\d{1,15})(?:-\d*)?")
_text = json.JSONEncoder(ensure_ascii=False).encode
_METERED = 8
"""S2 counts 8 bytes a record beside its body."""


class Frames(Protocol):
    """One reader's framing: it may count what it has sent."""

    headers: dict[str, str]
    greeted: bool
    """False while a reader that has nothing to read is still owed a first sign of life."""

    def parts(self, parts: Sequence[Part], tail: Tail) -> bytes:
        """Parts that are not empty, and where the stream ends now."""

    def ping(self, tail: Tail, now: int) -> bytes:
        """A sign of life. `now` in milliseconds."""

    def end(self) -> bytes:
        """The last words, when the silence has become too long."""


class PartFrames:
    """v1: `id: <time>-<seq>` and the JSON of the part."""

    headers = {"cache-control": "no-cache"}  # noqa: RUF012 - a constant
    greeted = True

    def parts(self, parts: Sequence[Part], tail: Tail) -> bytes:  # noqa: ARG002 - see Frames
        """An event each."""
        events = (f"id: {part.time}-{part.seq}\ndata: {part.body}\n\n" for part in parts)
        return "".join(events).encode()

    def ping(self, tail: Tail, now: int) -> bytes:  # noqa: ARG002 - see Frames
        """A comment."""
        return b": ping\n\n"

    def end(self) -> bytes:
        """The body just ends."""
        return b""


class RecordFrames:
    """v2: records as S2 has them. The id counts what this connection was sent."""

    headers = {  # noqa: RUF012 - a constant
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
        "x-stream-version": "v2",
    }

    def __init__(self) -> None:
        self.greeted = False
        self._count = 0
        self._bytes = 0

    def parts(self, parts: Sequence[Part], tail: Tail) -> bytes:
        """One batch."""
        self.greeted = True
        self._count += len(parts)
        self._bytes += sum(_METERED + len(part.body.encode()) for part in parts)
        # as json.dumps would, in less than half the time: all of a long stream goes through here
        records = ",".join(
            f'{{"seq_num":{seq},"timestamp":{time},"body":{_text(body)}}}'
            for seq, time, body in parts
        )
        identity = f"{parts[-1].seq},{self._count},{self._bytes}"
        data = f'{{"records":[{records}],"tail":{compact(position(tail))}}}'
        return f"event: batch\nid: {identity}\ndata: {data}\n\n".encode()

    def ping(self, tail: Tail, now: int) -> bytes:
        """The time, and where the stream ends."""
        self.greeted = True
        data = compact({"timestamp": now, "tail": position(tail)})
        return f"event: ping\ndata: {data}\n\n".encode()

    def end(self) -> bytes:
        """S2's end mark."""
        return b"data: [DONE]\n\n"


def position(tail: Tail) -> dict[str, int]:
    """A place in a stream, in S2's words."""
    return {"seq_num": tail.seq, "timestamp": tail.time}


def redis_id(text: str) -> tuple[int, int] | None:
    """The `Last-Event-ID` of a v1 reader as time and number; None for what is none."""
    found = _REDIS_ID.fullmatch(text.strip())
    return None if found is None else (int(found[1]), int(found[2] or 0))


def record_number(text: str) -> int | None:
    """The `Last-Event-ID` of a v2 reader: the number of the last record that it has.

    Measured: the id of a batch ("107,108,4340") is none, and a v1 id is a huge number.
    """
    found = _RECORD_NUMBER.fullmatch(text.strip())
    return None if found is None else int(found[1])
