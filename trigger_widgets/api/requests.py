"""A request and its answer as plain data: described once, sent by the sync and the async client."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from trigger_widgets.errors import ProtocolError
from trigger_widgets.jsonable import compact

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a server said. Header names are lower case; `body` is decoded (never compressed)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON; `ProtocolError` if it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise ProtocolError(
                f"the server answered {self.status} without readable JSON; "
                "is this the address of a Trigger.dev server?"
            ) from None

    def object(self) -> dict[str, Any]:
        """The body as a JSON object; `ProtocolError` if it is not."""
        value = self.json()
        if not isinstance(value, dict):
            raise ProtocolError("the server answered JSON that is not an object.")
        return value


@dataclass(frozen=True)
class Request(Generic[T]):
    """One call of the API.

    `doing` and `subject` are the words of its error messages ("retrieve run_1", "run run_1").
    `decode` turns the successful answer into the result. `raw` is a body that is not JSON, of
    type `content_type`. `url` is an address of its own, to which no key is sent: it is the right.
    """

    method: str
    path: str
    decode: Callable[[Answer], T]
    doing: str
    subject: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    raw: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    def content(self) -> bytes | None:
        """The body as bytes, or None if there is none."""
        if self.raw is not None or self.body is None:
            return self.raw
        return to_json(self.body)


def to_json(value: Any) -> bytes:
    """Plain JSON types as compact JSON text on one line."""
    try:
        return compact(value).encode()
    except UnicodeEncodeError:
        # half a surrogate pair is not UTF-8, but JSON can escape it
        return json.dumps(value, separators=(",", ":")).encode()
