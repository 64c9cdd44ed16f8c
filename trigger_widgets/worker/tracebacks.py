"""Tracebacks for the person who wrote the task: they begin at their code, and hold none of ours."""

from __future__ import annotations

import traceback
from pathlib import Path

_OURS = str(Path(__file__).resolve().parent.parent)


def format_error(error: BaseException) -> tuple[str, str, str]:
    """Name, message and traceback of an exception as the wire wants them."""
    name = type(error).__name__
    try:
        message = str(error)
    except Exception:  # an exception may be wrong about itself
        message = f"(its message cannot be shown: {name}.__str__ raises)"
    return name, message, _format(error, name, message)


def _format(error: BaseException, name: str, message: str) -> str:
    try:
        shown = traceback.TracebackException.from_exception(error, compact=True)
        _strip(shown)
        return "".join(shown.format())
    except Exception:  # the same exceptions, asked for more of themselves
        return f"{name}: {message}"


def _strip(shown: traceback.TracebackException) -> None:
    """Take our frames out of an exception and of those it came from, and asyncio's above them."""
    frames = list(shown.stack)
    first = next((i for i, frame in enumerate(frames) if not _is_plumbing(frame.filename)), None)
    kept = [] if first is None else [f for f in frames[first:] if not _is_ours(f.filename)]
    shown.stack = traceback.StackSummary.from_list(kept)
    for inner in (shown.__cause__, shown.__context__, *(shown.exceptions or ())):
        if inner is not None:
            _strip(inner)


def _is_ours(filename: str) -> bool:
    return filename.startswith(_OURS)


def _is_plumbing(filename: str) -> bool:
    return _is_ours(filename) or Path(filename).parent.name == "asyncio"
