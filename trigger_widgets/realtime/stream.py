"""One stream of a run, read by server-sent events: a state machine without I/O (protocol.md §5).

The server cuts a stream whenever it likes and never says that one has ended. So the position is
kept here, each connection goes on from it, and the end is that of the run: when the run has ended,
the stream is read once more with a short silence timeout, until the server has no more.

States, events and invariants are in docs/feeds.md.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from trigger_widgets.errors import ProtocolError
from trigger_widgets.jsonable import loads

FOLLOW_SECONDS = 300
"""How long a silent connection stays open; servers refuse more than 600."""

DRAIN_SECONDS = 1
_ROUNDING = 0.2  # clocks differ, and the server's own runs a little before ours

_DEFAULT_EVENT = "message"
_END = "[DONE]"
_REMEMBERED = 10_000  # part ids at least; a writer's second attempt follows the first closely


class Phase(Enum):
    """What is known about the end."""

    FOLLOWING = auto()
    DRAINING = auto()
    DONE = auto()


class Stream:
    """Where a reader is in a stream. Each event gives the parts that are new, in order.

    `start_index` parts are left out. `malformed` counts what could not be read and was skipped.
    """

    def __init__(self, *, start_index: int = 0) -> None:
        self.phase = Phase.FOLLOWING
        self.malformed = 0
        self._left_out = start_index
        self._position: _Numbered | _Grouped | None = None
        self._orderly = False
        self._closed_by_server = False

    @property
    def version(self) -> str | None:
        """Which framing, v1 or v2; None before the server has said."""
        return None if self._position is None else self._position.version

    def headers(self) -> dict[str, str]:
        """How to ask for what has not come yet."""
        silence = FOLLOW_SECONDS if self.phase is Phase.FOLLOWING else DRAIN_SECONDS
        headers = {"timeout-seconds": str(silence)}
        last = None if self._position is None else self._position.resume()
        return headers if last is None else {**headers, "last-event-id": last}

    def opened(self, headers: Mapping[str, str]) -> None:
        """The server has answered 200. The version is fixed for the life of a run."""
        version = headers.get("x-stream-version", "v1")
        self._closed_by_server = False
        if self._position is None:
            if version not in _POSITIONS:
                raise ProtocolError(f"streams of version {version[:20]} are not known here.")
            self._position = _POSITIONS[version]()
        elif self._position.version != version:
            raise ProtocolError("the server changed the version of a stream in the middle of it.")
        self._position.reopened()

    def event(self, name: str, data: str, event_id: str) -> list[Any]:
        """The parts of one event that are new. Keep-alives come as events without data once an id
        was seen (httpx-sse 0.4.3).
        """
        if self._position is None or not data:
            return []
        if data == _END and name == _DEFAULT_EVENT:
            self._closed_by_server = True
            return []
        parts = self._position.event(name, data, event_id)
        self.malformed += self._position.malformed
        self._position.malformed = 0
        if self.phase is Phase.DRAINING and self._orderly and self._position.is_at_tail:
            self.phase = Phase.DONE
        skipped = min(self._left_out, len(parts))
        self._left_out -= skipped
        return parts[skipped:]

    def closed(self, silence: float) -> None:
        """The connection ended as it should, `silence` seconds after its last part or its start."""
        if self.phase is not Phase.DRAINING or self._position is None:
            return
        # v1 has no word for the end: a body that closes sooner was cut by somebody on the way
        silent = self._position.version == "v1" and silence >= DRAIN_SECONDS - _ROUNDING
        if self._closed_by_server or silent:
            self.phase = Phase.DONE

    def run_ended(self, *, orderly: bool) -> None:
        """Nothing more is written. `orderly`: the task had flushed its streams before it ended."""
        if self.phase is Phase.FOLLOWING:
            self.phase = Phase.DRAINING
            self._orderly = orderly

    def fork(self) -> Stream:
        """The same place, to go on from apart."""
        fork = copy.deepcopy(self)
        fork.phase, fork.malformed = Phase.FOLLOWING, 0
        return fork

    def stay(self) -> None:
        """Follow the stream of a run that has ended: for somebody who wants no end."""
        self.phase = Phase.FOLLOWING


class _Grouped:
    """A position in v1: the last id, how many parts of it have come, and the id before it."""

    version = "v1"
    is_at_tail = False

    def __init__(self) -> None:
        self.malformed = 0
        self._before: str | None = None
        self._last: tuple[int, int] | None = None
        self._last_text: str | None = None
        self._count = 0
        self._replayed = 0

    def resume(self) -> str | None:
        return self._before

    def reopened(self) -> None:
        self._replayed = 0

    def event(self, _name: str, data: str, event_id: str) -> list[Any]:
        at = _redis_id(event_id)
        if self._last is not None and at < self._last:
            return []
        if at != self._last:
            self._before, self._last, self._last_text = self._last_text, at, event_id
            self._count = self._replayed = 0
        self._replayed += 1
        if self._replayed <= self._count:
            return []
        self._count += 1
        if data == "undefined":  # what a writer's `undefined` becomes
            return [None]
        try:
            return [loads(data)]
        except (ValueError, RecursionError):
            self.malformed += 1
            return []


class _Numbered:
    """A position in v2: the number of the next record, and the part ids that were seen."""

    version = "v2"

    def __init__(self) -> None:
        self.malformed = 0
        self._next = 0
        self._tail: int | None = None
        self._ids: set[str] = set()
        self._older_ids: set[str] = set()

    @property
    def is_at_tail(self) -> bool:
        return self._tail is not None and self._next >= self._tail

    def resume(self) -> str | None:
        return str(self._next - 1) if self._next else None

    def reopened(self) -> None:
        self._tail = None

    def event(self, name: str, data: str, _event_id: str) -> list[Any]:
        try:
            body = loads(data)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise ProtocolError("an event of the stream is not a JSON object.")
        parts: list[Any] = []
        if name == "batch":
            parts = self._batch(body.get("records"))
        elif name == "error":
            raise ProtocolError("the server reports an error in the stream.")
        tail = body.get("tail")
        if isinstance(tail, dict) and isinstance(tail.get("seq_num"), int):
            self._tail = tail["seq_num"]
        return parts

    def _batch(self, records: Any) -> list[Any]:
        """The parts of all records, or none: half of a batch would be asked for and read again."""
        if not isinstance(records, list):
            raise ProtocolError("an event of the stream has no records.")
        numbers: list[Any] = [r.get("seq_num") if isinstance(r, dict) else None for r in records]
        if not all(type(number) is int for number in numbers):
            raise ProtocolError("a record of the stream has no number.")
        parts = []
        for number, record in zip(numbers, records, strict=True):
            if number < self._next:
                continue
            self._next = number + 1
            if "headers" in record and _is_command(record["headers"]):
                continue
            body = _object(record.get("body"))
            if body is None:
                self.malformed += 1
            elif self._is_new(body.get("id")):
                parts.append(body.get("data"))
        return parts

    def _is_new(self, part_id: Any) -> bool:
        if not isinstance(part_id, str) or not part_id:
            return True
        if part_id in self._ids or part_id in self._older_ids:
            return False
        self._ids.add(part_id)
        if len(self._ids) >= _REMEMBERED:  # forgetting one by one would take longer each time
            self._ids, self._older_ids = set(), self._ids
        return True


_POSITIONS: dict[str, type[_Grouped | _Numbered]] = {"v1": _Grouped, "v2": _Numbered}


def _object(text: Any) -> dict[str, Any] | None:
    try:
        value = loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _redis_id(text: str) -> tuple[int, int]:
    moment, _, number = text.partition("-")
    try:
        return int(moment), int(number)
    except ValueError:
        raise ProtocolError("an event of the stream has no readable id.") from None


def _is_command(headers: Any) -> bool:
    """Records of the store itself (fences, trims) have a first header without a name."""
    first = headers[0] if isinstance(headers, list) and headers else None
    return isinstance(first, list) and bool(first) and first[0] == ""
