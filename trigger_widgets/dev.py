"""`trigger-widgets dev`: a worker in the foreground for tasks in files, and often its engine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from trigger_widgets.lock import Lock

from . import runtime
from .config import Endpoint, Locate
from .engine_file import EngineFile
from .errors import EngineError, EngineStoppedError, TriggerError
from .realtime.waiting import Event
from .tasks.manifest import TaskManifest
from .version import __version__
from .worker.loading import LoadError, check_files
from .worker.pool_executor import PoolEvents, PoolExecutor
from .worker.worker import Worker

_WORKER_STOP_SECONDS = 1.0
_ENGINE_STOP_SECONDS = 0.8
_ORPHAN_MINUTES = 1.0
_LOOK_SECONDS = 0.05
_MOST_NAMED = 5


class OwnEngine:
    """An engine that lives as long as the command, and is started again if it dies before.

    Without a data directory it has a temporary one, which goes with it.
    """

    def __init__(self, data_dir: Path | None, port: int | None, *, keep: bool) -> None:
        self.is_temporary = data_dir is None
        self.data_dir = data_dir or Path(tempfile.mkdtemp(prefix="trigger-widgets-"))
        self._port = port
        # should this command be killed, its engine ends by itself; one without tasks never idles
        self._idle_minutes = 0.0 if keep else _ORPHAN_MINUTES
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._file: EngineFile | None = None
        self._stopped = False

    def locate(self) -> Endpoint:
        """Where it is; starts it if it is not there."""
        with self._lock:
            running = self._process is not None and self._process.poll() is None
            if self._stopped or (running and self._file is not None):
                if self._file is None:
                    raise EngineError("the engine was stopped before it had started.")
                return self._file.endpoint
            file, process = runtime.start_engine(
                self.data_dir, port=self._port, idle_minutes=self._idle_minutes
            )
            if process is None:
                raise EngineError(
                    f"another engine (pid {file.pid}) uses {self.data_dir}; stop it, or choose "
                    "another --data-dir."
                )
            self._file, self._process = file, process
            self._port = file.port  # a restarted one is where clients know it to be
            return file.endpoint

    def stop(self) -> None:
        """Politely, then by force; well under two seconds."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_ENGINE_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.is_temporary:
            shutil.rmtree(self.data_dir, ignore_errors=True)


class DevCommand:
    """One run of the command; `run` gives its exit code."""

    def __init__(
        self, files: Sequence[Path], *, data_dir: Path | None, port: int | None, as_json: bool
    ) -> None:
        self._files = list(files) or [Path("tasks.py")][: Path("tasks.py").exists()]
        self._as_json = as_json
        wants_own = as_json or data_dir is not None or port is not None
        self._engine = OwnEngine(data_dir, port, keep=not self._files) if wants_own else None
        self._locate: Locate = self._engine.locate if self._engine else self._users_engine
        self._is_waiting = False
        self._stop = Event()
        self._lines = Lock()
        self._tasks: list[TaskManifest] = []
        self._started: dict[str, float] = {}
        self._under_way: dict[str, str] = {}
        self._failure: str | None = None
        self._worker: Worker | None = None

    def run(self) -> int:
        """Until Ctrl-C or SIGTERM. 0 then, 2 for files that cannot be used, 1 for the rest."""
        check_files(self._files)
        if not self._files and self._engine is None:
            raise LoadError(
                "there is no tasks.py in this folder; name the files that define tasks, "
                "as in `trigger-widgets dev my_tasks.py`."
            )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        try:
            endpoint = self._locate()
            if self._files:
                self._worker = self._start_worker()
                if not self._wait_until_ready(self._worker):
                    return 0
            self._say_ready(endpoint)
            self._stop.wait()
            return 0
        finally:
            if self._worker is not None:
                self._worker.stop(_WORKER_STOP_SECONDS)
                self._say_goodbye()
            if self._engine is not None:
                self._engine.stop()

    def _start_worker(self) -> Worker:
        names = " ".join(map(str, self._files))
        paths = "\n".join(str(file.resolve()) for file in self._files)
        events = PoolEvents(loaded=self._loaded, problem=self._problem, output=self._output)
        worker = Worker(
            self._locate,
            origin=f"dev:{hashlib.sha256(paths.encode()).hexdigest()[:16]}",
            label=f"trigger-widgets dev {names}",
            project_ref=runtime.EMBEDDED_PROJECT,
            executor=PoolExecutor(self._files, self._locate, events),
            listener=self._heard,
        )
        self._worker = worker
        worker.start()
        return worker

    def _wait_until_ready(self, worker: Worker) -> bool:
        while not self._tasks and self._failure is None:
            if self._stop.wait(_LOOK_SECONDS):
                return False
        if self._failure is not None:
            raise LoadError(self._failure)
        try:
            _ = worker.version  # waits until the server knows the tasks
        except EngineError:
            if not self._stop.is_set():
                raise
        return not self._stop.is_set()

    def _users_engine(self) -> Endpoint:
        try:
            endpoint = runtime.embedded()
        except EngineStoppedError as e:
            if not self._is_waiting:
                self._is_waiting = True
                self._print(f"{_now()}  {e}", error=True)
            raise
        if self._is_waiting:
            self._is_waiting = False
            self._print(f"{_now()}  the engine is back at {endpoint}.", error=True)
        return endpoint

    # ---- what is said

    def _say_ready(self, endpoint: Endpoint) -> None:
        if self._as_json:
            ready = {
                "api_url": endpoint.api_url,
                "secret_key": endpoint.access_token.get_secret_value(),
                "pid": os.getpid(),
            }
            self._print(json.dumps(ready), error=False)
            return
        self._print(f"trigger-widgets {__version__}: {self._what_runs()}", error=False)
        self._print(f"The engine is at {endpoint.api_url}; {self._whose_engine()}", error=False)
        self._print("Ctrl-C stops.", error=False)

    def _say_goodbye(self) -> None:
        under_way = [f"{task} {run}" for run, task in self._under_way.items()]
        if under_way and not self._as_json:
            runs = "1 run was" if len(under_way) == 1 else f"{len(under_way)} runs were"
            shown = ", ".join(under_way[:_MOST_NAMED])
            more = f" and {rest} more" if (rest := len(under_way) - _MOST_NAMED) > 0 else ""
            self._print(f"Stopped; {runs} under way and canceled: {shown}{more}.", error=False)

    def _what_runs(self) -> str:
        if not self._tasks:
            return "no tasks; name the files that define them to run some."
        by_file: dict[str, list[str]] = {}
        for task in self._tasks:
            by_file.setdefault(task.file_path, []).append(task.id)
        parts = [f"{', '.join(ids)} from {file}" for file, ids in by_file.items()]
        return f"ready to run {'; '.join(parts)}."

    def _whose_engine(self) -> str:
        if self._engine is None:
            return "notebooks use the same one."
        if self._engine.is_temporary:
            return "it and its runs end with this command (--data-dir keeps them)."
        return f"its runs are kept in {self._engine.data_dir}."

    def _loaded(self, tasks: list[TaskManifest]) -> None:
        again, self._tasks = bool(self._tasks), tasks
        if self._worker is not None:
            self._worker.sync_tasks(tasks)
        if again and not self._as_json:
            self._print(f"{_now()}  reloaded: {self._what_runs()}", error=False)

    def _problem(self, sentence: str, first: bool) -> None:
        if first:
            self._failure = sentence
        else:
            self._print(f"{sentence} The code from before goes on.", error=True)

    def _output(self, _stream: str, text: str) -> None:
        """What the files print while they are loaded belongs to no run."""
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()

    def _heard(self, run_id: str, task_id: str, what: str, detail: str | None) -> None:
        if self._as_json:
            return
        now = time.monotonic()
        words = what
        if what == "started":
            self._started.setdefault(run_id, now)
            self._under_way[run_id] = task_id
        else:
            self._under_way.pop(run_id, None)
        if what not in ("started", "retrying"):
            words += f" after {now - self._started.pop(run_id, now):.1f} s"
        shown = f" ({detail.splitlines()[0]})" if detail and what != "completed" else ""
        self._print(f"{_now()}  {task_id}  {run_id}  {words}{shown}", error=False)

    def _print(self, line: str, *, error: bool) -> None:
        with self._lines, contextlib.suppress(OSError):
            print(line, file=sys.stderr if error else sys.stdout, flush=True)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._stop.is_set():  # asked twice: at once
            os._exit(130)
        self._stop.set()
        if self._worker is not None:
            self._worker.stop(0)  # begins; whoever waits for it is told at once


def _now() -> str:
    return time.strftime("%H:%M:%S")


def dev(files: Sequence[Path], *, data_dir: Path | None, port: int | None, as_json: bool) -> int:
    """The command; every mistake of the user's is one sentence on stderr."""
    try:
        return DevCommand(files, data_dir=data_dir, port=port, as_json=as_json).run()
    except LoadError as e:
        sys.stderr.write(f"{e}\n")
        return 2
    except TriggerError as e:
        sys.stderr.write(f"{e}\n")
        return 1
