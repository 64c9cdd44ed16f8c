"""How the items of a batch ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trigger_widgets.errors import TriggerError
from trigger_widgets.models import Run


@dataclass(frozen=True)
class BatchItemResult:
    """How one item ended. `error` is the `RunError` of its run, or why it became no run."""

    ok: bool
    output: Any = field(repr=False)
    error: TriggerError | None
    id: str | None
    key: Any
    index: int
    run: Run | None = field(default=None, repr=False)

    def unwrap(self) -> Any:
        """The output; raises the error of an item that has none."""
        if self.error is not None:
            raise self.error
        return self.output


def result_of(
    run: Run | None, why: str | None, batch: str, *, index: int, key: Any
) -> BatchItemResult:
    """The result of one item: its run, or why there is none."""
    if run is None:
        said = why or "the server does not say why"
        error = TriggerError(f"items[{index}] became no run of {batch}: {said}.")
        return BatchItemResult(False, None, error, None, key, index)
    try:
        output = run.unwrap()
    except TriggerError as failure:
        return BatchItemResult(False, None, failure, run.id, key, index, run)
    return BatchItemResult(True, output, None, run.id, key, index, run)
