"""A text that does not show itself.

pydantic's `SecretStr` for the engine, which does without pydantic: that is nearly half of the time
in which it starts.
"""

from __future__ import annotations


class Secret:
    """What is inside comes out by `get_secret_value` alone."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def get_secret_value(self) -> str:
        """The text."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret('**********')"

    def __str__(self) -> str:
        return "**********"
