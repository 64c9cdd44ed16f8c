"""Everything that can go wrong, as one tree.

* TriggerError
  + ConfigurationError          a client, task or widget was set up wrongly; nothing was sent
    - UnknownOptionError        a keyword argument nobody takes (also a TypeError)
    - UnserializableError       a value that JSON cannot carry (also a TypeError)
  + EngineError                 the embedded engine could not be started, found or understood
    - EngineStoppedError        somebody has stopped it, and nothing has needed it since
  + APIConnectionError          no answer: unreachable, refused, cut
    - APITimeoutError           no answer in time
  + APIStatusError              the server answered with an error status
    - BadRequestError           400
    - AuthenticationError       401
    - PermissionDeniedError     403
    - NotFoundError             404
    - ConflictError             409
    - UnprocessableError        422
    - RateLimitError            429
    - UnsupportedError          501, what a server does not implement
    - ServerError               other 5xx
  + ProtocolError               the server said something that is not the protocol
  + MismatchError               what came does not fit the type that was given for it
  + RunError                    a run ended without a result; has `.run`
    - RunFailedError            FAILED, and SYSTEM_FAILURE
    - RunCrashedError           CRASHED
    - RunCanceledError          CANCELED
    - RunExpiredError           EXPIRED
    - RunTimedOutError          TIMED_OUT
  + ResultTimeoutError          `result(timeout=…)` gave up; the run goes on (also a TimeoutError)
  + NobodyCanClickError         a cell waits for an approval that nobody can give while it waits
  + WaitTimeoutError            nobody completed a wait token in time (also a TimeoutError)
  + TaskInputError              a payload that does not fit the type the task asks for
  + TaskOutputError             an output that does not fit the type the task promises
  + AbortTaskRunError           raised by a task: fail now, do not retry
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from .models import Run


class TriggerError(Exception):
    """The root of every exception this package raises on purpose."""


class ConfigurationError(TriggerError):
    """A client, task or widget was set up wrongly. Nothing was sent."""


class UnknownOptionError(ConfigurationError, TypeError):
    """A keyword argument that nobody takes, named, with the ones that exist."""


class UnserializableError(ConfigurationError, TypeError):
    """A value that JSON cannot carry, with the path to it."""


class EngineError(TriggerError):
    """The embedded engine could not be started, found or understood."""


class EngineStoppedError(EngineError):
    """Somebody has stopped the embedded engine, and nothing has needed it since."""


class APIConnectionError(TriggerError):
    """The server gave no answer."""


class APITimeoutError(APIConnectionError):
    """The server gave no answer in time."""


class APIStatusError(TriggerError):
    """The server answered with an error status.

    `status` is the HTTP status, `server_message` the server's own words, `request_id` its
    `x-request-id` header where it sent one.
    """

    by_status: ClassVar[dict[int, type[APIStatusError]]] = {}

    def __init__(
        self, message: str, *, status: int, server_message: str = "", request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.server_message = server_message
        self.request_id = request_id

    def __init_subclass__(cls, *, status: int | None = None) -> None:
        super().__init_subclass__()
        if status is not None:
            APIStatusError.by_status[status] = cls

    @staticmethod
    def class_for(status: int) -> type[APIStatusError]:
        """The class for an HTTP status; unknown 4xx are plain `APIStatusError`."""
        fallback = ServerError if status >= 500 else APIStatusError  # noqa: PLR2004 - HTTP's own line
        return APIStatusError.by_status.get(status, fallback)


class BadRequestError(APIStatusError, status=400):
    """400: the request itself is wrong."""


class AuthenticationError(APIStatusError, status=401):
    """401: no key, a wrong key, or an expired token (the server does not say which)."""


class PermissionDeniedError(APIStatusError, status=403):
    """403: the token is valid but its scopes do not cover this."""


class NotFoundError(APIStatusError, status=404):
    """404: no such run, batch or token in this environment."""


class ConflictError(APIStatusError, status=409):
    """409: the state has moved on."""


class UnprocessableError(APIStatusError, status=422):
    """422: understood, and refused."""


class RateLimitError(APIStatusError, status=429):
    """429: too many requests; the client has already waited and retried."""


class UnsupportedError(APIStatusError, status=501):
    """501: this server does not implement it, and says so."""


class ServerError(APIStatusError):
    """5xx: the server failed."""


class ProtocolError(TriggerError):
    """The server said something that is not the protocol."""


class MismatchError(TriggerError):
    """What came does not fit the type that was given for it."""


class RunError(TriggerError):
    """A run ended without a result. `run` is its last known state."""

    def __init__(self, message: str, *, run: Run) -> None:
        super().__init__(message)
        self.run = run


class RunFailedError(RunError):
    """The task raised, or the server could not run it."""


class RunCrashedError(RunError):
    """The process that ran the task died."""


class RunCanceledError(RunError):
    """Somebody canceled the run."""


class RunExpiredError(RunError):
    """The run was not started within its `ttl`."""


class RunTimedOutError(RunError):
    """The run took longer than its `max_duration`."""


class ResultTimeoutError(TriggerError, TimeoutError):
    """Waiting took longer than the given timeout. The run goes on."""


class NobodyCanClickError(TriggerError):
    """A blocking call waits for a run that waits for a person, where no front end can click."""


class WaitTimeoutError(TriggerError, TimeoutError):
    """Nobody completed a wait token before its timeout."""


class TaskInputError(TriggerError):
    """The payload does not fit the type that the task asks for. Never retried."""


class TaskOutputError(TriggerError):
    """An output does not fit the type that the task promises, or JSON. Never retried."""


class AbortTaskRunError(TriggerError):
    """Raise this in a task to fail the run at once, without the retries it has left."""


def refuse_unknown(given: Iterable[str], known: Iterable[str], *, of: str) -> None:
    """Raise `UnknownOptionError` for the first of `given` that is not `known` to `of`."""
    known = sorted(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name.lower(), known, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"it takes {', '.join(known)}."
            raise UnknownOptionError(f'{of} has no option "{name}"; {hint}')
