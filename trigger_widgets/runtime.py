"""Composition: finds or starts the embedded engine, and gives this process its worker."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from trigger_widgets.lock import Lock

from .api.quiet import hush_background_requests
from .client import default_client, use_embedded, use_own_tasks
from .config import Endpoint, unattended
from .engine_file import EngineFile, default_data_dir, is_stopped
from .errors import EngineError, EngineStoppedError, TriggerError
from .tasks.definition import own
from .tasks.registry import registry
from .version import __version__
from .worker.worker import Worker

EMBEDDED_PROJECT = "proj_embedded"
"""The project of the embedded engine, which has only one."""

START_SECONDS = 60.0
KEEP_DAYS_VARIABLE = "TRIGGER_WIDGETS_KEEP_DAYS"
ALREADY_RUNNING = 3
"""The exit code of an engine that finds another one on its data directory."""

# Engines outlive us; kept so that their ends are reaped and no warning is raised for them.
_started: list[subprocess.Popen[bytes]] = []


def embedded() -> Endpoint:
    """Find the engine of this user; start it if it does not run."""
    data_dir = default_data_dir()
    file = EngineFile.read(data_dir)
    if file is None or not file.is_running():
        if unattended.get() and is_stopped(data_dir):
            raise EngineStoppedError(
                "the engine was stopped (trigger-widgets engine stop); the next trigger, or cell "
                "that defines a task, starts it again."
            )
        file, _ = start_engine(data_dir)
    if file.version != __version__:
        raise EngineError(
            f"an engine of trigger-widgets {file.version} is running, and this is {__version__}; "
            "run `trigger-widgets engine stop`, the new one then starts by itself."
        )
    return file.endpoint


def start_engine(
    data_dir: Path, *, port: int | None = None, idle_minutes: float | None = None
) -> tuple[EngineFile, subprocess.Popen[bytes] | None]:
    """Start an engine on a data directory and wait until it answers.

    The process is None if another engine was there first and none of our wishes are against it.
    """
    command = [sys.executable, "-m", "trigger_widgets.engine", "--data-dir", str(data_dir)]
    if port is not None:
        command += ["--port", str(port)]
    if idle_minutes is not None:
        command += ["--idle-minutes", str(idle_minutes)]
    if keep_days := os.environ.get(KEEP_DAYS_VARIABLE):
        command += ["--keep-days", keep_days]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("TRIGGER_")}
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            env=environ,
            start_new_session=True,
        )
        _started.append(process)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            code = process.poll()
            with contextlib.suppress(EngineError):
                file = EngineFile.read(data_dir)
                if file and file.is_running() and (code is not None or file.pid == process.pid):
                    if code not in (None, ALREADY_RUNNING) or (code and port is not None):
                        break
                    return file, process if code is None else None
            if code is not None and code != ALREADY_RUNNING:
                break
            time.sleep(0.01)
        stderr.seek(0)
        said = stderr.read().decode(errors="replace").strip().splitlines()
    if process.poll() is None:
        process.kill()
        process.wait()
        raise EngineError(f"the engine did not start within {START_SECONDS:.0f} s.")
    raise EngineError(f"the engine could not be started: {said[-1] if said else 'no reason given'}")


class _Kernel:
    """What a process that defines tasks itself has one of: its worker."""

    lock = Lock()
    worker: Worker | None = None
    composed = False


def compose() -> None:
    """Put the parts together: once a process, and nothing is started by it."""
    with _Kernel.lock:
        if _Kernel.composed:
            return
        _Kernel.composed = True
    hush_background_requests()
    use_own_tasks(own)
    if registry.ensure_worker is not None:
        return  # a worker's own process: it has said which server and which worker are its own
    use_embedded(embedded)
    registry.ensure_worker = worker_of_this_process
    if _in_notebook():
        registry.on_define(lambda _task: _follow_definitions())


def worker_of_this_process() -> Worker | None:
    """The worker that executes the tasks defined here, started if need be.

    None where runs are executed elsewhere: a real Trigger.dev is never given tasks by itself.
    """
    if not default_client().is_embedded:
        return None
    with _Kernel.lock:
        if _Kernel.worker is None:
            origin, label = _origin()
            _Kernel.worker = Worker(
                embedded, origin=origin, label=label, project_ref=EMBEDDED_PROJECT
            )
            _Kernel.worker.start()
            atexit.register(_Kernel.worker.stop)
        _Kernel.worker.sync_tasks(registry.tasks())
    if is_stopped(default_data_dir()):
        embedded()  # the worker, which nobody sees, would leave it so
    return _Kernel.worker


def _follow_definitions() -> None:
    try:
        worker_of_this_process()
    except TriggerError as e:
        # a cell that only defines a task should not fail; triggering it will say the same
        logging.getLogger("trigger_widgets").warning("%s", e)


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules and "IPython" in sys.modules


def _origin() -> tuple[str, str]:
    """Where this process's tasks come from, the same after a restart, and in words."""
    if _in_notebook():
        from ipykernel.connect import get_connection_file

        notebook = os.environ.get("JPY_SESSION_NAME")
        label = f"the notebook {Path(notebook).name}" if notebook else "a notebook"
        try:
            # Jupyter names this file by the kernel's id, which a restart keeps
            return f"kernel:{Path(get_connection_file()).stem}", label
        except RuntimeError:  # marimo, or IPython without a kernel
            return f"process:{os.getpid()}", label
    script = Path(sys.argv[0]).name or "a Python prompt"
    return f"process:{os.getpid()}:{script}", script
