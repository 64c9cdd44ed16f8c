"""`logger`: an ordinary Python logger whose records from info upward reach the run's log."""

from __future__ import annotations

import logging
import reprlib

from trigger_widgets.jsonable import JSON, dumps, to_jsonable

logger = logging.getLogger("trigger_widgets.task")
"""The logger for tasks. In a run its records go to the run's log, with what `extra` they have;
elsewhere it is like any other logger, with level INFO.
"""
logger.setLevel(logging.INFO)

_OWN = {*logging.makeLogRecord({}).__dict__, "message", "asctime"}
_LONGEST = 16 * 1024
_repr = reprlib.Repr()
_repr.maxother = 200


def properties_of(record: logging.LogRecord) -> dict[str, JSON]:
    """The `extra` that a record was logged with. No value of it can make logging fail."""
    return {name: _property(value) for name, value in record.__dict__.items() if name not in _OWN}


def _property(value: object) -> JSON:
    """What JSON cannot carry is told by its repr, and what is huge by its beginning."""
    try:
        plain = to_jsonable(value)
        text = dumps(plain)
    except Exception:  # it may be anything, and so may what its methods raise
        return _repr.repr(value)
    return plain if len(text) <= _LONGEST else text[:_LONGEST]
