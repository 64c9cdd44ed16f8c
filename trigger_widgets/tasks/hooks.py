"""The functions that run around a task: `init`, `on_start`, `on_success`, `on_failure`, `cleanup`.

A hook is called with what it names as its parameters, as a test is with its fixtures:
`def on_failure(error, ctx)`. It belongs to the run: what it logs, prints and says of metadata
goes there. Which may be async.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Self

from trigger_widgets.errors import ConfigurationError

_ALWAYS = ("payload", "ctx")
OFFERS = {
    "init": _ALWAYS,
    "on_start": (*_ALWAYS, "init"),
    "on_success": (*_ALWAYS, "init", "output"),
    "on_failure": (*_ALWAYS, "init", "error"),
    "cleanup": (*_ALWAYS, "init"),
}
"""What each hook may ask for."""


class Hook:
    """One function, and what it asks for."""

    def __init__(self, function: Any, name: str, what: str) -> None:
        if not callable(function):
            raise ConfigurationError(f"{name} of {what} is a function, not {function!r}.")
        self.function: Callable[..., Any] = function
        self.name = name
        self._asks = _asked_for(function, name, what)

    def __call__(self, **offered: Any) -> Any:
        """Call it with what it asks for; a coroutine if it is async."""
        return self.function(**{name: offered[name] for name in self._asks})


@dataclass(frozen=True)
class Hooks:
    """The hooks of a task.

    `init` runs before each attempt; what it returns is `init` to the task and the other hooks.
    `on_start` runs before the first attempt alone. An error of these two fails the attempt.
    `on_success` runs after the attempt that returned, `on_failure` after the last one that failed,
    `cleanup` after each attempt, also a canceled one: their errors are logged and change nothing.
    """

    init: Hook | None = None
    on_start: Hook | None = None
    on_success: Hook | None = None
    on_failure: Hook | None = None
    cleanup: Hook | None = None

    @classmethod
    def taken_from(cls, options: MutableMapping[str, Any], *, what: str) -> Self:
        """The hooks among the options of a task, which are then no longer there."""
        given = {name: options.pop(name, None) for name in OFFERS}
        hooks = {
            name: Hook(function, name, what)
            for name, function in given.items()
            if function is not None
        }
        return cls(**hooks)


def _asked_for(function: Callable[..., Any], name: str, what: str) -> list[str]:
    offered = OFFERS[name]
    asked = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            return list(offered)
        by_name = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if by_name and parameter.name in offered:
            asked.append(parameter.name)
        elif parameter.kind is not parameter.VAR_POSITIONAL and (
            parameter.default is parameter.empty
        ):
            raise ConfigurationError(
                f'{name} of {what} asks for "{parameter.name}"; a hook is called with what it '
                f"names, and this one may name {', '.join(offered)}."
            )
    return asked
