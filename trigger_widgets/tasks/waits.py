"""How a run waits: the steps that threads and coroutines share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from trigger_widgets.api import wait as api
from trigger_widgets.api.requests import Request
from trigger_widgets.durations import deadline, parse_duration
from trigger_widgets.errors import ConfigurationError, WaitTimeoutError
from trigger_widgets.models import WaitToken
from trigger_widgets.packets import JSON_TYPE, decode_packet
from trigger_widgets.realtime.waiting import Event

from .link import WaitFor
from .results import Result
from .scope import RunScope, current_scope
from .steps import Steps
from .stopping import RunStopped

SHORT_SECONDS = 5.0
"""What is slept here, as in the official SDK; longer sleeps are the server's to time."""

Duration = str | float | timedelta
"""Seconds, a timedelta, or text like "10m"."""


def require_scope(name: str) -> RunScope:
    """The run that this code belongs to; `ConfigurationError` outside of one."""
    scope = current_scope()
    if scope is None:
        raise ConfigurationError(
            f"{name} waits as part of a run, and this code is not part of one; start the task "
            "with .trigger (calling it like a function runs it without a server)."
        )
    return scope


def in_seconds(value: Duration) -> float:
    """A length of time; `ConfigurationError` for what is none."""
    if isinstance(value, str):
        value = parse_duration(value)
    if isinstance(value, timedelta):
        value = value.total_seconds()
    longest = timedelta.max.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < longest:
        raise ConfigurationError(
            f'a sleep is 0 or more seconds, a timedelta, or text like "10m", not {value!r}.'
        )
    return value


def seconds_until(moment: datetime) -> float:
    """What is left until then; one without a time zone is of the local one, as in Python."""
    if not isinstance(moment, datetime):
        raise ConfigurationError(f"wait.until takes a datetime, not {moment!r}.")
    return (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds()


def doze(scope: RunScope, seconds: float) -> None:
    """Sleep in this thread; `RunStopped` as soon as the run is to stop."""
    woken = Event()
    with scope.alarm.wakes(woken.set):
        stopped = woken.wait(seconds)
    if stopped:
        raise RunStopped


def create_token(scope: RunScope, request: Request[WaitToken]) -> Steps[WaitToken]:
    """Make a token. The request is repeated while there is no server, and makes one token."""
    answer = yield scope.link.call(request.method, request.path, request.body, patient=True)
    return request.decode(answer)


def for_token(
    scope: RunScope, token: str | WaitToken, timeout: Any, whose: str
) -> Steps[Result[Any]]:
    """Wait for a token, or for the token that has this name: in this run, or `whose` is global."""
    if whose not in ("run", "global"):
        raise ConfigurationError(f'scope is "run" or "global", not {whose!r}.')
    name = token if isinstance(token, str) and not token.startswith("waitpoint_") else None
    if name == "":
        raise ConfigurationError('a token of a run is named by a text like "approval", not by "".')
    if name is None and timeout is not None:
        raise ConfigurationError(
            "this token exists already and has its own timeout: give it to wait.create_token, or "
            'name a token of this run, as in wait.for_token("approval", timeout="1h").'
        )
    with scope.waits.waiting(f'the token "{name}"' if name else f"{api.token_id(token)}"):
        if name is None:
            token_id = api.token_id(token)
        else:
            key = name if whose == "global" else f"{scope.context.run.id}:{name}"
            request = api.create_token(timeout=timeout, idempotency_key=key)
            made = yield from create_token(scope, request)
            token_id = made.id
        path = f"{_waits_of(scope)}/waitpoints/tokens/{quote(token_id, safe='')}/wait"
        what = WaitFor(path, {}, waitpoint=token_id)
        completed = yield scope.link.wait(scope.context.run.id, what)
    return _result(token_id, name, completed)


def _result(token_id: str, name: str | None, completed: dict[str, Any]) -> Result[Any]:
    output = decode_packet(completed.get("output"), completed.get("outputType") or JSON_TYPE)
    if not completed.get("outputIsError"):
        return Result(token_id, output)
    said = output.get("message") if isinstance(output, dict) else output
    what = f'the token "{name}" ({token_id})' if name else f"the token {token_id}"
    return Result(token_id, error=WaitTimeoutError(f"nobody completed {what} in time: {said}"))


def sleep(scope: RunScope, seconds: float) -> Steps[None]:
    """A long sleep, timed by the server."""
    moment = deadline(timedelta(seconds=seconds))
    return until(scope, moment, f"{seconds:g} seconds to pass", f"sleep:{seconds:g}")


def until(scope: RunScope, moment: datetime, what: str, name: str) -> Steps[None]:
    """A moment of the server's clock; `name` is what the next attempt finds it by."""
    run_id = scope.context.run.id
    text = deadline(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with scope.waits.waiting(what):
        key = scope.waits.key(run_id, name)
        body = {"date": text, "idempotencyKey": key}
        path = f"{_waits_of(scope)}/wait/duration"
        yield scope.link.wait(run_id, WaitFor(path, body, named_at=("waitpoint", "id")))


def _waits_of(scope: RunScope) -> str:
    return f"/engine/v1/runs/{quote(scope.context.run.id, safe='')}"
