"""`metadata`: what a running task says about itself, seen live by everyone who watches its run."""

from __future__ import annotations

import math
import warnings
from typing import Any

from trigger_widgets.errors import ConfigurationError

from .run_metadata import RunMetadata
from .scope import current_scope

_FLUSH_SECONDS = 10.0


class Metadata:
    """The metadata of the run that the calling code belongs to.

    Changes are visible here at once and are sent in the background: the first immediately, then
    at most every 100 ms. None is lost: what could not be sent goes with the run's end. A key that
    starts with `$` is a path (`$.stage.items[0].done`). Threads that a task starts share its
    metadata; where that cannot be known (a pool of threads that existed before), start the work
    with `contextvars.copy_context().run`. Outside of a run everything here does nothing, with
    one warning. `MetadataTooLargeError` at 256 KB, `UnserializableError` for what JSON cannot
    carry.
    """

    def __init__(self) -> None:
        self._warned = False

    def set(self, key: str, value: Any) -> None:
        """Give `key` this value."""
        self._change("set", key, value)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, or `default`."""
        return self.current().get(key, default)

    def delete(self, key: str) -> None:
        """Forget `key`."""
        self._change("delete", key)

    def increment(self, key: str, by: float = 1) -> None:
        """Add to a number, which starts at 0."""
        self._number("increment", key, by)

    def decrement(self, key: str, by: float = 1) -> None:
        """Take away from a number, which starts at 0."""
        self._number("decrement", key, by)

    def append(self, key: str, value: Any) -> None:
        """Add an item to the end of a list, which starts empty."""
        self._change("append", key, value)

    def remove(self, key: str, value: Any) -> None:
        """Take every item that equals `value` out of a list."""
        self._change("remove", key, value)

    def replace(self, values: dict[str, Any]) -> None:
        """Put these values in the place of everything."""
        if not isinstance(values, dict):
            raise ConfigurationError(f"metadata.replace takes a dict, not {values!r}.")
        self._change("update", None, values)

    def current(self) -> dict[str, Any]:
        """A copy of everything, empty outside of a run."""
        run = self._run()
        return run.values() if run else {}

    def flush(self, timeout: float = _FLUSH_SECONDS) -> bool:
        """Send what is pending and wait for it; False if it has not arrived after `timeout`
        seconds (it is tried again in the background).
        """
        run = self._run()
        return run.drain(timeout) if run else True

    def _number(self, verb: str, key: str, by: float) -> None:
        if isinstance(by, bool) or not isinstance(by, int | float) or not math.isfinite(by):
            raise ConfigurationError(f'metadata.{verb} of "{key}" takes a number, not {by!r}.')
        self._change("increment", key, by if verb == "increment" else -by)

    def _change(self, kind: str, key: str | None, value: Any = None) -> None:
        if key is not None and (not isinstance(key, str) or not key):
            raise ConfigurationError(f"a key of metadata is text, not {key!r}.")
        run = self._run()
        if run:
            run.change(kind, key, value)

    def _run(self) -> RunMetadata | None:
        scope = current_scope()
        if scope is not None:
            return scope.metadata
        if not self._warned:
            self._warned = True
            warnings.warn(
                "metadata does nothing here: this code is not part of a run. "
                "(Start one with .trigger; said once.)",
                stacklevel=4,
            )
        return None


metadata = Metadata()
"""The metadata of the current run."""
