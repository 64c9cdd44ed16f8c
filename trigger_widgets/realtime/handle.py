"""What triggering gives: a run to wait for, follow or cancel. It costs nothing until then."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from typing import Any, Generic

from pydantic import SecretStr
from typing_extensions import TypeVar

from trigger_widgets.api import runs
from trigger_widgets.api.server import Server
from trigger_widgets.api.tasks import Triggered
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.errors import NobodyCanClickError, TriggerError
from trigger_widgets.models import Run, RunStatus

from .run_subscription import RunSubscription
from .waiting import nobody_can_click

Output = TypeVar("Output", default=Any)
"""What a run gives: known where the task says so."""


class _Handle(ABC, Generic[Output]):
    """`public_access_token` may read the run for one hour; `is_cached` says that an idempotency
    key found an earlier run.
    """

    def __init__(
        self,
        triggered: Triggered,
        *,
        task: str | None,
        server: Server,
        read_output: Callable[[Any], Any] | None,
    ) -> None:
        self.id = triggered.id
        self.task = task
        self.is_cached = triggered.is_cached
        self.public_access_token: SecretStr | None = triggered.public_access_token
        self._server = server
        self._read_output = read_output

    def subscribe(
        self,
        *,
        skip_columns: Iterable[str] = (),
        stop_on_completion: bool = True,
        timeout: float | None = None,
    ) -> RunSubscription:
        """The run's states as they change, until it ends: for `for` and `async for`.
        `.with_streams()` has the parts of its streams as well.
        """
        return RunSubscription(
            self.id,
            self._server,
            skip_columns=skip_columns,
            stop_on_completion=stop_on_completion,
            timeout=timeout,
        )

    def __await__(self) -> Generator[Any, None, Output]:
        return self._output(None).__await__()

    async def _output(self, seconds: float | None) -> Output:
        last = None
        async with self.subscribe(timeout=seconds) as states:
            async for run in states:
                last = run
                if run.status is RunStatus.WAITING and nobody_can_click(blocking=False):
                    _refuse_to_hang(await self._now())
        return self._unwrap(last)

    def _unwrap(self, run: Run | None) -> Output:
        """The output as the type that the task promises."""
        output: Output = _ended(run, self.id).unwrap()
        return output if self._read_output is None else self._read_output(output)

    @abstractmethod
    async def _now(self) -> Run:
        """The run as it is now."""

    def __repr__(self) -> str:
        of = f" of {self.task}" if self.task else ""
        return f"<{self.id}{of}; {self._hint} waits for its output>"

    _hint = ".result()"


class RunHandle(_Handle[Output]):
    """A run of a `Trigger` client. `await handle` works as well, on any event loop."""

    def __init__(
        self,
        triggered: Triggered,
        *,
        task: str | None,
        transport: Transport,
        read_output: Callable[[Any], Any] | None = None,
    ) -> None:
        transport = transport.on(transport.server.readable_with(triggered.public_access_token))
        super().__init__(triggered, task=task, server=transport.server, read_output=read_output)
        self._transport = transport

    @property
    def transport(self) -> Transport:
        """What it was triggered through, with a token that may read it."""
        return self._transport

    def result(self, timeout: float | None = None) -> Output:
        """Wait for the output. Raises the `RunError` of a run that ended without one.

        Of a task that promises a model it is one; `TaskOutputError` says that it does not fit.

        `timeout` is in seconds; `ResultTimeoutError` leaves the run as it is. Ctrl-C interrupts
        at once.
        """
        last = None
        with self.subscribe(timeout=timeout) as states:
            for run in states:
                last = run
                if run.status is RunStatus.WAITING and nobody_can_click(blocking=True):
                    _refuse_to_hang(self.retrieve())
        return self._unwrap(last)

    def retrieve(self) -> Run:
        """The run as it is now."""
        return self._transport.send(runs.retrieve(self.id))

    def cancel(self) -> None:
        """Cancel the run; nothing happens if it has ended."""
        self._transport.send(runs.cancel(self.id))

    async def _now(self) -> Run:
        return await asyncio.to_thread(self.retrieve)


class AsyncRunHandle(_Handle[Output]):
    """The twin of an `AsyncTrigger` client."""

    _hint = "await"

    def __init__(
        self,
        triggered: Triggered,
        *,
        task: str | None,
        transport: AsyncTransport,
        read_output: Callable[[Any], Any] | None = None,
    ) -> None:
        transport = transport.on(transport.server.readable_with(triggered.public_access_token))
        super().__init__(triggered, task=task, server=transport.server, read_output=read_output)
        self._transport = transport

    async def result(self, timeout: float | None = None) -> Output:  # noqa: ASYNC109 - as its twin
        """As `RunHandle.result`."""
        return await self._output(timeout)

    async def retrieve(self) -> Run:
        """The run as it is now."""
        return await self._transport.send(runs.retrieve(self.id))

    async def cancel(self) -> None:
        """Cancel the run; nothing happens if it has ended."""
        await self._transport.send(runs.cancel(self.id))

    async def _now(self) -> Run:
        return await self.retrieve()


def _ended(run: Run | None, run_id: str) -> Run:
    if run is None:
        raise TriggerError(f"the subscription to {run_id} was stopped before it said anything.")
    return run


def _refuse_to_hang(run: Run) -> None:
    """Raise if a person has to decide first: a moment or another run comes by itself."""
    if run.waits_for:
        raise NobodyCanClickError(
            f"{run.id} waits for a decision ({', '.join(run.waits_for)}), and nobody can click in "
            "this notebook while it is executed; complete the token elsewhere, as with "
            f'client.wait.complete_token("{run.waits_for[0]}", …), or run it in JupyterLab.'
        )
