"""How something ended that a run has waited for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from trigger_widgets.errors import TriggerError

T = TypeVar("T")


@dataclass(frozen=True)
class Result(Generic[T]):
    """The end of a wait, good or bad: the `output` of the child, token or message waited for, or
    the `error` that says why there is none, which `unwrap` raises.

    `id` is that of the run or token. Errors: the `RunError` of a child, the `WaitTimeoutError` of
    a token or an input stream.
    """

    id: str
    output: T | None = None
    error: TriggerError | None = None

    @property
    def ok(self) -> bool:
        """Whether there is an output."""
        return self.error is None

    def unwrap(self) -> T:
        """The output; raises the error if there is none."""
        if self.error is not None:
            raise self.error
        return cast("T", self.output)
