"""What an answer must be before anybody uses it."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from trigger_widgets.errors import ProtocolError

from .requests import Answer

M = TypeVar("M", bound=BaseModel)


def checked(model: type[M], body: Any) -> M:
    """`body` as a model; `ProtocolError` says where it is wrong, without quoting it."""
    try:
        return model.model_validate(body)
    except ValidationError as e:
        # only where it is wrong: what is there may be somebody's payload
        raise ProtocolError(f"the server's {model.__name__} is malformed: {where(e)}.") from None


def where(error: ValidationError) -> str:
    """The places and kinds of what is wrong, without the values."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'it'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    )


def nothing(_answer: Answer) -> None:
    """A success that says no more."""


def sentence(error: ValidationError, root: str, who: str) -> str:
    """What is wrong with the `root` of `who`: the first mistake, and how many more there are."""
    first, *others = error.errors(include_url=False, include_context=False)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    shown = "" if first["type"] == "missing" else f", got {_short(first['input'])}"
    more = f" (and {len(others)} more)" if others else ""
    return f"{root}{path} of {who} is wrong: {first['msg']}{shown}{more}."


def _short(value: Any) -> str:
    text = repr(value)
    limit = 80
    return text if len(text) <= limit else text[: limit - 1] + "…"
