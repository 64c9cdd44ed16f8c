"""The worker's side of one pool process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from trigger_widgets.config import Locate
from trigger_widgets.errors import APIConnectionError, APIStatusError, TriggerError
from trigger_widgets.tasks.link import Parts, RunLink, WaitFor
from trigger_widgets.tasks.run_log import RunLog

from . import frames
from .jobs import GRACE_SECONDS, Job
from .outcomes import Outcome, canceled, process_exited
from .pool_pipes import Output, PoolPipes
from .shipping import Shipment
from .stamps import Stamps, stamps
from .surroundings import without_server

_MODULE = "trigger_widgets.worker.pool_process"
_EXIT_SECONDS = 1.0


class PoolMember:
    """A pool process from its start to its end.

    `ready` gives what it loaded (`tasks`, `sources`), or the sentence that says why not as
    `failed`. `sources` are the files that it has imported, as they were. `ended` is set when it
    is gone and its place is free.
    """

    def __init__(
        self, files: Sequence[Path], link: RunLink, locate: Locate, output: Output
    ) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[dict[str, Any]] = loop.create_future()
        self.ended = asyncio.Event()
        self.sources: Stamps = {}
        self._loop = loop
        self._link = link
        self._locate = locate
        self._output = output
        self._job: Job | None = None
        self._began = 0.0
        self._log: RunLog | None = None
        self._stopping = False
        self._outcome: asyncio.Future[Outcome] | None = None
        self._writer: asyncio.StreamWriter | None = None
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, files the user named
                [sys.executable, "-m", _MODULE, str(theirs.fileno()), *map(str, files)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                env={**without_server(os.environ), "PYTHONUNBUFFERED": "1"},
                # a session of its own: what a task starts is stopped together with it
                start_new_session=True,
            )
        self._pipes = PoolPipes(self._process, self._hear)
        self._life = loop.create_task(self._live(ours))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_idle(self) -> bool:
        """Whether it can take a job now."""
        loaded = self.ready.done() and not self.ready.cancelled() and "tasks" in self.ready.result()
        return loaded and self._job is None and self._writer is not None

    def begin(self, job: Job, shipment: Shipment | None = None) -> asyncio.Future[Outcome]:
        """Give it a job, with its task where no file has it; it must be idle."""
        self._job, self._began, self._stopping = job, time.monotonic(), False
        self._outcome = outcome = self._loop.create_future()
        message = {"kind": "run", "job": job.to_json()}
        if shipment is None:
            self._send(message)
        else:
            message["surroundings"] = asdict(shipment.surroundings)
            self._send(message, shipment.code)
        return outcome

    def stop(self, job: Job) -> None:
        """Ask the task to stop, and kill the process if it does not."""
        if self._job is not job or self._stopping:
            return
        self._stopping = True
        self._send({"kind": "stop", "run": job.run_id})
        self._loop.call_later(GRACE_SECONDS, self._kill_if_busy, job)

    def kill(self) -> None:
        """End it now, and every process that its tasks have started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def loaded(self) -> dict[str, Any]:
        """What `ready` gives; who stops waiting for it does not take it from others."""
        return await asyncio.shield(self.ready)

    async def wait_ended(self) -> None:
        """Until it is gone."""
        await self.ended.wait()

    def _kill_if_busy(self, job: Job) -> None:
        if self._job is job:
            self.kill()

    async def _live(self, ours: socket.socket) -> None:
        reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        calls: dict[int, asyncio.Task[None]] = {}
        try:
            while (message := await frames.read(reader)) is not None:
                match message["kind"]:
                    case "ready" | "failed":
                        self._pipes.read()  # what it wrote while it was loading
                        self.sources = stamps(message.get("sources", ()))
                        self.ready.set_result(message)
                    case "outcome":
                        if "sources" in message:
                            self.sources = stamps(message["sources"])
                        self._finish(Outcome.from_json(message["outcome"]))
                    case "give up":
                        if (call := calls.get(message["number"])) is not None:
                            call.cancel()
                    case _:
                        call = self._loop.create_task(self._carry(message))
                        calls[message["number"]] = call
                        call.add_done_callback(partial(_forget, calls, message["number"]))
        finally:
            for call in list(calls.values()):
                call.cancel()
            self._writer.close()
            self._writer = None
        await self._reap()

    async def _reap(self) -> None:
        """It closed its socket: it is gone, or about to be."""
        wait = partial(self._process.wait, _EXIT_SECONDS)
        try:
            code = await asyncio.to_thread(wait)
        except subprocess.TimeoutExpired:
            self.kill()
            code = await asyncio.to_thread(self._process.wait)
        self.kill()  # what its tasks left running
        self._pipes.close()
        how = _how_it_ended(code)
        if not self.ready.done():
            self.ready.set_result({"kind": "failed", "message": f"the process that loads it {how}"})
        if self._stopping:
            self._finish(canceled())
        else:
            self._finish(process_exited(f"the process that ran the task {how}"))
        self.ended.set()

    def _finish(self, outcome: Outcome) -> None:
        self._pipes.read()  # what it wrote before it said that it was done
        if self._log is not None:
            self._log.close(0)  # this is the loop that sends: it must not wait for itself
            self._log = None
        job, self._job = self._job, None
        future, self._outcome = self._outcome, None
        if job is None or future is None or future.done():
            return
        if not outcome.duration_ms:
            elapsed = round((time.monotonic() - self._began) * 1000)
            outcome = Outcome(**{**outcome.to_json(), "duration_ms": elapsed})
        future.set_result(outcome)

    async def _carry(self, message: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"kind": "answer", "number": message["number"]}
        try:
            answer["value"] = await self._do(message)
        except TriggerError as e:
            status = e.status if isinstance(e, APIStatusError) else None
            lost = isinstance(e, APIConnectionError)
            answer |= {"error": str(e), "status": status, "lost": lost}
        self._send(answer)

    async def _do(self, message: dict[str, Any]) -> Any:
        match message["kind"]:
            case "call":
                future = self._link.call(
                    message["method"],
                    message["path"],
                    message["body"],
                    key=message["key"],
                    patient=message["patient"],
                )
                said = await asyncio.wrap_future(future)
                return {"status": said.status, "headers": dict(said.headers), "body": said.text}
            case "read":
                wanted = (message[name] for name in ("run", "stream", "reader", "start"))
                return await asyncio.wrap_future(self._link.read(*wanted))
            case "write":
                parts = Parts(**message["parts"])
                return await asyncio.wrap_future(self._link.write(message["run"], parts))
            case "wait":
                what = WaitFor(**message["what"])
                return await asyncio.wrap_future(self._link.wait(message["run"], what))
            case "locate":
                endpoint = await asyncio.to_thread(self._locate)
                return {
                    "api_url": endpoint.api_url,
                    "access_token": endpoint.access_token.get_secret_value(),
                    "branch": endpoint.preview_branch,
                }
        raise TriggerError(f"a pool process asked for {message['kind']!r}.")

    def _send(self, message: dict[str, Any], attached: bytes = b"") -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(frames.encode(message, attached))

    def _hear(self, name: str, text: str) -> None:
        if self._job is None:
            self._output(name, text)
            return
        if self._log is None:
            self._log = RunLog(self._job.run_id, self._link.call)
        self._log.write(name, text)


def _forget(calls: dict[int, asyncio.Task[None]], number: int, _: object) -> None:
    del calls[number]


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}."
    try:
        return f"was killed by {signal.Signals(-code).name}."
    except ValueError:
        return f"was killed by signal {-code}."
