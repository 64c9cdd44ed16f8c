"""Trigger.dev in Jupyter: trigger tasks in a cell, watch them live, approve them there.

Everything a notebook needs is imported from here, and loaded when it is first asked for: the
engine, which is a process of this package, starts without the client, and a worker process that
imports a file of tasks without a user interface.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:  # for editors and type checkers; a test holds it against the table below
    from .api.typed import TypedTask as TypedTask
    from .client import AsyncTrigger as AsyncTrigger
    from .client import Trigger as Trigger
    from .client import batch_trigger as batch_trigger
    from .client import configure as configure
    from .client import default_client as default_client
    from .client import trigger as trigger
    from .errors import AbortTaskRunError as AbortTaskRunError
    from .errors import APIConnectionError as APIConnectionError
    from .errors import APIStatusError as APIStatusError
    from .errors import AuthenticationError as AuthenticationError
    from .errors import ConfigurationError as ConfigurationError
    from .errors import EngineError as EngineError
    from .errors import NobodyCanClickError as NobodyCanClickError
    from .errors import NotFoundError as NotFoundError
    from .errors import ResultTimeoutError as ResultTimeoutError
    from .errors import RunCanceledError as RunCanceledError
    from .errors import RunCrashedError as RunCrashedError
    from .errors import RunError as RunError
    from .errors import RunExpiredError as RunExpiredError
    from .errors import RunFailedError as RunFailedError
    from .errors import RunTimedOutError as RunTimedOutError
    from .errors import TaskInputError as TaskInputError
    from .errors import TaskOutputError as TaskOutputError
    from .errors import TriggerError as TriggerError
    from .errors import UnknownOptionError as UnknownOptionError
    from .models import Batch as Batch
    from .models import Run as Run
    from .models import RunStatus as RunStatus
    from .models import TaskError as TaskError
    from .models import WaitToken as WaitToken
    from .realtime.batch import BatchHandle as BatchHandle
    from .realtime.handle import RunHandle as RunHandle
    from .tasks import Task as Task
    from .tasks import logger as logger
    from .tasks import metadata as metadata
    from .tasks import streams as streams
    from .tasks import task as task
    from .tasks import wait as wait
    from .widgets.approval import ApprovalWidget as ApprovalWidget
    from .widgets.input import InputWidget as InputWidget
    from .widgets.run import RunWidget as RunWidget
    from .widgets.runs_batch import BatchWidget as BatchWidget
    from .widgets.runs_tagged import TaggedRunsWidget as TaggedRunsWidget
    from .widgets.stream import StreamWidget as StreamWidget
    from .widgets.trigger import TriggerWidget as TriggerWidget

_HOMES = {
    "api.typed": ("TypedTask",),
    "client": (
        "AsyncTrigger",
        "Trigger",
        "batch_trigger",
        "configure",
        "default_client",
        "trigger",
    ),
    "errors": (
        "APIConnectionError",
        "APIStatusError",
        "AbortTaskRunError",
        "AuthenticationError",
        "ConfigurationError",
        "EngineError",
        "NobodyCanClickError",
        "NotFoundError",
        "ResultTimeoutError",
        "RunCanceledError",
        "RunCrashedError",
        "RunError",
        "RunExpiredError",
        "RunFailedError",
        "RunTimedOutError",
        "TaskInputError",
        "TaskOutputError",
        "TriggerError",
        "UnknownOptionError",
    ),
    "models": ("Batch", "Run", "RunStatus", "TaskError", "WaitToken"),
    "realtime.batch": ("BatchHandle",),
    "realtime.handle": ("RunHandle",),
    "tasks": ("Task", "logger", "metadata", "streams", "task", "wait"),
    "widgets.approval": ("ApprovalWidget",),
    "widgets.input": ("InputWidget",),
    "widgets.run": ("RunWidget",),
    "widgets.runs_batch": ("BatchWidget",),
    "widgets.runs_tagged": ("TaggedRunsWidget",),
    "widgets.stream": ("StreamWidget",),
    "widgets.trigger": ("TriggerWidget",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: PLE0604 - the table above is the list
    "__version__",
    *_HOME_OF,
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_module(".runtime", __name__).compose()
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})


if not sys.modules.keys().isdisjoint(("IPython", "marimo")):
    import_module(".notebook", __name__).install()
