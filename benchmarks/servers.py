"""What is measured against: a real engine process with a worker, and the official SDK in Node."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
OFFICIAL = HERE.parent / "tests" / "interop"


@dataclass(frozen=True)
class Dev:
    """Where an engine of ours listens."""

    api_url: str
    secret_key: str
    pid: int


@contextlib.contextmanager
def dev(tasks: Path) -> Iterator[Dev]:
    """`trigger-widgets dev <tasks>` with a data directory that ends with it."""
    command = [sys.executable, "-m", "trigger_widgets.cli", "dev", tasks, "--json", "--port", "0"]
    with tempfile.TemporaryDirectory() as data_dir:
        process = subprocess.Popen(
            [*command, "--data-dir", data_dir], stdout=subprocess.PIPE, env=_environment()
        )
        with process:
            try:
                said = json.loads(_line(process))
                yield Dev(said["api_url"], said["secret_key"], process.pid)
            finally:
                process.terminate()


class Child:
    """A process that is asked by a line of JSON, and answers by one."""

    def __init__(self, command: list[Any], **environment: str) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=_environment(**environment),
        )
        self.pid = self._process.pid

    def ask(self, what: str, **arguments: Any) -> Any:
        """What the child's function of that name gives."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"what": what, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(_line(self._process))
        if "error" in answer:
            raise RuntimeError(f"{what}: {answer['error']}")
        return answer.get("value")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.kill()
        self._process.communicate()


class Node(Child):
    """A script beside this file in Node, with the official SDK."""

    def __init__(self, script: str, server: Dev | Replay) -> None:
        super().__init__(
            ["node", "--expose-gc", HERE / script],
            TRIGGER_API_URL=server.api_url,
            TRIGGER_SECRET_KEY=server.secret_key,
            # packages are found from where a script lies, and the SDK is installed by the tests
            SDK_FROM=(OFFICIAL / "package.json").as_uri(),
        )


class Replay:
    """A `replay` of an engine, in a process of its own."""

    def __init__(self, server: Dev) -> None:
        command = [sys.executable, "-m", f"{__package__}.replay", server.api_url]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment())
        self.api_url = _line(self._process).decode().strip()
        self.secret_key = server.secret_key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.kill()
        self._process.communicate()


def memory(pid: int) -> float:
    """What a process holds of the machine's memory, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def _line(process: subprocess.Popen[Any]) -> Any:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended: {process.wait()}")
    return line


def _environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TRIGGER_")}
    return {**kept, **more}
