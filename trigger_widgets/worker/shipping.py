"""A task of a notebook, made ready for another process: its function and what it uses, by value.

What is written in cells can be imported by nobody, so cloudpickle takes it along: functions,
classes (pydantic models too) and the variables they use, as they are when the run starts.
Modules are imported by their name over there.
"""

from __future__ import annotations

import io
import pickle
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import cloudpickle
from pydantic import BaseModel

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.tasks.definition import Task

from .surroundings import Surroundings

LARGEST = 1 << 30
"""Bytes. More is better read by the task itself; it would also hold up the notebook."""


class ShippingError(ConfigurationError):
    """A task that cannot be run in another process. One sentence says which variable it is."""


@dataclass(frozen=True)
class Shipment:
    """A task on its way."""

    code: bytes
    surroundings: Surroundings


def ship(task: Task[..., Any]) -> Shipment:
    """Pack `task` as it is now; `ShippingError`."""
    try:
        code = _dumps(task)
    except Exception as e:  # whatever the variables of others do when they are pickled
        raise ShippingError(
            f'task "{task.id}" cannot be run in a process of its own: {_what_cannot(task, e)}; '
            'make it inside of the task, or leave out isolation="process".'
        ) from None
    if len(code) > LARGEST:
        raise ShippingError(
            f'task "{task.id}" cannot be run in a process of its own: what it uses takes '
            f"{len(code) >> 20} MiB{_mostly(task)}, and at most {LARGEST >> 20} MiB can be sent; "
            "let the task read it from a file."
        )
    return Shipment(code, Surroundings.here())


def unship(code: bytes, surroundings: Surroundings) -> Task[..., Any]:
    """The task, in a process that now looks like the one it comes from; `ShippingError`."""
    surroundings.enter()
    try:
        task: Task[..., Any] = pickle.loads(code)  # noqa: S301 - our own worker's, over our own socket
    except Exception as e:
        raise ShippingError(
            "this task cannot be run in a process of its own, because what it uses could not be "
            f"loaded there: {type(e).__name__}: {e}"
        ) from None
    return task


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # it has no types
    """A model that was defined in a function remembers all variables of it, to look names up in;
    its fields are complete by now, and need them no more.
    """

    def reducer_override(self, obj: Any) -> Any:
        reduced = super().reducer_override(obj)
        if isinstance(obj, type) and issubclass(obj, BaseModel) and isinstance(reduced, tuple):
            for state in reduced[2:3]:
                state[0]["__pydantic_parent_namespace__"] = None
        return reduced


def _dumps(value: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file).dump(value)
    return file.getvalue()


def _what_cannot(task: Task[..., Any], error: Exception) -> str:
    reason = f"{type(error).__name__}: {error}"
    path = _culprit(task.function, {id(task), id(task.function)})
    if not path:
        return f"it cannot be pickled ({reason})"
    users = "".join(f" of {name}" for name in reversed(path[:-1]))
    return f'it uses the variable "{path[-1]}"{users}, which cannot be pickled ({reason})'


def _culprit(function: Callable[..., Any], seen: set[int]) -> list[str]:
    """The way to the first variable that cannot be pickled: through which functions, and it."""
    for name, value in _used(function):
        if id(value) in seen:
            continue
        seen.add(id(value))
        if _size(value) is not None:
            continue
        return [name, *_culprit(value.function if isinstance(value, Task) else value, seen)]
    return []


def _mostly(task: Task[..., Any]) -> str:
    sizes = {name: _size(value) or 0 for name, value in _used(task.function)}
    largest = max(sizes, key=sizes.__getitem__, default=None)
    return "" if largest is None else f', most of it in "{largest}"'


def _used(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """The variables that a function takes from outside, by name."""
    if not isinstance(function, types.FunctionType):
        return
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        with suppress(ValueError):  # not assigned (yet)
            yield name, cell.cell_contents


def _names(code: types.CodeType) -> set[str]:
    inner = [_names(const) for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*inner)


def _size(value: Any) -> int | None:
    try:
        return len(_dumps(value))
    except Exception:
        return None
