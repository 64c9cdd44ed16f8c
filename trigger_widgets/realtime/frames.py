"""Results as a DataFrame. pandas is imported when it is asked for, and is not required."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from trigger_widgets.errors import ConfigurationError, TriggerError

if TYPE_CHECKING:
    import pandas as pd


class ItemResult(Protocol):
    """What a row is made of."""

    @property
    def ok(self) -> bool: ...
    @property
    def output(self) -> Any: ...
    @property
    def error(self) -> TriggerError | None: ...
    @property
    def id(self) -> str | None: ...
    @property
    def key(self) -> Any: ...


def to_frame(results: Sequence[ItemResult]) -> pd.DataFrame:
    """A row a result, labelled by its key: run_id, ok, error, and the output.

    The fields of outputs that are all objects become columns; one that is called as a column that
    is there already gets the prefix "output_".
    """
    try:
        import pandas as pd
    except ImportError:
        raise ConfigurationError(
            "to_pandas needs pandas, which is not installed; pip install pandas, or use result()."
        ) from None
    columns: dict[str, list[Any]] = {
        "run_id": [result.id for result in results],
        "ok": [result.ok for result in results],
        "error": [None if result.error is None else str(result.error) for result in results],
    }
    outputs = [result.output if result.ok else {} for result in results]
    if any(result.ok for result in results) and all(isinstance(one, Mapping) for one in outputs):
        fields = dict.fromkeys(name for output in outputs for name in output)
        for name in fields:
            column = f"output_{name}" if name in columns else str(name)
            columns[column] = [output.get(name) for output in outputs]
    else:
        columns["output"] = [result.output for result in results]
    return pd.DataFrame(columns, index=pd.Index([result.key for result in results], name="key"))
