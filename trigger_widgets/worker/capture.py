"""What a task prints or logs goes to its run, and never into somebody's notebook cell.

`install` puts a thin proxy over `sys.stdout` and `sys.stderr` that looks at the run of the
calling code (`tasks.scope`): a run's text goes to its log, everything else passes through to
whatever was there (a terminal, ipykernel's OutStream). Threads that a task starts inherit its run.
What C libraries write to the file descriptors themselves cannot be told apart in a shared process.
"""

from __future__ import annotations

import contextvars
import functools
import logging
import sys
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from trigger_widgets.lock import Lock
from trigger_widgets.tasks.run_logger import properties_of
from trigger_widgets.tasks.scope import RunScope, current_scope

_logged: ContextVar[bool] = ContextVar("trigger_widgets_logged", default=False)
_install_lock = Lock()
_formatter = logging.Formatter("%(message)s")
_MARK = "_trigger_widgets"


class RunStream:
    """A stand-in for `sys.stdout` or `sys.stderr`."""

    def __init__(self, name: str, target: Any) -> None:
        self._name = name
        self._target = target

    def write(self, text: str) -> int:
        scope = current_scope()
        if scope is None:
            return int(self._target.write(text) or 0)
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if not _logged.get():  # a record that is in the log already is being printed as well
            scope.log.write(self._name, text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if current_scope() is None:
            self._target.flush()

    def isatty(self) -> bool:
        return current_scope() is None and bool(self._target.isatty())

    @property
    def buffer(self) -> Any:
        scope = current_scope()
        return self._target.buffer if scope is None else _Bytes(self, scope)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def __repr__(self) -> str:
        return repr(self._target)


class _Bytes:
    """The binary side of a run's stream."""

    def __init__(self, stream: RunStream, scope: RunScope) -> None:
        self._stream = stream
        self._scope = scope

    def write(self, data: bytes) -> int:
        self._stream.write(bytes(data).decode(errors="replace"))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""


def install() -> None:
    """Route the output of runs from now on. Once a process; again where something replaced it."""
    with _install_lock:
        for name in ("stdout", "stderr"):
            target = getattr(sys, name)
            if target is not None and not isinstance(target, RunStream):
                proxy = RunStream(name, target)
                setattr(sys, name, proxy)
                _repoint_handlers(target, proxy)
        _hand_down_runs()
        _log_to_runs()


def _repoint_handlers(target: Any, proxy: RunStream) -> None:
    """Log handlers made before hold the stream itself."""
    for reference in list(logging._handlerList):  # type: ignore[attr-defined]  # noqa: SLF001 - the one list of all handlers
        handler = reference()
        if isinstance(handler, logging.StreamHandler) and handler.stream is target:
            handler.setStream(proxy)


def _hand_down_runs() -> None:
    """A thread that is started by a run belongs to it, as in Python's own free-threaded builds."""
    original = threading.Thread.start
    if hasattr(original, _MARK):
        return

    @functools.wraps(original)
    def start(thread: threading.Thread) -> None:
        if current_scope() is not None:
            context = contextvars.copy_context()
            thread.run = functools.partial(context.run, thread.run)  # type: ignore[method-assign]
        original(thread)

    setattr(start, _MARK, True)
    threading.Thread.start = start  # type: ignore[assignment,method-assign]


def _log_to_runs() -> None:
    """Every record a run logs is kept with its level, whatever handlers there are; those that
    would print it too are heard in vain.
    """
    original = logging.Logger.callHandlers
    if hasattr(original, _MARK):
        return

    @functools.wraps(original)
    def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
        scope = current_scope()
        if scope is None:
            original(logger, record)
            return
        scope.log.record(_formatter.format(record), record.levelname, properties_of(record))
        token = _logged.set(True)
        try:
            original(logger, record)
        finally:
            _logged.reset(token)

    setattr(call_handlers, _MARK, True)
    logging.Logger.callHandlers = call_handlers  # type: ignore[assignment,method-assign]
