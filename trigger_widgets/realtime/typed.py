"""Parts as the type that they were defined with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from trigger_widgets.api.checks import where
from trigger_widgets.api.streams import stream_id
from trigger_widgets.errors import MismatchError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Definition(Protocol[T_co]):
    """A stream by its id, with parts of one type: what `streams.define` gives."""

    @property
    def id(self) -> str:
        """What the stream is called."""

    @property
    def type(self) -> type[T_co] | Any:
        """What each part is."""


class PartType(Generic[T]):
    """Checks the parts of one stream, one after the other; without a type they are as they come."""

    def __init__(self, stream: Any, kind: Any, *, start_index: int = 0) -> None:
        if kind is None and not isinstance(stream, str):
            kind = getattr(stream, "type", None)
        self.stream = stream_id(stream)
        self._index = start_index
        self._is_typed = kind is not None
        self._adapter: TypeAdapter[T] = TypeAdapter(Any if kind is None else kind)

    @property
    def check(self) -> Callable[[Any], T] | None:
        """What checks a part; None where there is no type."""
        return self._checked if self._is_typed else None

    def _checked(self, part: Any) -> T:
        """The part as its type has it; `MismatchError` says which one does not fit, and where."""
        index, self._index = self._index, self._index + 1
        try:
            return self._adapter.validate_python(part)
        except ValidationError as e:
            raise MismatchError(
                f'part {index} of the stream "{self.stream}" does not fit its type: {where(e)}; '
                "read it without a type to see it."
            ) from None
