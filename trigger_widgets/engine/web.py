"""What all routes share: answers, refusals, bodies, the engine behind a request."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trigger_widgets.jsonable import compact

from .core import Engine
from .validation import ValidationError, loads

MAX_BODY = 3 * 1024 * 1024
_MAX_DRAINED = 16 * 1024 * 1024


class JSON(Response):
    """A JSON answer without spaces, as a real server writes it."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        """UTF-8, never NaN."""
        return compact(content).encode()


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure
    """An answer that ends the handling of a request from anywhere below a route."""

    def __init__(
        self, status: int, body: dict[str, Any] | str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def response(self) -> Response:
        """The answer: an object is JSON, a text is text."""
        if isinstance(self.body, str):
            return Response(self.body, self.status, self.headers, "text/plain; charset=utf-8")
        return JSON(self.body, self.status, self.headers)


def engine_of(request: Request) -> Engine:
    """The engine that serves `request`."""
    engine: Engine = request.app.state.engine
    return engine


def origin_of(request: Request) -> str:
    """The address under which the client knows the engine."""
    return f"{request.url.scheme}://{request.url.netloc}"


def api_version(request: Request) -> str | None:
    """The API version that the client speaks; None for the oldest."""
    return request.headers.get("x-trigger-api-version")


async def read(request: Request) -> bytes:
    """The body; a too large one is read to its end, within reason, so that the answer arrives."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_BODY:
            chunks.append(chunk)
        elif size > _MAX_DRAINED:
            break
    if size > MAX_BODY:
        raise Refusal(413, {"error": "Request body too large"})
    return b"".join(chunks)


async def read_json(request: Request) -> Any:
    """The body as JSON; the content type is not looked at, as on a real server."""
    body = await read(request)
    if not body.strip():
        raise Refusal(400, {"error": "Request body is empty"})
    try:
        return loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, {"error": "Invalid JSON"}) from None


def invalid(error: ValidationError) -> Refusal:
    """The 400 of a body that is JSON and not what it should be."""
    return Refusal(400, {"error": f"Validation error: {error}"})


def seconds_parameter(request: Request, name: str, default: float, longest: float) -> float:
    """A query parameter in seconds, within 0 and `longest`."""
    try:
        value = float(request.query_params.get(name, ""))
    except ValueError:
        return default
    return min(max(value, 0), longest) if value == value else default  # noqa: PLR0124 - NaN
