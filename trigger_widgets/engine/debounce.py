"""Triggers with one debounce key: a run that has not started yet is pushed back, not joined.

The key belongs to its task. What a real server does, and says, is in its `debounceSystem`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from trigger_widgets.durations import parse_duration
from trigger_widgets.errors import ConfigurationError

from . import lifecycle, run_table
from .records import RunRecord
from .snapshots import Execution
from .store import Transaction
from .validation import ValidationError, expect, optional

if TYPE_CHECKING:
    from .trigger_request import TriggerRequest

_LONGEST_KEY = 512
_MODES = ("leading", "trailing")


@dataclass(frozen=True)
class Debounce:
    """`delay` and `max_delay` in milliseconds. Trailing: the last trigger's payload counts."""

    key: str
    delay: int
    trailing: bool = False
    max_delay: int | None = None


def parse(value: Any) -> Debounce | None:
    """The option `debounce` of a trigger; the messages are a real server's."""
    given = optional(value, "object", "options.debounce")
    if given is None:
        return None
    key = expect(given.get("key"), "string", "options.debounce.key")
    if len(key) > _LONGEST_KEY:
        raise ValidationError(
            f"String must contain at most {_LONGEST_KEY} character(s)", "options.debounce.key"
        )
    mode = optional(given.get("mode"), "string", "options.debounce.mode") or _MODES[0]
    if mode not in _MODES:
        expected = " | ".join(f"'{one}'" for one in _MODES)
        raise ValidationError(
            f"Invalid enum value. Expected {expected}, received '{mode}'", "options.debounce.mode"
        )
    delay = _milliseconds(given.get("delay"), "delay")
    most = given.get("maxDelay")
    longest = None if most is None else _milliseconds(most, "maxDelay")
    if longest is not None and longest <= delay:
        raise ValidationError(
            f"debounce.maxDelay ({most}) must be longer than debounce.delay ({given['delay']})."
        )
    return Debounce(key, delay, mode == "trailing", longest)


def _milliseconds(value: Any, name: str) -> int:
    try:
        duration = parse_duration(expect(value, "string", f"options.debounce.{name}"))
    except ConfigurationError:
        raise ValidationError(
            f"Invalid debounce {name}: {value}. Supported formats: {{number}}s, {{number}}m, "
            "{number}h or {number}hr, {number}d, {number}w, optionally combined "
            '(for example "2h30m").'
        ) from None
    return duration // timedelta(milliseconds=1)


def pushed_back(transaction: Transaction, request: TriggerRequest, now: int) -> RunRecord | None:
    """The run that this trigger pushes back; None where it makes a run of its own."""
    debounce = request.debounce
    if debounce is None:
        return None
    row = transaction.execute(
        "SELECT run FROM debounces WHERE task = ? AND key = ?", (request.task, debounce.key)
    ).fetchone()
    run = run_table.get(transaction.execute, row["run"]) if row else None
    if run is None or run.execution is not Execution.DELAYED:
        return None
    until = now + debounce.delay
    if debounce.max_delay is not None and until > run.created_at + debounce.max_delay:
        return None
    changes: dict[str, Any] = {}
    if until > (run.delay_until or 0):
        changes |= {"delay_until": until, "due_at": until}
    if debounce.trailing:
        changes |= {
            "payload_type": request.payload_type,
            "metadata": request.metadata,
            "seed_metadata": request.metadata,
            "tags": request.tags or run.tags,
            "max_attempts": request.max_attempts,
            "max_duration": request.max_duration,
            "machine": request.machine,
        }
        run_table.replace_payload(transaction, run.id, request.payload)
    if not changes:
        return run
    return run_table.update(transaction, run, lifecycle.changed(run, now, **changes))


def remember(transaction: Transaction, request: TriggerRequest, run_id: str) -> None:
    """The next trigger with this key pushes `run_id` back."""
    if request.debounce is not None:
        transaction.execute(
            "INSERT OR REPLACE INTO debounces VALUES (?, ?, ?)",
            (request.task, request.debounce.key, run_id),
        )
