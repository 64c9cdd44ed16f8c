"""What is given to `batch_trigger`, as items for the wire and a key for each."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trigger_widgets.errors import ConfigurationError, TaskInputError
from trigger_widgets.packets import encode_packet

from .batches import Item
from .idempotency import IdempotencyKey, create
from .options import encode_options
from .refs import task_id
from .typed import check_payload

Key = str | Callable[[Any], Any] | None
_ENVELOPE = frozenset({"task", "payload", "options"})


@dataclass(frozen=True)
class Given:
    """One item as it was given: `key` is what a person knows it by."""

    payload: Any
    key: Any
    task: Any = None
    options: Mapping[str, Any] | None = None


def plan(
    task: Any, items: Any, *, options: Mapping[str, Any], key: Key = None, ttl: str | None = None
) -> tuple[list[Item], list[Any]]:
    """The items in order, and the key of each. `ttl` is for those that name none."""
    planned = list(each(task, items, key=key, options=options, ttl=ttl))
    return [item for item, _ in planned], [key for _, key in planned]


def each(
    task: Any, items: Any, *, options: Mapping[str, Any], key: Key = None, ttl: str | None = None
) -> Iterator[tuple[Item, Any]]:
    """The items as they are asked for, each with its key. What is no items is said at once."""
    if items is None:
        task, items = None, task
    if not (key is None or isinstance(key, str) or callable(key)):
        raise ConfigurationError(
            "key is the name of a field or column, or a function of the payload, not "
            f"{type(key).__name__}."
        )
    given = _rows(items, key) if _is_data_frame(items) else _listed(items, key)
    shared = options.get("idempotency_key")
    common = encode_options({**options, "idempotency_key": None}, of="tasks.batch_trigger")

    def made() -> Iterator[tuple[Item, Any]]:
        n = -1
        for n, one in enumerate(given):
            numbered = {} if shared is None else {"idempotency_key": _numbered(shared, n)}
            own = {**numbered, **(one.options or {})}
            yield _item(n, replace(one, options=own), task, common, ttl), one.key
        if n < 0:
            raise ConfigurationError("there is nothing to trigger: items is empty.")

    return made()


def is_stream(task: Any, items: Any) -> bool:
    """Whether the items can be gone through once only, like those of a generator."""
    return isinstance(task if items is None else items, Iterator)


def _numbered(key: Any, n: int) -> Any:
    """The key of an item where all were given one: two items must not be one run."""
    if isinstance(key, IdempotencyKey):
        return create([key.key, str(n)])
    return f"{key}-{n}" if isinstance(key, str) else create([*key, str(n)])


def index_of(task: Any, items: Any, key: Key) -> Any:
    """The index of the DataFrame that the items are, unless `key` names them otherwise."""
    frame = task if items is None else items
    return frame.index if key is None and _is_data_frame(frame) else None


def _item(n: int, given: Given, task: Any, common: Mapping[str, Any], ttl: str | None) -> Item:
    named = given.task if given.task is not None else task
    if named is None:
        raise ConfigurationError(
            f'items[{n}] names no task; give batch_trigger("my-task", items), or items like '
            '{"task": "my-task", "payload": …}.'
        )
    own = encode_options(given.options or {}, of=f"items[{n}]")
    try:
        check_payload(named, given.payload)
    except TaskInputError as e:
        raise TaskInputError(f"items[{n}]: {e}") from None
    merged = {**({"ttl": ttl} if ttl else {}), **common, **own}
    return Item(task_id(named), encode_packet(given.payload, what=f"items[{n}]"), merged)


def _listed(items: Any, key: Key) -> Iterator[Given]:
    if isinstance(items, str | bytes | Mapping) or not isinstance(items, Iterable):
        raise ConfigurationError(
            "items is a list of payloads, or a DataFrame with a run a row, not "
            f"{type(items).__name__}."
        )
    return (_one(item, n, key) for n, item in enumerate(items))


def _one(item: Any, n: int, key: Key) -> Given:
    if isinstance(item, Mapping) and "payload" in item and item.keys() <= _ENVELOPE:
        options = item.get("options")
        if options is not None and not isinstance(options, Mapping):
            raise ConfigurationError(f"the options of items[{n}] are a dict, not {options!r}.")
        payload = item["payload"]
        return Given(payload, _key_of(payload, n, key), item.get("task"), options)
    return Given(item, _key_of(item, n, key))


def _rows(frame: Any, key: Key) -> Iterable[Given]:
    """A row is a payload; its key is its label in the index unless `key` says otherwise."""
    columns = [str(column) for column in frame.columns]
    if isinstance(key, str) and key not in columns:
        raise ConfigurationError(f'the DataFrame has no column "{key}"; {_hint(key, columns)}')
    if len(set(columns)) < len(columns):
        raise ConfigurationError("the DataFrame has two columns of the same name; rename one.")
    rows: Sequence[dict[str, Any]] = frame.to_dict(orient="records")
    labels = frame.index.tolist()
    if key is None:
        return [Given(row, label) for row, label in zip(rows, labels, strict=True)]
    return [Given(row, _key_of(row, n, key)) for n, row in enumerate(rows)]


def _key_of(payload: Any, n: int, key: Key) -> Any:
    if key is None:
        return n
    if callable(key):
        return key(payload)
    fields = payload if isinstance(payload, Mapping) else getattr(payload, "__dict__", {})
    if key not in fields:
        raise ConfigurationError(f'items[{n}] has no field "{key}"; {_hint(key, fields)}')
    return fields[key]


def _hint(name: str, known: Iterable[Any]) -> str:
    names = [str(one) for one in known]
    near = difflib.get_close_matches(name, names, n=1)
    return f'did you mean "{near[0]}"?' if near else f"it has {', '.join(names) or 'none'}."


def _is_data_frame(value: Any) -> bool:
    """Recognised by its class, so that pandas is imported by whoever made it."""
    return any(
        kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"
        for kind in type(value).__mro__
    )
