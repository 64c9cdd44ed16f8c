"""Composition: finds or starts the embedded engine, and gives this process its worker."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .config import Endpoint
from .engine_file import EngineFile, default_data_dir
from .errors import EngineError
from .version import __version__

START_SECONDS = 20.0
ALREADY_RUNNING = 3
"""The exit code of an engine that finds another one on its data directory."""

# Engines outlive us; kept so that their ends are reaped and no warning is raised for them.
_started: list[subprocess.Popen[bytes]] = []


def embedded() -> Endpoint:
    """Find the engine of this user; start it if it does not run."""
    data_dir = default_data_dir()
    file = EngineFile.read(data_dir)
    if file is None or not file.is_running():
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
        process.terminate()
        process.wait(5)
        raise EngineError(f"the engine did not start within {START_SECONDS:.0f} s.")
    raise EngineError(f"the engine could not be started: {said[-1] if said else 'no reason given'}")
