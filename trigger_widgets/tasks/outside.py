"""What is said where code that is part of no run uses what belongs to runs."""

from __future__ import annotations

import sys
import warnings

_PACKAGE = "trigger_widgets."
_said: set[str] = set()


def warn_once(what: str) -> None:
    """Say once a process that `what` ("metadata does") does nothing outside of a run."""
    if what in _said:
        return
    _said.add(what)
    level, frame = 1, sys._getframe()  # noqa: SLF001 - the line to name is the caller's, not ours
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"{what} nothing here: this code is not part of a run. "
        "(Start one with .trigger; said once.)",
        stacklevel=level,
    )
