"""The IPython shell that runs us and its kernel, if there are any."""

from __future__ import annotations

import sys
from typing import Any


def shell() -> Any:
    """The shell; None outside of IPython."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def kernel() -> Any:
    """The kernel; None in a script and in a terminal's IPython."""
    return getattr(shell(), "kernel", None)
