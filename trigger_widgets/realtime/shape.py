"""The shape protocol of the run feeds, as a state machine without I/O.

A feed is a set of rows that the client brings up to date by asking again and again. The server
is either Trigger.dev's native backend (every change is a full row) or ElectricSQL (an update has
only the changed columns): protocol.md §4 and §7. States, events and invariants are in
docs/feeds.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from trigger_widgets.errors import ProtocolError
from trigger_widgets.jsonable import loads

Row = Mapping[str, Any]
_START = "-1"
UP_TO_DATE = b'[{"headers":{"control":"up-to-date"}}]'


class Phase(Enum):
    """Where a shape is in bringing its rows up to date."""

    INITIAL = auto()
    CATCHING_UP = auto()
    LIVE = auto()


@dataclass(frozen=True)
class Change:
    """One message about one row; `value` is None for a delete."""

    key: str
    operation: str
    value: Row | None


@dataclass(frozen=True)
class Batch:
    """One answer of the server, parsed."""

    handle: str
    offset: str
    cursor: str | None = None
    changes: tuple[Change, ...] = ()
    up_to_date: bool = False
    must_refetch: bool = False


@dataclass(frozen=True)
class Shape:
    """An immutable state; each event gives the next one.

    `rows` are complete as of the last time the feed was up to date (None before the first), and
    the same object for as long as nothing in them has changed. `refetches` and `outdated` count
    the answers in a row that said to start over, or that a cache gave under a retired handle.
    """

    phase: Phase = Phase.INITIAL
    offset: str = _START
    handle: str | None = None
    cursor: str = ""
    rows: Mapping[str, Row] | None = None
    pending: Mapping[str, Row] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()
    refetches: int = 0
    outdated: int = 0

    def params(self) -> dict[str, str]:
        """What to ask next. The order never changes: caches key on it."""
        params = {"log": "full", "offset": self.offset}
        if self.handle is not None:
            params["handle"] = self.handle
        if self.phase is Phase.LIVE:
            params |= {"live": "true", "cursor": self.cursor}
        if self.refetches or self.outdated:
            # the same question must not be answered by a cache with the same answer
            params["cache-buster"] = str(self.refetches + self.outdated)
        return dict(sorted(params.items()))

    def answered(self, batch: Batch) -> Shape:
        """The state after an answer."""
        if batch.handle in self.retired:
            return dataclasses.replace(self, outdated=self.outdated + 1)
        if batch.must_refetch:
            return self.refetch()
        pending = dict(self.pending)
        for change in batch.changes:
            _apply(pending, change)
        after = dataclasses.replace(
            self,
            phase=Phase.LIVE if batch.up_to_date else Phase.CATCHING_UP,
            handle=batch.handle,
            offset=batch.offset,
            cursor=batch.cursor if batch.cursor is not None else self.cursor,
            pending=pending,
            refetches=0,
            outdated=0,
        )
        if batch.up_to_date and pending != self.rows:
            return dataclasses.replace(after, rows=pending)
        return after

    def cut(self) -> Shape:
        """The state after an answer that never came."""
        if self.phase is not Phase.LIVE:
            return self
        return dataclasses.replace(self, phase=Phase.CATCHING_UP)

    def refetch(self, handle: str | None = None) -> Shape:
        """The state after a 409, which may name the shape's new handle, or a must-refetch."""
        old = self.handle
        if handle is None and old is not None:
            handle = f"{old}-next"  # only to be another address for caches
        retired = self.retired | {old} if old is not None and old != handle else self.retired
        return Shape(
            handle=handle,
            rows=self.rows,
            retired=retired,
            refetches=self.refetches + 1,
            outdated=self.outdated,
        )


def _apply(rows: dict[str, Row], change: Change) -> None:
    if change.value is None:
        rows.pop(change.key, None)
    elif change.operation == "insert":
        rows[change.key] = change.value
    else:
        # the native backend sends an `update` for a row that this client never saw
        rows[change.key] = {**rows.get(change.key, {}), **change.value}


def parse_batch(headers: Mapping[str, str], body: bytes) -> Batch:
    """An answer with status 200. Header names are lower case; older servers use other ones."""
    handle = headers.get("electric-handle") or headers.get("electric-shape-id")
    offset = headers.get("electric-offset") or headers.get("electric-chunk-last-offset")
    if not handle or not offset:
        raise ProtocolError("the feed's answer has no electric-handle and electric-offset headers.")
    try:
        messages = loads(body) if body else []
    except (ValueError, RecursionError):
        raise ProtocolError("the feed's answer is not JSON.") from None
    if not isinstance(messages, list):
        raise ProtocolError("the feed's answer is not a list of messages.")
    changes: list[Change] = []
    controls: set[Any] = set()
    for message in messages:
        parsed = _message(message)
        if isinstance(parsed, Change):
            changes.append(parsed)
        else:
            controls.add(parsed)
    return Batch(
        handle=handle,
        offset=offset,
        cursor=headers.get("electric-cursor"),
        changes=tuple(changes),
        up_to_date="up-to-date" in controls or "electric-up-to-date" in headers,
        must_refetch="must-refetch" in controls,
    )


def _message(message: Any) -> Change | str:
    """A change, or the name of a control message (unknown ones mean nothing)."""
    headers = message.get("headers") if isinstance(message, dict) else None
    if not isinstance(headers, dict):
        raise ProtocolError("a message of the feed has no headers.")
    if "control" in headers:
        return str(headers["control"])
    key, operation, value = message.get("key"), headers.get("operation"), message.get("value")
    if not isinstance(key, str) or operation not in ("insert", "update", "delete"):
        raise ProtocolError("a message of the feed is neither a change nor a control message.")
    if operation == "delete":
        return Change(key, operation, None)
    if not isinstance(value, dict):
        raise ProtocolError(f"an {operation} message of the feed has no row.")
    return Change(key, operation, value)
