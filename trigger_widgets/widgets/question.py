"""What a person is asked in an approval, and the data that an answer becomes. Without I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.jsonable import to_jsonable

from .payload_schema import PayloadSchema

Confirm = Literal["reject", "approve", "both", "none"]
_CONFIRMS = {"reject": [False], "approve": [True], "both": [True, False], "none": []}


class Question:
    """Plain Approve or Reject with a comment; or, with a `schema`, a form for data of that shape.

    A field `approved` of the schema is what the two buttons say, and a field `by` who pressed
    one; without `approved` there is one button, which sends what is written.
    """

    def __init__(
        self,
        schema: type[BaseModel] | Mapping[str, Any] | TypeAdapter[Any] | None,
        value: Any,
        confirm: Confirm,
    ) -> None:
        if confirm not in _CONFIRMS:
            known = ", ".join(f'"{each}"' for each in _CONFIRMS)
            raise ConfigurationError(f"confirm={confirm!r} is none of {known}.")
        self._schema = PayloadSchema(schema)
        self._confirm = _CONFIRMS[confirm]
        self._asked = schema is not None
        self._value = to_jsonable(value, what="value")
        properties = (self._schema.json_schema or {}).get("properties", {})
        self._names = set(properties) if self._asked else {"approved", "comment", "by"}

    def state(self) -> dict[str, Any]:
        """What the views know of it."""
        schema = self._schema.json_schema
        if schema is not None:
            own = {"approved", "by"}
            fields = {k: v for k, v in schema.get("properties", {}).items() if k not in own}
            required = [name for name in schema.get("required", ()) if name not in own]
            schema = {**schema, "properties": fields, "required": required}
        comment = self._value.get("comment") if isinstance(self._value, dict) else None
        return {
            "schema": schema,
            "payload": "" if self._value is None else json.dumps(self._value, indent=2),
            "comment": None if self._asked else comment or "",
            "verdict": "approved" in self._names,
            "confirm": self._confirm,
            "problem": None,
        }

    def answer(self, *, approved: bool | None, comment: str, data: Any, by: str) -> Any:
        """The data that an answer becomes."""
        if not self._asked:
            return {"approved": approved, "comment": comment, "by": by}
        answer = self._value if data is None else data
        if answer is None:
            answer = {}
        if not isinstance(answer, dict):
            return answer
        own = {"approved": approved, "by": by, "comment": comment or None}
        return {**answer, **{k: v for k, v in own.items() if k in self._names and v is not None}}

    def check(self, data: Any) -> dict[str, Any] | None:
        """What is wrong with an answer, a message and one for each field; None if it is fine."""
        return self._schema.check(data)
