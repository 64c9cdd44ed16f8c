"""A pool process: loads files of tasks, then executes one run at a time for its worker.

Started as `python -m trigger_widgets.worker.pool_process <descriptor of a socket> FILE…`; without
files its runs bring their tasks along (`shipping`). It has no key and no address: what its tasks
have to say goes through the socket to the worker, and so does the question where the server is.
It ends with its worker.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import signal
import socket
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from trigger_widgets.lock import Lock
from trigger_widgets.tasks.definition import Task, own
from trigger_widgets.tasks.registry import VersionedWorker, registry

from . import capture
from .frames import ATTACHED, Channel
from .interruption import Interruption
from .invocation import invoke
from .jobs import Job
from .loading import LoadError, load_files, source_files, sources_below
from .outcomes import Outcome, failed, internal_error
from .pool_link import PoolLink
from .shipping import ShippingError, unship
from .surroundings import Surroundings


class PoolProcess:
    """The process's side of the socket. Runs execute on the main thread, where signals arrive."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._link = PoolLink(channel)
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._lock = Lock()
        self._current: tuple[str, Interruption] | None = None
        self._main = threading.get_ident()
        self._version: str | None = None

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
        self._channel.send({"kind": "ready", "tasks": tasks, "sources": source_files(files)})
        while True:
            self._execute(self._messages.get())

    def _use_the_workers_server(self) -> None:
        """Whatever the environment says: a run's own triggers stay on the server that runs it."""
        from trigger_widgets.client import use_embedded, use_own_tasks

        use_embedded(self._link.locate)
        use_own_tasks(own)

        def own_worker() -> VersionedWorker | None:
            return self if self._version else None

        registry.ensure_worker = own_worker

    def _execute(self, message: dict[str, Any]) -> None:
        job = Job(**message["job"])
        interruption = Interruption()
        with self._lock:
            self._current = (job.run_id, interruption)
        self._version = job.execution["run"].get("version")
        task = _task_of(job, message)
        outcome = task if isinstance(task, Outcome) else invoke(task, job, self._link, interruption)
        with self._lock:
            self._current = None
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # a task may have closed it
                stream.flush()
        said = {"kind": "outcome", "run": job.run_id, "outcome": outcome.to_json()}
        if ATTACHED in message:
            said["sources"] = sorted(sources_below([Path.cwd()]))
        self._channel.send(said)

    def _listen(self) -> None:
        while (message := self._channel.receive()) is not None:
            match message["kind"]:
                case "run":
                    self._messages.put(message)
                case "answer":
                    self._link.hear(message)
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

    def on_terminate(self, signum: int, _frame: object) -> None:
        """Our own wake-up, or somebody means the process."""
        current = self._current  # this thread may be stopped where it has a lock: none is taken
        if current is None or not current[1].requested:
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)


def _task_of(job: Job, message: dict[str, Any]) -> Task[..., Any] | Outcome:
    """The task that the run brings along, or the one of the files; or why there is none."""
    if ATTACHED in message:
        try:
            return unship(message[ATTACHED], Surroundings(**message["surroundings"]))
        except ShippingError as e:
            return failed(type(e).__name__, str(e))
    task = registry.get(job.task_id)
    if task is None:
        reason = f'no file of this worker defines the task "{job.task_id}" (any more)'
        return Outcome(error=internal_error("COULD_NOT_FIND_TASK", reason), may_retry=False)
    return task


def _end_with_children() -> NoReturn:
    """The worker is gone: nobody is left to hear of anything. Tasks may have started processes."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main(arguments: list[str]) -> None:
    """The process: its socket, then the files."""
    sock = socket.socket(fileno=int(arguments[0]))
    os.set_inheritable(sock.fileno(), False)
    # cached code is told from newer code by whole seconds, and people save faster than that
    sys.dont_write_bytecode = True
    faulthandler.enable()
    capture.install()
    process = PoolProcess(Channel(sock))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the worker's to handle
    signal.signal(signal.SIGTERM, process.on_terminate)
    process.serve([Path(name) for name in arguments[1:]])


if __name__ == "__main__":
    main(sys.argv[1:])
