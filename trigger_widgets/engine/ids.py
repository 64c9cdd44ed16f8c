"""Ids and times as Trigger.dev writes them."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_COUNTS = 36**6
_RANDOM_BYTES = 5

_counter = count()  # the next of it is taken in one step: no lock


def now_ms() -> int:
    """Milliseconds since 1970, by the wall clock."""
    return time.time_ns() // 1_000_000


def new_id(now: int) -> str:
    """25 characters: "c", the time, a count and chance, like the cuids of a real server.

    They sort by time and, within a millisecond, as they were made: lists are in this order.
    """
    made = _base36(next(_counter) % _COUNTS)
    return f"{first_id(now)}{made:0>6}{secrets.token_hex(_RANDOM_BYTES)}"


@lru_cache(maxsize=16)
def first_id(moment: int) -> str:
    """What the ids of that millisecond, and of all later ones, are not less than."""
    return f"c{_base36(max(moment, 0)):0>8}"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _ALPHABET[rest] + digits
    return digits


def iso(ms: int) -> str:
    """`2026-11-23T18:44:08.156Z`, as the REST API has it."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def to_ms(moment: datetime) -> int:
    """An aware datetime in milliseconds since 1970."""
    return int(moment.timestamp() * 1000)
