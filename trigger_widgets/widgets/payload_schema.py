"""What a payload must look like: from a pydantic model, a task's annotation, or JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema

from trigger_widgets.errors import ConfigurationError


class PayloadSchema:
    """`json_schema` draws the form, None where a JSON box is all there is; `check` judges."""

    def __init__(
        self, schema: type[BaseModel] | Mapping[str, Any] | TypeAdapter[Any] | None
    ) -> None:
        self._adapter: TypeAdapter[Any] | None = None
        self.json_schema: dict[str, Any] | None = None
        if isinstance(schema, Mapping):
            self.json_schema = dict(schema)
        elif isinstance(schema, TypeAdapter):
            self._adapter = schema
        elif isinstance(schema, type) and issubclass(schema, BaseModel):
            self._adapter = TypeAdapter(schema)
        elif schema is not None:
            raise ConfigurationError(
                f"schema={schema!r} is not a schema; give a pydantic model or a JSON Schema dict."
            )
        if self._adapter is not None:
            self.json_schema = _describe(self._adapter)

    def check(self, payload: Any) -> dict[str, Any] | None:
        """What is wrong with a payload, a message and one for each field; None if it is fine."""
        if self._adapter is None:
            return None
        try:
            self._adapter.validate_python(payload)
        except ValidationError as e:
            mistakes = e.errors(include_url=False, include_context=False, include_input=False)
            fields = {_pointer(each["loc"]): each["msg"] for each in mistakes}
            number = len(mistakes)
            message = "One field needs attention." if number == 1 else f"{number} fields do."
            return {"message": message, "fields": fields}
        return None


def _describe(adapter: TypeAdapter[Any]) -> dict[str, Any] | None:
    try:
        return adapter.json_schema()
    except PydanticInvalidForJsonSchema:
        return None


def _pointer(location: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(each).replace('~', '~0').replace('/', '~1')}" for each in location)
