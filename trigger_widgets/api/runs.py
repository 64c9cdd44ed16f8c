"""Runs: retrieve, cancel, replay, reschedule, tags, metadata, the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from trigger_widgets.errors import ConfigurationError, ProtocolError
from trigger_widgets.jsonable import to_jsonable
from trigger_widgets.models import Run

from .checks import checked, nothing
from .options import encode_moment, encode_tags
from .refs import Ref
from .requests import Answer, Request
from .tasks import Triggered, read_triggered


def run_id(run: Any) -> str:
    """The id of a run: a text, or anything that has it as `.id` (a `RunHandle`, a `Run`)."""
    found = run if isinstance(run, str) else getattr(run, "id", None)
    if not isinstance(found, str) or not found.startswith("run_"):
        raise ConfigurationError(f'{found or run!r} is not a run; its id looks like "run_…".')
    return found


def retrieve(run: Ref) -> Request[Run]:
    """The run as it is now, payload and output decoded; `NotFoundError` if there is no such run."""
    found = run_id(run)
    return Request(
        "GET",
        f"/api/v3/runs/{quote(found, safe='')}",
        _run,
        doing=f"retrieve {found}",
        subject=f"run {found}",
    )


def cancel(run: Ref) -> Request[None]:
    """Cancel the run; nothing happens if it has ended."""
    found = run_id(run)
    return Request(
        "POST",
        f"/api/v2/runs/{quote(found, safe='')}/cancel",
        nothing,
        doing=f"cancel {found}",
        subject=f"run {found}",
        body={},
    )


def replay(run: Ref) -> Request[Triggered]:
    """`POST /api/v1/runs/<id>/replay`: a new run with the same payload, tags and metadata."""
    found = run_id(run)
    return Request(
        "POST",
        f"/api/v1/runs/{quote(found, safe='')}/replay",
        read_triggered,
        doing=f"replay {found}",
        subject=f"run {found}",
        body={},
    )


def reschedule(run: Ref, delay: str | float | timedelta | datetime) -> Request[Run]:
    """Let a run that is still delayed begin at another time: a duration from now, or a moment.

    Gives the run as it then is. Needs the secret key.
    """
    found = run_id(run)
    return Request(
        "POST",
        f"/api/v1/runs/{quote(found, safe='')}/reschedule",
        _run,
        doing=f"reschedule {found}",
        subject=f"run {found}",
        body={"delay": encode_moment(delay, "delay")},
    )


def add_tags(run: Ref, tags: str | Iterable[str]) -> Request[None]:
    """Add one tag or several; a run has up to 10. Those that it has already change nothing.

    Needs the secret key.
    """
    found = run_id(run)
    return Request(
        "POST",
        f"/api/v1/runs/{quote(found, safe='')}/tags",
        nothing,
        doing=f"add tags to {found}",
        subject=f"run {found}",
        body={"tags": encode_tags(tags, "tags")},
    )


def update_metadata(run: Ref, metadata: Mapping[str, Any]) -> Request[dict[str, Any]]:
    """Replace the run's metadata; gives what it then is. Needs the secret key."""
    found = run_id(run)
    plain = to_jsonable(metadata, what="metadata")
    if not isinstance(plain, dict):
        raise ConfigurationError(f"metadata is an object (a dict), not {type(metadata).__name__}.")
    return Request(
        "PUT",
        f"/api/v1/runs/{quote(found, safe='')}/metadata",
        _metadata,
        doing=f"set the metadata of {found}",
        subject=f"run {found}",
        body={"metadata": plain},
    )


class LogRecord(BaseModel):
    """One record of a run's log. `stream` is stdout, stderr or log; `time` is ms since 1970.

    `properties` are the `extra` that it was logged with.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    seq: int
    time: float
    stream: str
    text: str
    level: str | None = None
    properties: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class LogPage:
    """Records in order; `next` is the `after` of the page that follows."""

    records: list[LogRecord]
    next: int


def logs(run: Ref, *, after: int = 0) -> Request[LogPage]:
    """What the task printed and logged after record `after`. Of the embedded engine alone."""
    found = run_id(run)
    return Request(
        "GET",
        f"/api/v1/runs/{quote(found, safe='')}/logs",
        _log_page,
        doing=f"read the log of {found}",
        subject=f"run {found} with a log",
        params={"after": str(after)},
    )


def _run(answer: Answer) -> Run:
    body = answer.object()
    large = [name for name in ("payload", "output") if f"{name}PresignedUrl" in body]
    return checked(Run, {**body, "large": large})


def _metadata(answer: Answer) -> dict[str, Any]:
    metadata = answer.object().get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _log_page(answer: Answer) -> LogPage:
    body = answer.object()
    records, after = body.get("records"), body.get("next")
    if not isinstance(records, list) or not isinstance(after, int):
        raise ProtocolError("the server's log page has no records and next.")
    return LogPage([checked(LogRecord, record) for record in records], after)
