"""One execution of a task function, from payload packet to outcome, in the thread that calls it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from trigger_widgets.errors import (
    AbortTaskRunError,
    ProtocolError,
    TriggerError,
    UnserializableError,
)
from trigger_widgets.packets import decode_packet, encode_packet
from trigger_widgets.tasks.context import TaskContext
from trigger_widgets.tasks.definition import Task
from trigger_widgets.tasks.link import RunLink
from trigger_widgets.tasks.payloads import TaskInputError, TaskOutputError
from trigger_widgets.tasks.scope import RunScope, entered
from trigger_widgets.tasks.steps import run_blocking
from trigger_widgets.tasks.stopping import RunStopped

from .interruption import Interruption
from .jobs import Job
from .outcomes import Outcome, built_in_error, canceled
from .tracebacks import format_error

_FINAL = (
    AbortTaskRunError, TaskInputError, TaskOutputError, UnserializableError, ProtocolError,
)  # fmt: skip
"""What another attempt would only repeat."""
_MISTAKES = (TaskInputError, TaskOutputError, UnserializableError)
"""What happened outside of the task's own lines: its traceback would show only ours."""
_LAST_WORDS_SECONDS = 1.0


def invoke(task: Task[..., Any], job: Job, link: RunLink, interruption: Interruption) -> Outcome:
    """Run `task` for `job`. Never raises: whatever happens is an outcome.

    A stop that was asked for is an outcome like `canceled`; who asked knows why.
    """
    started = time.monotonic()
    try:
        context = TaskContext.from_execution(job.execution)
        scope = RunScope(context, link, job.metadata, interruption.alarm)
    except ValidationError as e:  # a server that says something else than it used to
        return _failure(e)
    try:
        try:
            with entered(scope):
                outcome = _execute(task, job, scope, interruption)
        finally:
            interruption.leave()
    except (RunStopped, asyncio.CancelledError) as e:
        stopped = isinstance(e, RunStopped) or interruption.requested
        outcome = canceled() if stopped else _failure(e)
    except BaseException as e:  # the task's own: SystemExit and KeyboardInterrupt too
        outcome = canceled() if interruption.requested else _failure(e)
    left = scope.close(_LAST_WORDS_SECONDS)
    duration = round((time.monotonic() - started) * 1000)
    return replace(outcome, metadata=left, duration_ms=duration)


def _execute(
    task: Task[..., Any], job: Job, scope: RunScope, interruption: Interruption
) -> Outcome:
    payload = decode_packet(job.payload, job.payload_type)
    arguments = task.parameters.arguments(payload, scope.context)
    interruption.enter()
    try:
        result = task.function(*arguments)
        if asyncio.iscoroutine(result):
            # an own loop: a task may block it without holding up anybody else
            with asyncio.Runner() as runner:
                result = runner.run(_awaited(result, interruption))
    except Exception:
        with suppress(TriggerError):  # the task's own error says more
            _store_streams(scope)
        raise
    _store_streams(scope)
    interruption.leave()
    packet = encode_packet(task.parameters.check_output(result), what="output")
    return Outcome(output=packet.data, output_type=packet.data_type)


def _store_streams(scope: RunScope) -> None:
    """What a task has written is there when its run has ended: it waits for the server."""
    run_blocking(scope.streams.stored(), scope.alarm)


async def _awaited(coroutine: Coroutine[Any, Any, Any], interruption: Interruption) -> Any:
    try:
        interruption.enter_coroutine()
    except asyncio.CancelledError:
        coroutine.close()
        raise
    return await coroutine


def _failure(error: BaseException) -> Outcome:
    name, message, stack = format_error(error)
    if isinstance(error, _MISTAKES):
        stack = f"{name}: {message}"
    return Outcome(
        error=built_in_error(name, message, stack), may_retry=not isinstance(error, _FINAL)
    )
