"""One execution of a task function, from payload packet to outcome, in the thread that calls it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from trigger_widgets.errors import (
    AbortTaskRunError,
    ProtocolError,
    TaskInputError,
    TaskOutputError,
    TriggerError,
    UnserializableError,
)
from trigger_widgets.packets import decode_packet, encode_packet
from trigger_widgets.tasks.context import TaskContext
from trigger_widgets.tasks.definition import Task
from trigger_widgets.tasks.hooks import Hook
from trigger_widgets.tasks.link import RunLink
from trigger_widgets.tasks.run_logger import logger
from trigger_widgets.tasks.scope import RunScope, entered
from trigger_widgets.tasks.steps import run_blocking
from trigger_widgets.tasks.stopping import RunStopped

from .interruption import Interruption
from .jobs import Job
from .outcomes import Outcome, built_in_error, canceled
from .retrying import retry_delay
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
    payload = task.parameters.check_input(decode_packet(job.payload, job.payload_type))
    # a loop of its own, made for the first coroutine: a task may block it, and a client that
    # `init` has made still works in `cleanup`
    runner = asyncio.Runner()
    try:
        return _Attempt(task, payload, scope, interruption, runner).run()
    finally:
        runner.close()


class _Attempt:
    """The function of a task and the hooks around it, in the order of the official SDK."""

    def __init__(
        self,
        task: Task[..., Any],
        payload: Any,
        scope: RunScope,
        interruption: Interruption,
        runner: asyncio.Runner,
    ) -> None:
        self._task = task
        self._payload = payload
        self._scope = scope
        self._interruption = interruption
        self._runner = runner
        self._init: Any = None

    def run(self) -> Outcome:
        """Raises only where the task was stopped."""
        try:
            return self._run()
        finally:
            self._interruption.leave()
            self._quietly(self._task.hooks.cleanup, self._runner.run)
            with suppress(TriggerError, RunStopped):
                _store_streams(self._scope)

    def _run(self) -> Outcome:
        hooks, context = self._task.hooks, self._scope.context
        self._interruption.enter()
        try:
            if hooks.init is not None:
                self._init = self._call(hooks.init, self._awaited)
            if hooks.on_start is not None and context.attempt.number == 1:
                self._call(hooks.on_start, self._awaited)
            result = self._task.parameters.call(self._payload, context, self._init)
            if asyncio.iscoroutine(result):
                result = self._awaited(result)
            _store_streams(self._scope)
            output = self._task.parameters.check_output(result)
            packet = encode_packet(output, what="output")
        except BaseException as e:  # the task's own: SystemExit and KeyboardInterrupt too
            if self._interruption.requested or isinstance(e, RunStopped):
                raise
            with suppress(TriggerError):  # the task's own error says more
                _store_streams(self._scope)
            failure = _failure(e)
            if not self._is_tried_again(failure):
                self._quietly(hooks.on_failure, self._awaited, error=e)
            return failure
        self._quietly(hooks.on_success, self._awaited, output=output)
        return Outcome(output=packet.data, output_type=packet.data_type)

    def _is_tried_again(self, failure: Outcome) -> bool:
        context, retry = self._scope.context, self._task.options.retry
        delay = retry_delay(context.attempt.number, retry, context.run.max_attempts)
        return failure.may_retry and delay is not None

    def _call(self, hook: Hook, awaited: Callable[[Any], Any], **more: Any) -> Any:
        offered = {"payload": self._payload, "ctx": self._scope.context, "init": self._init}
        result = hook(**offered, **more)
        return awaited(result) if asyncio.iscoroutine(result) else result

    def _quietly(self, hook: Hook | None, awaited: Callable[[Any], Any], **more: Any) -> None:
        """The run has its result already: what such a hook raises is only logged."""
        if hook is None:
            return
        try:
            self._call(hook, awaited, **more)
        except Exception as e:
            logger.error(f'{hook.name} of task "{self._task.id}" failed: {format_error(e)[2]}')

    def _awaited(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(_interruptible(coroutine, self._interruption))


def _store_streams(scope: RunScope) -> None:
    """What a task has written is there when its run has ended: it waits for the server."""
    run_blocking(scope.streams.stored(), scope.alarm)


async def _interruptible(coroutine: Coroutine[Any, Any, Any], interruption: Interruption) -> Any:
    try:
        interruption.enter_coroutine()
    except asyncio.CancelledError:
        coroutine.close()
        raise
    try:
        return await coroutine
    finally:
        interruption.leave_coroutine()


def _failure(error: BaseException) -> Outcome:
    name, message, stack = format_error(error)
    if isinstance(error, _MISTAKES):
        stack = f"{name}: {message}"
    return Outcome(
        error=built_in_error(name, message, stack), may_retry=not isinstance(error, _FINAL)
    )
