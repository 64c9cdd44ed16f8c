"""The list of runs, newest first, by pages and filters (protocol.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from trigger_widgets.durations import deadline
from trigger_widgets.errors import ConfigurationError
from trigger_widgets.models import Run, RunStatus

from .batches import batch_id
from .checks import checked
from .options import Duration, encode_duration, encode_tags
from .pages import Page, Pages, read_page
from .refs import Ref, task_id
from .requests import Answer, Request

Moment = str | float | datetime


def list_runs(
    *,
    status: str | Iterable[str] | None = None,
    task: Ref | Iterable[Ref] | None = None,
    version: str | Iterable[str] | None = None,
    tag: str | Iterable[str] | None = None,
    batch: Ref | None = None,
    queue: str | Iterable[str] | None = None,
    machine: str | Iterable[str] | None = None,
    region: str | Iterable[str] | None = None,
    is_test: bool | None = None,
    schedule: str | None = None,
    bulk_action: str | None = None,
    period: Duration | None = None,
    created_at: Duration | None = None,
    from_: Moment | None = None,
    to: Moment | None = None,
    limit: int | None = None,
) -> Pages[Run]:
    """Runs, newest first, page by page as they are asked for: without payload, output and error.

    Several filters mean all of them, several values of one mean any of them. `period` is how long
    ago at most ("1h", a timedelta; `created_at` is another word for it), `from_` and `to` are
    moments: a datetime, an ISO date, seconds since 1970. The default queue of a task is called
    `task/<its id>`. `limit` is how many runs at most; without it, all that there are.
    """
    if period is not None and created_at is not None:
        raise ConfigurationError("period and created_at are two words for one filter; give one.")
    given = {
        "status": _many(status, _status),
        "taskIdentifier": _many(task, lambda one, _: task_id(one)),
        "version": _many(version, _text, "version"),
        "tag": None if tag is None else ",".join(encode_tags(tag, "tag")),
        "batch": None if batch is None else batch_id(batch),
        "queue": _many(queue, _text, "queue"),
        "machine": _many(machine, _text, "machine"),
        "region": _many(region, _text, "region"),
        "isTest": None if is_test is None else str(bool(is_test)).lower(),
        "schedule": schedule,
        "bulkAction": bulk_action,
        "createdAt][period": _period(created_at if period is None else period),
        "createdAt][from": _moment(from_, "from_"),
        "createdAt][to": _moment(to, "to"),
    }
    filters = {f"filter[{name}]": text for name, text in given.items() if text is not None}

    def ask(page: Mapping[str, str]) -> Request[Page[Run]]:
        return Request("GET", "/api/v1/runs", _page, doing="list runs", params={**page, **filters})

    return Pages(ask, limit=limit)


def _many(value: Any, encode: Callable[[Any, str], str], name: str = "") -> str | None:
    """One value or several, as a list with commas."""
    if value is None:
        return None
    single = isinstance(value, str) or not isinstance(value, Iterable)
    return ",".join(encode(one, name) for one in ([value] if single else value))


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value or "," in value:
        raise ConfigurationError(f"{name} is a text without commas, not {value!r}.")
    return value


def _status(value: Any, _name: str) -> str:
    if value not in RunStatus.__members__:
        known = ", ".join(RunStatus)
        raise ConfigurationError(f"{value!r} is no status of a run; use {known}.")
    return str(value)


def _period(value: Duration | None) -> str | None:
    return None if value is None else encode_duration(value, "period")


def _moment(value: Moment | None, name: str) -> str | None:
    """Milliseconds since 1970, as the server reads them."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ConfigurationError(
                f'{name} is a moment, like "2026-11-23T12:00:00Z" or a datetime, not "{value}".'
            ) from None
    moment = deadline(value).astimezone(UTC)
    return str(round(moment.timestamp() * 1000))


def _page(answer: Answer) -> Page[Run]:
    return read_page(answer, lambda run: checked(Run, run), of="runs")
