"""Whether a process on this machine is still the one it was: its pid and when it started.

A pid alone is not enough: the system gives it to somebody else once its owner is gone.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


class ProcessIdentity(NamedTuple):
    """`started` is opaque: equal for the same process, different for a later one with its pid."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """The identity of a running process, or None if there is none with this pid."""
        started = _started(pid)
        return None if started is None else cls(pid, started)

    @classmethod
    def current(cls) -> ProcessIdentity:
        """The identity of this process."""
        pid = os.getpid()
        return cls(pid, _started(pid) or "")

    def is_alive(self) -> bool:
        """Whether this very process is still running (a zombie is not)."""
        return _started(self.pid) == self.started


def _started(pid: int) -> str | None:
    stat = _PROC / str(pid) / "stat"
    if (_PROC / "self" / "stat").exists():
        try:
            # the command, in parentheses, may itself hold spaces and parentheses
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        state, started = fields[0], fields[19]
        return None if state in "ZX" else started
    result = subprocess.run(  # noqa: S603 - fixed arguments; macOS has no /proc
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        # the time is in the words and the zone of who asks
        env={"LC_ALL": "C", "TZ": "UTC"},
    )
    line = result.stdout.strip()
    return line.partition(" ")[2].strip() if line and not line.startswith("Z") else None
