"""Streams of a run: addresses, opening one, appending text, sending input (protocol.md §5)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from trigger_widgets.errors import ConfigurationError, ProtocolError
from trigger_widgets.jsonable import to_jsonable

from .checks import nothing
from .refs import Ref
from .requests import Answer, Request
from .runs import run_id

DEFAULT_STREAM = "default"


@dataclass(frozen=True)
class StreamTarget:
    """Where the parts of an opened stream go.

    v1: NDJSON by `POST` to the address it was opened at. v2: records by `POST
    <endpoint>/streams/<name>/records` with the token and the basin (worker-protocol.md §7).
    """

    version: str
    endpoint: str | None = None
    name: str | None = None
    basin: str | None = None
    access_token: SecretStr | None = None
    flush_interval_ms: int = 100
    max_retries: int = 10


def stream_id(stream: Any) -> str:
    """The id of a stream: a text, or anything that has it as `.id`."""
    found = stream if isinstance(stream, str) else getattr(stream, "id", None)
    if not isinstance(found, str) or not found:
        raise ConfigurationError(f"{found or stream!r} is not the id of a stream.")
    return found


def read_path(run: Any, stream: Any = DEFAULT_STREAM) -> str:
    """Where the parts of a stream are read, as server-sent events."""
    return f"/realtime/v1/streams/{quote(run_id(run), safe='')}/{quote(stream_id(stream), safe='')}"


def write_path(run: Any, stream: Any = DEFAULT_STREAM, *, target: str = "self") -> str:
    """Where a stream is opened and written; `target` is self, parent, root or input."""
    run, stream = quote(run_id(run), safe=""), quote(stream_id(stream), safe="")
    return f"/realtime/v1/streams/{run}/{target}/{stream}"


def open_stream(
    run: Any, stream: Any = DEFAULT_STREAM, *, target: str = "self"
) -> Request[StreamTarget]:
    """`PUT …/self/<stream>`: says which version this run's streams have, and where v2 goes."""
    return Request(
        "PUT",
        write_path(run, stream, target=target),
        _target,
        doing=f"open the stream {stream_id(stream)} of {run_id(run)}",
        subject=f"run {run_id(run)}",
    )


def append(
    run: Ref, text: str, stream: Ref = DEFAULT_STREAM, *, target: str = "self"
) -> Request[None]:
    """Add one part to a stream of a run that has not ended: readers get this very text. Needs the
    secret key. `target` is self, parent or root: whose stream it is.
    """
    if not isinstance(text, str):
        raise ConfigurationError(
            f"what is appended from outside is text, not {type(text).__name__}; readers would get "
            "text anyway, so encode it yourself (json.dumps)."
        )
    return Request(
        "POST",
        write_path(run, stream, target=target) + "/append",
        nothing,
        doing=f"append to the stream {stream_id(stream)} of {run_id(run)}",
        subject=f"run {run_id(run)}",
        raw=text.encode("utf-8", errors="replace"),
        content_type="text/plain; charset=utf-8",
        # the same for all attempts of the request, so that readers see the part once (on v2)
        headers={"x-part-id": secrets.token_urlsafe(6)},
    )


def send(run: Ref, stream: Ref, data: Any) -> Request[None]:
    """Send one piece of data to an input stream of a run that has not ended. A token with
    `write:inputStreams:<run>` is enough.
    """
    return Request(
        "POST",
        write_path(run, stream, target="input"),
        nothing,
        doing=f"send to the input stream {stream_id(stream)} of {run_id(run)}",
        subject=f"run {run_id(run)}",
        body={"data": to_jsonable(data, what="data")},
    )


def _target(answer: Answer) -> StreamTarget:
    version = answer.object().get("version")
    if version == "v1":
        return StreamTarget("v1")
    headers = answer.headers
    endpoint, name = headers.get("x-s2-endpoint"), headers.get("x-s2-stream-name")
    if version != "v2" or not endpoint or not name:
        raise ProtocolError("the server opened the stream without saying where its parts go.")
    token = headers.get("x-s2-access-token")
    return StreamTarget(
        "v2",
        endpoint=endpoint.rstrip("/"),
        name=name,
        basin=headers.get("x-s2-basin"),
        access_token=SecretStr(token) if token else None,
        flush_interval_ms=_number(headers.get("x-s2-flush-interval-ms"), 100),
        max_retries=_number(headers.get("x-s2-max-retries"), 10),
    )


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default
