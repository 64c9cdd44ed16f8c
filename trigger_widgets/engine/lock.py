"""One engine a data directory: an exclusive lock that the system takes back when we die."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_FILE_NAME = "engine.lock"


class TakenError(Exception):
    """Another engine holds the lock. `pid` is its, as far as it is known."""

    def __init__(self, pid: str) -> None:
        super().__init__(pid)
        self.pid = pid


def take(data_dir: Path) -> int:
    """Lock the directory until this process ends; the descriptor that holds the lock."""
    descriptor = os.open(data_dir / _FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pid = os.read(descriptor, 32).decode(errors="replace").strip()
        os.close(descriptor)
        raise TakenError(pid) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor
