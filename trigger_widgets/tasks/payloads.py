"""A task's parameters: which it takes, and whether a payload fits the annotated type."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation

from trigger_widgets.api.checks import sentence
from trigger_widgets.errors import ConfigurationError, TaskInputError, TaskOutputError

_INIT = "init"


class Parameters:
    """How a function takes its payload, `ctx` and `init`, and the types of what goes in and out."""

    def __init__(
        self, function: Callable[..., Any], task_id: str, *, has_init: bool = False
    ) -> None:
        self._function = function
        self._task_id = task_id
        self._takes_init = has_init and _INIT in inspect.signature(function).parameters
        self._names = _positional(function, task_id, without=_INIT if has_init else None)

    def __getstate__(self) -> dict[str, Any]:
        """For another process: the types themselves, as their names mean nothing there."""
        _ = self.input_type, self.output_type
        return self.__dict__

    def call(self, payload: Any, context: Any, init: Any) -> Any:
        """Call the function with a payload that `check_input` has given."""
        named = {_INIT: init} if self._takes_init else {}
        return self._function(*(payload, context)[: len(self._names)], **named)

    def check_input(self, payload: Any) -> Any:
        """The payload as the type it must have; `TaskInputError` names the field that is wrong."""
        if not self._names or self.input_type is None:
            return payload
        try:
            return self.input_type.validate_python(payload)
        except ValidationError as e:
            raise TaskInputError(sentence(e, self._names[0], f'task "{self._task_id}"')) from None

    def check_output(self, output: Any) -> Any:
        """The output as the type it promises, where that is a model or a dataclass."""
        if self.output_type is None:
            return output
        try:
            return self.output_type.validate_python(output)
        except ValidationError as e:
            message = sentence(e, "output", f'task "{self._task_id}"')
            raise TaskOutputError(message) from None

    @functools.cached_property
    def _hints(self) -> dict[str, Any]:
        try:
            return typing.get_type_hints(self._function, include_extras=True)
        except Exception:  # a name that exists for type checkers alone: then nothing is checked
            return {}

    @functools.cached_property
    def input_type(self) -> TypeAdapter[Any] | None:
        """What validates payloads; None where nothing is promised."""
        return _adapter(self._hints.get(self._names[0])) if self._names else None

    @functools.cached_property
    def output_type(self) -> TypeAdapter[Any] | None:
        """What validates outputs: for models and dataclasses alone, the rest is only a hint."""
        hint = self._hints.get("return")
        is_model = isinstance(hint, type) and (
            issubclass(hint, BaseModel) or dataclasses.is_dataclass(hint)
        )
        return _adapter(hint) if is_model else None


def _positional(function: Callable[..., Any], task_id: str, *, without: str | None) -> list[str]:
    """The names of the parameters that a run fills by their place: none, payload, or payload and
    ctx. The one called `without` is filled by its name, so it must come after these.
    """
    most = 2
    names: list[str] = []
    kinds = inspect.Parameter
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == without and parameter.kind is not kinds.POSITIONAL_ONLY:
            most = len(names)
            continue
        if parameter.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD):
            if len(names) < most:
                names.append(parameter.name)
                continue
        elif parameter.kind in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD):
            continue
        if parameter.default is kinds.empty:
            most_of_all = "(payload, ctx, init)" if without else "(payload, ctx)"
            raise ConfigurationError(
                f'task "{task_id}" takes (payload) or {most_of_all}; nothing would fill its '
                f'parameter "{parameter.name}", so give it a default.'
            )
    return names


def _adapter(hint: Any) -> TypeAdapter[Any] | None:
    if hint is None or hint is Any:
        return None
    try:
        return TypeAdapter(hint)
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation):
        return None  # a class that pydantic knows nothing about is only a hint
