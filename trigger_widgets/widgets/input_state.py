"""What an input widget shows of each thing that was sent, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .preview import SAVED_BYTES, preview

Fate = Literal["sending", "sent", "failed"]


@dataclass(frozen=True)
class Message:
    """`key` is the name that the view which wrote it gave to it; `at` is epoch ms."""

    id: str
    data: Any
    at: float
    state: Fate = "sending"
    reason: str | None = None
    key: str | None = None

    def shown(self) -> dict[str, Any]:
        """As the views and the saved notebook have it."""
        return {
            "key": self.key,
            "data": preview(self.data, SAVED_BYTES),
            "at": self.at,
            "state": self.state,
            "reason": self.reason,
        }


def is_talk(schema: Mapping[str, Any] | None) -> bool:
    """Whether what is sent is text as a person says it, and not one of a few words."""
    return schema is not None and schema.get("type") == "string" and "enum" not in schema
