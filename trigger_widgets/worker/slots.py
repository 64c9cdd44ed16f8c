"""How many runs a worker executes at once."""

from __future__ import annotations

import os

from trigger_widgets.errors import ConfigurationError

VARIABLE = "TRIGGER_WIDGETS_CONCURRENCY"
_LEAST = 2


def default_slots() -> int:
    """`TRIGGER_WIDGETS_CONCURRENCY`, or the number of cores but at least 2: a run that waits for
    another one must not keep it from running.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return max(_LEAST, os.cpu_count() or _LEAST)
    if not text.isdecimal() or int(text) < 1:
        raise ConfigurationError(f'{VARIABLE} is "{text}"; it must be a whole number above 0.')
    return int(text)
