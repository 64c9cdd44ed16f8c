"""What a pool process says without Python: C libraries, subprocesses, a dying interpreter."""

from __future__ import annotations

import asyncio
import codecs
import os
import subprocess
from collections.abc import Callable

_CHUNK = 65_536
_utf_8 = codecs.getincrementaldecoder("utf-8")

Output = Callable[[str, str], None]
"""Hears `stdout` or `stderr`, and a text."""


class PoolPipes:
    """The pipes of one process, read as they fill."""

    def __init__(self, process: subprocess.Popen[bytes], hear: Output) -> None:
        self._loop = asyncio.get_running_loop()
        self._hear = hear
        pipes = {"stdout": process.stdout, "stderr": process.stderr}
        self._pipes = {name: pipe for name, pipe in pipes.items() if pipe is not None}
        self._decoders = {name: _utf_8(errors="replace") for name in self._pipes}
        for name, pipe in self._pipes.items():
            os.set_blocking(pipe.fileno(), False)
            self._loop.add_reader(pipe.fileno(), self._read, name)

    def read(self) -> None:
        """All that is there by now."""
        for name in list(self._pipes):
            self._read(name)

    def close(self) -> None:
        """What is there still, then nothing any more."""
        self.read()
        for name in list(self._pipes):
            self._close(name)

    def _read(self, name: str) -> None:
        while (pipe := self._pipes.get(name)) is not None:
            try:
                data = os.read(pipe.fileno(), _CHUNK)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._close(name)
                return
            self._hear(name, self._decoders[name].decode(data))

    def _close(self, name: str) -> None:
        pipe = self._pipes.pop(name)
        self._loop.remove_reader(pipe.fileno())
        pipe.close()
