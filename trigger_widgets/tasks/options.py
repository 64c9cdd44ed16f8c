"""What `@task(…)` takes, checked once and put in the wire's words.

The wire's shape is the task entry of a registration (worker-protocol.md §2.3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from trigger_widgets.api.options import encode_duration
from trigger_widgets.durations import parse_duration
from trigger_widgets.errors import ConfigurationError, refuse_unknown

from .hooks import OFFERS

DEFAULT_MAX_ATTEMPTS = 3
INTERACTIVE_MAX_ATTEMPTS = 1
MACHINES = ("micro", "small-1x", "small-2x", "medium-1x", "medium-2x", "large-1x", "large-2x")
PROCESS = "process"


@dataclass(frozen=True)
class RetryOptions:
    """How often a failed run is tried again, and how long it waits before (milliseconds).

    The defaults are Trigger.dev's (worker-protocol.md §5).
    """

    max_attempts: int = DEFAULT_MAX_ATTEMPTS
    factor: float = 2
    min_timeout_ms: int = 1_000
    max_timeout_ms: int = 60_000
    randomize: bool = True

    def to_wire(self) -> dict[str, Any]:
        """As a registration carries it."""
        return {
            "maxAttempts": self.max_attempts,
            "factor": self.factor,
            "minTimeoutInMs": self.min_timeout_ms,
            "maxTimeoutInMs": self.max_timeout_ms,
            "randomize": self.randomize,
        }


@dataclass(frozen=True)
class QueueOptions:
    """The queue of a task, and how many of its runs may execute at once."""

    name: str | None = None
    concurrency_limit: int | None = None

    def to_wire(self, task_id: str) -> dict[str, Any]:
        """As a registration carries it; a queue without a name is the task's own."""
        wire: dict[str, Any] = {"name": self.name or f"task/{task_id}"}
        if self.concurrency_limit is not None:
            wire["concurrencyLimit"] = self.concurrency_limit
        return wire


@dataclass(frozen=True)
class TaskOptions:
    """The options of one task. `max_duration` is seconds of execution; `ttl` is how long a run
    may be queued, `machine` the preset that a deployed Trigger.dev would give it.
    `isolation` is this process's business and not the server's: a task of a notebook runs in a
    thread, or as `"process"` in a process of its own; tasks of files always do.
    """

    retry: RetryOptions = RetryOptions()
    queue: QueueOptions | None = None
    max_duration: int | None = None
    ttl: str | None = None
    machine: str | None = None
    isolation: str | None = None
    description: str | None = None


def parse_options(given: Mapping[str, Any], *, what: str, default_attempts: int) -> TaskOptions:
    """The keyword arguments of `@task` as options; each mistake is one sentence naming `what`."""
    refuse_unknown(given, [f.name for f in fields(TaskOptions)] + list(OFFERS), of=what)
    return TaskOptions(
        retry=_retry(given.get("retry"), f"retry of {what}", default_attempts),
        queue=_queue(given.get("queue"), f"queue of {what}"),
        max_duration=_seconds(given.get("max_duration"), f"max_duration of {what}"),
        ttl=_ttl(given.get("ttl"), f"ttl of {what}"),
        machine=_machine(given.get("machine"), f"machine of {what}"),
        description=_text(given.get("description"), f"description of {what}"),
        isolation=_isolation(given.get("isolation"), f"isolation of {what}"),
    )


def _retry(value: Any, what: str, default_attempts: int) -> RetryOptions:
    if value is None:
        return RetryOptions(max_attempts=default_attempts)
    if isinstance(value, RetryOptions):
        return value
    _mapping(value, what, '{"max_attempts": 3}')
    refuse_unknown(value, [f.name for f in fields(RetryOptions)], of=what)
    # whoever says how to retry means to retry: then the default is Trigger.dev's own
    return RetryOptions(
        max_attempts=_whole(
            value.get("max_attempts", DEFAULT_MAX_ATTEMPTS), f"max_attempts in {what}", 1
        ),
        factor=_number(value.get("factor", 2), f"factor in {what}"),
        min_timeout_ms=_whole(value.get("min_timeout_ms", 1_000), f"min_timeout_ms in {what}", 0),
        max_timeout_ms=_whole(value.get("max_timeout_ms", 60_000), f"max_timeout_ms in {what}", 0),
        randomize=bool(value.get("randomize", True)),
    )


def _queue(value: Any, what: str) -> QueueOptions | None:
    if value is None or isinstance(value, QueueOptions):
        return value
    _mapping(value, what, '{"name": "emails", "concurrency_limit": 1}')
    refuse_unknown(value, [f.name for f in fields(QueueOptions)], of=what)
    name, limit = value.get("name"), value.get("concurrency_limit")
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise ConfigurationError(f"name in {what} must be text, not {name!r}.")
    return QueueOptions(
        name, None if limit is None else _whole(limit, f"concurrency_limit in {what}", 1)
    )


def _isolation(value: Any, what: str) -> str | None:
    if value not in (None, PROCESS):
        raise ConfigurationError(
            f'{what} must be "{PROCESS}" or left out (then a notebook runs it in a thread), '
            f"not {value!r}."
        )
    return None if value is None else PROCESS


def _mapping(value: Any, what: str, example: str) -> None:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{what} must be a dict like {example}, not {value!r}.")


def _whole(value: Any, what: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigurationError(
            f"{what} must be a whole number of at least {least}, not {value!r}."
        )
    return value


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ConfigurationError(f"{what} must be a number above 0, not {value!r}.")
    return value


def _seconds(value: Any, what: str) -> int | None:
    """Whole seconds, as the wire has them; a part of a second counts as one."""
    if value is None:
        return None
    seconds = parse_duration(value).total_seconds() if isinstance(value, str) else value
    return math.ceil(_number(seconds, what))


def _ttl(value: Any, what: str) -> str | None:
    return None if value is None else encode_duration(value, what)


def _machine(value: Any, what: str) -> str | None:
    if isinstance(value, Mapping):  # as the SDK also has it
        refuse_unknown(value, ["preset"], of=what)
        value = value.get("preset")
    if value is not None and value not in MACHINES:
        raise ConfigurationError(f"{what} must be one of {', '.join(MACHINES)}, not {value!r}.")
    return None if value is None else str(value)


def _text(value: Any, what: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{what} must be text, not {value!r}.")
    return value
