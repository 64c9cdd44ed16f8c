"""Tasks that know the types of what goes in and comes out, for the checks at both ends."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, cast

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypeVar

from trigger_widgets.errors import TaskInputError, TaskOutputError

from .checks import sentence
from .refs import task_id

In = TypeVar("In", default=Any)
Out = TypeVar("Out", default=Any)
_In_contra = TypeVar("_In_contra", contravariant=True)
_Out_co = TypeVar("_Out_co", covariant=True)


class TypedTask(Generic[In, Out]):
    """A task that is defined elsewhere, perhaps in TypeScript, with the types it takes and gives.

        summarize = TypedTask("summarize", payload=Doc, output=Summary)
        run = client.tasks.trigger(summarize, Doc(text="…"))
        run.result().title        # a Summary

    Types are whatever pydantic understands. A payload that does not fit is refused before it is
    sent (`TaskInputError`), an output that does not fit raises `TaskOutputError`.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - its name everywhere
        *,
        payload: type[In] = cast("type[In]", Any),  # noqa: B008 - it is Any itself
        output: type[Out] = cast("type[Out]", Any),  # noqa: B008
    ) -> None:
        self.id = task_id(id)
        self._payload: TypeAdapter[In] = TypeAdapter(payload)
        self._output: TypeAdapter[Out] = TypeAdapter(output)

    def check_payload(self, payload: Any) -> In:
        """The payload as its type; `TaskInputError` names the field that is wrong."""
        try:
            return self._payload.validate_python(payload)
        except ValidationError as e:
            raise TaskInputError(sentence(e, "payload", f'task "{self.id}"')) from None

    def check_output(self, output: Any) -> Out:
        """The output as its type; `TaskOutputError` names the field that is wrong."""
        try:
            return self._output.validate_python(output)
        except ValidationError as e:
            raise TaskOutputError(sentence(e, "output", f'task "{self.id}"')) from None

    def __repr__(self) -> str:
        return f"<typed task {self.id}>"


def check_payload(task: Any, payload: Any) -> None:
    """Let a task that knows its types say that this payload does not fit."""
    if not isinstance(task, str) and (check := getattr(task, "check_payload", None)):
        check(payload)


def output_reader(task: Any) -> Callable[[Any], Any] | None:
    """What makes of an output the type that the task promises; None where it promises none."""
    return None if isinstance(task, str) else getattr(task, "check_output", None)


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


class Function(_HasId, Protocol[_In_contra, _Out_co]):
    """A `@task` function of a payload."""

    def __call__(self, payload: _In_contra, /) -> _Out_co:
        """Run it here."""


class WithCtx(_HasId, Protocol[_In_contra, _Out_co]):
    """A `@task` function of a payload and ctx."""

    def __call__(self, payload: _In_contra, ctx: Any, /) -> _Out_co:
        """Run it here."""


class AsyncFunction(_HasId, Protocol[_In_contra, _Out_co]):
    """An async `@task` function of a payload."""

    def __call__(self, payload: _In_contra, /) -> Coroutine[Any, Any, _Out_co]:
        """Run it here."""


class AsyncWithCtx(_HasId, Protocol[_In_contra, _Out_co]):
    """An async `@task` function of a payload and ctx."""

    def __call__(self, payload: _In_contra, ctx: Any, /) -> Coroutine[Any, Any, _Out_co]:
        """Run it here."""
