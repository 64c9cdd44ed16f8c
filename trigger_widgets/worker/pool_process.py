"""A pool process: loads files of tasks, then executes one run at a time for its worker.

Started as `python -m trigger_widgets.worker.pool_process <descriptor of a socket>`. It has no key
and no address: what its tasks have to say goes through the socket to the worker, and so does the
question where the server is. It ends with its worker.
"""

from __future__ import annotations

import contextlib
import faulthandler
import itertools
import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from pydantic import SecretStr

from trigger_widgets.api.requests import Answer
from trigger_widgets.config import Endpoint
from trigger_widgets.errors import APIConnectionError, APIStatusError, TriggerError
from trigger_widgets.tasks.definition import own
from trigger_widgets.tasks.link import Parts, WaitFor
from trigger_widgets.tasks.registry import VersionedWorker, registry

from . import capture
from .frames import Channel
from .interruption import Interruption
from .invocation import invoke
from .jobs import Job
from .loading import LoadError, load_files, source_files
from .outcomes import Outcome, internal_error

_LOCATE_SECONDS = 30.0


class PoolProcess:
    """The process's side of the socket. Runs execute on the main thread, where signals arrive."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._answers: dict[int, tuple[Future[Any], Callable[[Any], Any]]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._current: tuple[str, Interruption] | None = None
        self._main = threading.get_ident()
        self._version: str | None = None

    # ---- RunLink: what the worker does for a run

    def call(
        self, method: str, path: str, body: Any, *, key: str | None = None, patient: bool = False
    ) -> Future[Answer]:
        """A request that the worker makes."""
        request = {"method": method, "path": path, "body": body, "key": key, "patient": patient}
        return self._ask({"kind": "call", **request}, _answer)

    def write(self, run_id: str, parts: Parts) -> Future[None]:
        """Parts that the worker writes."""
        return self._ask({"kind": "write", "run": run_id, "parts": asdict(parts)})

    def wait(self, run_id: str, what: WaitFor) -> Future[dict[str, Any]]:
        """A wait that the worker sits out."""
        return self._ask({"kind": "wait", "run": run_id, "what": asdict(what)})

    # ---- what a task's own client needs

    def locate(self) -> Endpoint:
        """Where the server is now, for the client of a task that triggers others."""
        found = self._ask({"kind": "locate"}).result(_LOCATE_SECONDS)
        return Endpoint(found["api_url"], SecretStr(found["access_token"]), found["branch"])

    @property
    def version(self) -> str:
        """The version of the run under way: children run the same code."""
        return self._version or ""

    def serve(self, files: list[Path]) -> None:
        """Load, say so, and execute what comes."""
        threading.Thread(target=self._listen, name="trigger-widgets-pool", daemon=True).start()
        try:
            load_files(files)
        except LoadError as e:
            self._channel.send({"kind": "failed", "message": str(e)})
            return
        self._use_the_workers_server()
        tasks = [asdict(task.manifest) for task in registry.tasks()]
        sources = source_files(files)
        self._channel.send({"kind": "ready", "tasks": tasks, "sources": sources})
        while True:
            self._execute(self._jobs.get())

    def _use_the_workers_server(self) -> None:
        """Whatever the environment says: a run's own triggers stay on the server that runs it."""
        from trigger_widgets.client import use_embedded, use_own_tasks

        use_embedded(self.locate)
        use_own_tasks(own)

        def own_worker() -> VersionedWorker | None:
            return self if self._version else None

        registry.ensure_worker = own_worker

    def _execute(self, job: Job) -> None:
        interruption = Interruption()
        with self._lock:
            self._current = (job.run_id, interruption)
        self._version = job.execution["run"].get("version")
        task = registry.get(job.task_id)
        if task is None:
            message = f'no file of this worker defines the task "{job.task_id}" (any more)'
            outcome = Outcome(error=internal_error("COULD_NOT_FIND_TASK", message), may_retry=False)
        else:
            outcome = invoke(task, job, self, interruption)
        with self._lock:
            self._current = None
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # a task may have closed it
                stream.flush()
        self._channel.send({"kind": "outcome", "run": job.run_id, "outcome": outcome.to_json()})

    def _listen(self) -> None:
        while (message := self._channel.receive()) is not None:
            match message["kind"]:
                case "run":
                    self._jobs.put(Job(**message["job"]))
                case "answer":
                    self._answer(message)
                case "stop":
                    self._stop(message["run"])
        _end_with_children()

    def _stop(self, run_id: str) -> None:
        with self._lock:
            current = self._current
            if current is None or current[0] != run_id:
                return
            current[1].request()
        # wakes a sleep or a read, so that the exception is noticed
        signal.pthread_kill(self._main, signal.SIGTERM)

    def _ask(
        self, message: dict[str, Any], decode: Callable[[Any], Any] = lambda value: value
    ) -> Future[Any]:
        number, future = next(self._numbers), Future[Any]()
        self._answers[number] = future, decode
        try:
            self._channel.send({**message, "number": number})
        except OSError:
            future.set_exception(APIConnectionError("the worker has ended"))
        future.add_done_callback(lambda _: self._given_up(number))
        return future

    def _given_up(self, number: int) -> None:
        if self._answers.pop(number, None) is not None:
            with contextlib.suppress(OSError):
                self._channel.send({"kind": "give up", "number": number})

    def _answer(self, message: dict[str, Any]) -> None:
        future, decode = self._answers.pop(message["number"], (None, None))
        if future is None or decode is None or not future.set_running_or_notify_cancel():
            return
        if "error" not in message:
            future.set_result(decode(message.get("value")))
        elif message["status"]:
            status = message["status"]
            future.set_exception(APIStatusError.class_for(status)(message["error"], status=status))
        else:
            kind = APIConnectionError if message["lost"] else TriggerError
            future.set_exception(kind(message["error"]))

    def on_terminate(self, signum: int, _frame: object) -> None:
        """Our own wake-up, or somebody means the process."""
        with self._lock:
            expected = self._current is not None and self._current[1].requested
        if not expected:
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)


def _answer(value: dict[str, Any]) -> Answer:
    return Answer(value["status"], value["headers"], value["body"].encode())


def _end_with_children() -> NoReturn:
    """The worker is gone: nobody is left to hear of anything. Tasks may have started processes."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main(arguments: list[str]) -> None:
    """The process: its socket, then the files."""
    sock = socket.socket(fileno=int(arguments[0]))
    os.set_inheritable(sock.fileno(), False)
    faulthandler.enable()
    capture.install()
    process = PoolProcess(Channel(sock))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the worker's to handle
    signal.signal(signal.SIGTERM, process.on_terminate)
    process.serve([Path(name) for name in arguments[1:]])


if __name__ == "__main__":
    main(sys.argv[1:])
