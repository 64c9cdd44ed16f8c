"""Results as a DataFrame. pandas is imported when it is asked for, and is not required."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from trigger_widgets.errors import ConfigurationError, TriggerError
from trigger_widgets.models import Run

if TYPE_CHECKING:
    import pandas as pd

_MOST_FIELDS = 200
"""Objects with more different fields than this are data of their own, and stay one column."""


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
    @property
    def run(self) -> Run | None: ...


def to_frame(results: Sequence[ItemResult], index: Any = None) -> pd.DataFrame:
    """A row a result: run_id, status, ok, error, and the output. `index` is that of the items;
    without one a row is labelled by its key.

    The fields of outputs that are all objects become columns; one that is called as a column that
    is there already gets the prefix "output_".
    """
    columns: dict[str, list[Any]] = {
        "run_id": [result.id for result in results],
        "status": [result.run.status.value if result.run else None for result in results],
        "ok": [result.ok for result in results],
        "error": [None if result.error is None else str(result.error) for result in results],
    }
    outputs = [result.output if result.ok else None for result in results]
    for name, values in expanded(outputs, "output").items():
        columns[f"output_{name}" if name in columns else name] = values
    pandas = import_pandas("to_pandas")
    if index is None:
        index = key_index([result.key for result in results])
    frame: pd.DataFrame = pandas.DataFrame(columns, index=index)
    return frame


def key_index(keys: Sequence[Any]) -> Any:
    """Keys as the labels of rows."""
    return import_pandas("to_pandas").Index(keys, name="key", tupleize_cols=False)


def expanded(values: Sequence[Any], name: str, prefix: str = "") -> dict[str, list[Any]]:
    """Values as columns: a column a field where all are objects (or missing), nested ones with a
    dotted name, else one column that is called `name`.
    """
    if any(isinstance(v, Mapping) for v in values) and all(
        v is None or isinstance(v, Mapping) for v in values
    ):
        rows = [dict(_leaves(value or {}, prefix)) for value in values]
        fields = dict.fromkeys(field for row in rows for field in row)
        if len(fields) <= _MOST_FIELDS:
            return {field: [row.get(field) for row in rows] for field in fields}
    return {name: list(values)}


def _leaves(value: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            yield from _leaves(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner


def import_pandas(what: str) -> Any:
    """pandas, for the method called `what`."""
    try:
        import pandas as pd
    except ImportError:
        raise ConfigurationError(
            f"{what} needs pandas, which is not installed: pip install pandas."
        ) from None
    return pd
