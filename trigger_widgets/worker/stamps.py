"""Whether files have changed: by their times and sizes, which is cheap enough to look often."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

Stamps = dict[str, tuple[int, int]]


def stamps(files: Iterable[str]) -> Stamps:
    """The stamps of those that are there."""
    found: Stamps = {}
    for file in files:
        with contextlib.suppress(OSError):
            status = Path(file).stat()
            found[file] = (status.st_mtime_ns, status.st_size)
    return found
