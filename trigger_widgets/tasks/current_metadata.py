"""`metadata`: what a running task says about itself, seen live by everyone who watches its run."""

from __future__ import annotations

import asyncio
import math
from typing import Any, Self

from trigger_widgets.errors import ConfigurationError

from . import metadata_paths
from .outside import warn_once
from .run_metadata import PARENT, ROOT
from .scope import RunScope, current_scope
from .steps import refuse_in_event_loop, run_awaiting, run_blocking

_FLUSH_SECONDS = 10.0


class _Changes:
    """The changes that can be made to the metadata of a run. Each gives itself back, so that
    they can be written as a chain. A key that starts with `$` is a path
    (`$.stage.items[0].done`).
    """

    def set(self, key: str, value: Any) -> Self:
        """Give `key` this value."""
        return self._change("set", key, value)

    def delete(self, key: str) -> Self:
        """Forget `key`."""
        return self._change("delete", key)

    def increment(self, key: str, by: float = 1) -> Self:
        """Add to a number, which starts at 0."""
        return self._number("increment", key, by)

    def decrement(self, key: str, by: float = 1) -> Self:
        """Take away from a number, which starts at 0."""
        return self._number("decrement", key, by)

    def append(self, key: str, value: Any) -> Self:
        """Add an item to the end of a list, which starts empty."""
        return self._change("append", key, value)

    def remove(self, key: str, value: Any) -> Self:
        """Take every item that equals `value` out of a list."""
        return self._change("remove", key, value)

    def replace(self, values: dict[str, Any]) -> Self:
        """Put these values in the place of everything."""
        if not isinstance(values, dict):
            raise ConfigurationError(f"metadata.replace takes a dict, not {values!r}.")
        return self._change("update", None, values)

    def _number(self, verb: str, key: str, by: float) -> Self:
        if isinstance(by, bool) or not isinstance(by, int | float) or not math.isfinite(by):
            raise ConfigurationError(f'metadata.{verb} of "{key}" takes a number, not {by!r}.')
        return self._change("increment", key, by if verb == "increment" else -by)

    def _change(self, kind: str, key: str | None, value: Any = None) -> Self:
        if key is not None and (not isinstance(key, str) or not key):
            raise ConfigurationError(f"a key of metadata is text, not {key!r}.")
        scope = _scope()
        if scope is not None:
            self._make(scope, kind, key, value)
        return self

    def _make(self, scope: RunScope, kind: str, key: str | None, value: Any) -> None:
        raise NotImplementedError


class Relative(_Changes):
    """The metadata of the run that has triggered this one, or of the root of their tree: it can
    be changed from here and not read. In a run that nobody triggered it is the run's own.
    """

    def __init__(self, whose: str) -> None:
        self._whose = whose

    def _make(self, scope: RunScope, kind: str, key: str | None, value: Any) -> None:
        run = scope.context.run
        other = run.parent_task_run_id if self._whose == PARENT else run.root_task_run_id
        if other is None or other == run.id:
            scope.metadata.change(kind, key, value)
        else:
            scope.metadata.change_relative(self._whose, kind, key, value)


class Metadata(_Changes):
    """The metadata of the run that the calling code belongs to.

    Changes are visible here at once and are sent in the background: the first immediately, then
    at most every 100 ms. None is lost: what could not be sent goes with the run's end. Threads
    that a task starts share its metadata; where that cannot be known (a pool of threads that
    existed before), start the work with `contextvars.copy_context().run`. Outside of a run
    everything here does nothing, with one warning. `MetadataTooLargeError` at 256 KB,
    `UnserializableError` for what JSON cannot carry.
    """

    parent = Relative(PARENT)
    root = Relative(ROOT)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, or `default`."""
        path = metadata_paths.parse(key) if isinstance(key, str) else (key,)
        found = metadata_paths.look_up(self.current(), path)
        return default if found is metadata_paths.MISSING else found

    def current(self) -> dict[str, Any]:
        """A copy of everything, empty outside of a run."""
        scope = _scope()
        return scope.metadata.values() if scope else {}

    def flush(self, timeout: float = _FLUSH_SECONDS) -> bool:
        """Send what is pending and wait for it; False if it has not arrived after `timeout`
        seconds (it is tried again in the background).
        """
        refuse_in_event_loop("metadata.flush")
        scope = _scope()
        return scope.metadata.drain(timeout) if scope else True

    def refresh(self) -> Self:
        """Take over what others, like children, have changed on the server."""
        refuse_in_event_loop("metadata.refresh")
        scope = _scope()
        if scope is not None:
            run_blocking(scope.metadata.refresh(), scope.alarm)
        return self

    def _make(self, scope: RunScope, kind: str, key: str | None, value: Any) -> None:
        scope.metadata.change(kind, key, value)


metadata = Metadata()
"""The metadata of the current run."""


class AsyncMetadata(Metadata):
    """The twin for coroutines: what waits is awaited, the rest is the same."""

    async def flush(self, timeout: float = _FLUSH_SECONDS) -> bool:  # type: ignore[override]  # noqa: ASYNC109
        """As `metadata.flush`."""
        scope = _scope()
        return await asyncio.to_thread(scope.metadata.drain, timeout) if scope else True

    async def refresh(self) -> Self:  # type: ignore[override]
        """As `metadata.refresh`."""
        scope = _scope()
        if scope is not None:
            await run_awaiting(scope.metadata.refresh())
        return self


def _scope() -> RunScope | None:
    scope = current_scope()
    if scope is None:
        warn_once("metadata does")
    return scope
