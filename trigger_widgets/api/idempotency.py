"""Idempotency keys: the same key makes one run of a task, however often it is triggered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from urllib.parse import quote

from trigger_widgets.errors import ConfigurationError

from .checks import nothing
from .refs import Ref, task_id
from .requests import Request


class IdempotencyKey(str):
    """What the SDK makes of `key`: its hash, within its `scope` (run, attempt or global)."""

    __slots__ = ("key", "scope")
    key: str
    scope: str


def create(
    key: str | Iterable[str], *, run: str | None = None, attempt: int | None = None
) -> IdempotencyKey:
    """The key that the SDK makes of the same words, so that both find each other's runs.

    With `run` (and `attempt`) it is a key within that run (and attempt) alone.
    """
    words = [key] if isinstance(key, str) else list(key)
    if not words or not all(isinstance(word, str) and word for word in words):
        raise ConfigurationError(f"an idempotency_key is a text, or several, not {key!r}.")
    if attempt is not None and run is None:
        raise ConfigurationError("an attempt is one of a run: give run=… as well.")
    within = [] if run is None else [run]
    within += [] if attempt is None else [str(attempt)]
    made = IdempotencyKey(hashlib.sha256("-".join(words + within).encode()).hexdigest())
    made.key = "-".join(words)
    made.scope = "global" if run is None else "run" if attempt is None else "attempt"
    return made


def reset(task: Ref, key: str | Iterable[str]) -> Request[None]:
    """Forget a key, so that the next trigger of `task` with it makes a run again.

    `key` is what the run was triggered with: a text, or several as `create` takes them.
    """
    identifier = task_id(task)
    used = key if isinstance(key, str) else create(key)
    return Request(
        "POST",
        f"/api/v1/idempotencyKeys/{quote(used, safe='')}/reset",
        nothing,
        doing="reset idempotency keys",
        subject=f'run of {identifier} with the idempotency key "{getattr(used, "key", used)}"',
        body={"taskIdentifier": identifier},
    )
