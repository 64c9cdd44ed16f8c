"""What triggering gives: a run to wait for, follow or cancel. It costs nothing until then."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable
from typing import Any

from pydantic import SecretStr

from trigger_widgets.api import runs
from trigger_widgets.api.server import Server
from trigger_widgets.api.tasks import Triggered
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.errors import NobodyCanClickError, TriggerError
from trigger_widgets.models import Run, RunStatus

from .run_subscription import RunSubscription
from .waiting import nobody_can_click


class _Handle:
    """`public_access_token` may read the run for one hour; `is_cached` says that an idempotency
    key found an earlier run.
    """

    def __init__(self, triggered: Triggered, *, task: str | None, server: Server) -> None:
        self.id = triggered.id
        self.task = task
        self.is_cached = triggered.is_cached
        self.public_access_token: SecretStr | None = triggered.public_access_token
        self._server = server

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

    def __await__(self) -> Generator[Any, None, Any]:
        return self._output(None).__await__()

    async def _output(self, seconds: float | None) -> Any:
        last = None
        async with self.subscribe(timeout=seconds) as states:
            async for run in states:
                last = run
                if run.status is RunStatus.WAITING and nobody_can_click(blocking=False):
                    _refuse_to_hang(await self._now())
        return _ended(last, self.id).unwrap()

    async def _now(self) -> Run:
        raise NotImplementedError

    def __repr__(self) -> str:
        of = f" of {self.task}" if self.task else ""
        return f"<{self.id}{of}; {self._hint} waits for its output>"

    _hint = ".result()"


class RunHandle(_Handle):
    """A run of a `Trigger` client. `await handle` works as well, on any event loop."""

    def __init__(self, triggered: Triggered, *, task: str | None, transport: Transport) -> None:
        transport = transport.on(transport.server.readable_with(triggered.public_access_token))
        super().__init__(triggered, task=task, server=transport.server)
        self._transport = transport

    @property
    def transport(self) -> Transport:
        """What it was triggered through, with a token that may read it."""
        return self._transport

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the output. Raises the `RunError` of a run that ended without one.

        `timeout` is in seconds; `ResultTimeoutError` leaves the run as it is. Ctrl-C interrupts
        at once.
        """
        last = None
        with self.subscribe(timeout=timeout) as states:
            for run in states:
                last = run
                if run.status is RunStatus.WAITING and nobody_can_click(blocking=True):
                    _refuse_to_hang(self.retrieve())
        return _ended(last, self.id).unwrap()

    def retrieve(self) -> Run:
        """The run as it is now."""
        return self._transport.send(runs.retrieve(self.id))

    def cancel(self) -> None:
        """Cancel the run; nothing happens if it has ended."""
        self._transport.send(runs.cancel(self.id))

    async def _now(self) -> Run:
        return await asyncio.to_thread(self.retrieve)


class AsyncRunHandle(_Handle):
    """The twin of an `AsyncTrigger` client."""

    _hint = "await"

    def __init__(
        self, triggered: Triggered, *, task: str | None, transport: AsyncTransport
    ) -> None:
        transport = transport.on(transport.server.readable_with(triggered.public_access_token))
        super().__init__(triggered, task=task, server=transport.server)
        self._transport = transport

    async def result(self, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - as its twin
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
