"""The command line: `trigger-widgets dev | engine`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .dev import dev
from .engine_file import FILES, EngineFile, default_data_dir, mark_stopped
from .errors import EngineError, TriggerError
from .runtime import ALREADY_RUNNING
from .version import __version__

_STOP_SECONDS = 30.0
_RESETS = 5
"""How often an open notebook may start the engine again before we give up."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "dev":
            return dev(
                options.files, data_dir=options.data_dir, port=options.port, as_json=options.json
            )
        if options.action == "stop":
            return _say(stop_engine(default_data_dir()))
        if options.action == "reset":
            return _reset(default_data_dir(), sure=options.yes)
        return _say(engine_status(default_data_dir()))
    except TriggerError as e:
        sys.stderr.write(f"{e}\n")
        return 1


def engine_status(data_dir: Path) -> str:
    """Whether the user's engine runs, and where; one sentence."""
    file = _running(data_dir)
    if file is None:
        return f"No engine is running on {data_dir}; the first run in a notebook starts one."
    return (
        f"The engine of trigger-widgets {file.version} is running at {file.endpoint} "
        f"(pid {file.pid}), with its runs in {data_dir}."
    )


def stop_engine(data_dir: Path) -> str:
    """Stop the user's engine and wait until it is gone; one sentence. `EngineError` if it stays."""
    file = _running(data_dir)
    if file is None:
        return f"No engine is running on {data_dir}."
    mark_stopped(data_dir)
    os.kill(file.pid, signal.SIGTERM)
    end = time.monotonic() + _STOP_SECONDS
    while file.is_running():
        if time.monotonic() > end:
            raise EngineError(
                f"the engine (pid {file.pid}) has not stopped within {_STOP_SECONDS:.0f} s; "
                f"`kill -9 {file.pid}` ends it, and nothing that was acknowledged is lost."
            )
        time.sleep(0.02)
    return (
        f"The engine (pid {file.pid}) has stopped; its runs are kept in {data_dir}. "
        "The next trigger, or cell that defines a task, starts it again."
    )


def _reset(data_dir: Path, *, sure: bool) -> int:
    files = [path for path in (data_dir / name for name in FILES) if path.exists()]
    if not files:
        return _say(f"There is nothing to delete in {data_dir}.")
    size = sum(path.stat().st_size for path in files) / 1e6
    running = _running(data_dir)
    sys.stdout.write(
        f"This deletes {', '.join(path.name for path in files)} ({size:.1f} MB) in {data_dir}: all "
        "runs, streams and wait tokens of your engine, and its key, so that tokens and notebooks "
        "of before no longer reach it.\n"
        + (f"The engine (pid {running.pid}) is stopped, whatever it runs.\n" if running else "")
    )
    if not sure:
        sys.stdout.write("Delete it? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            sys.stdout.write("\n")
            return _say("Nothing was deleted.") or 1
    return _say(reset_engine(data_dir))


def reset_engine(data_dir: Path) -> str:
    """Stop the user's engine and delete all that it keeps; one sentence."""
    command = [sys.executable, "-m", "trigger_widgets.engine", "--data-dir", str(data_dir)]
    for _ in range(_RESETS):
        stop_engine(data_dir)
        # the engine's own lock keeps an open notebook from starting it again meanwhile
        done = subprocess.run([*command, "--reset"], capture_output=True, text=True, check=False)  # noqa: S603 - our own module
        if done.returncode == 0:
            return f"The data in {data_dir} is deleted; the next run starts a new engine."
        if done.returncode != ALREADY_RUNNING:
            break
    raise EngineError(f"the engine could not be reset: {done.stderr.strip() or 'no reason given'}")


def _running(data_dir: Path) -> EngineFile | None:
    file = EngineFile.read(data_dir)
    return file if file is not None and file.is_running() else None


def _say(sentence: str) -> int:
    sys.stdout.write(f"{sentence}\n")
    return 0


def _port(text: str) -> int:
    most = 65_535
    if not text.isdecimal() or int(text) > most:
        raise argparse.ArgumentTypeError(f'"{text}" is not a port; 0 picks a free one')
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="trigger-widgets", description=__doc__)
    parser.add_argument("--version", action="version", version=f"trigger-widgets {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser(
        "dev",
        help="run tasks from files",
        description="Runs tasks from files (tasks.py if none is named) on your engine, the one "
        "that notebooks use. With any of the options it has an engine of its own, which ends "
        "with the command.",
    )
    start.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a file with tasks")
    start.add_argument("--port", type=_port, help="the port of its own engine; 0 picks one")
    start.add_argument("--data-dir", type=Path, metavar="DIR", help="where its runs are kept")
    start.add_argument(
        "--json", action="store_true", help="print one line of JSON (address, key, pid) when ready"
    )
    engine = commands.add_parser("engine", help="your engine, the one that notebooks use")
    engine.add_argument(
        "action",
        choices=["status", "stop", "reset"],
        help="reset deletes all its runs, and its key, after a question",
    )
    engine.add_argument("--yes", action="store_true", help="reset without the question")
    return parser


if __name__ == "__main__":
    sys.exit(main())
