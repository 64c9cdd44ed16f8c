"""What a stream of a run may be called."""

from __future__ import annotations

import re
from typing import Any

from trigger_widgets.errors import ConfigurationError

# an id is a segment of a URL, and an element of a list in the run's row
_ID = re.compile(r"[^\s/\\?#%,{}\"\x00-\x1f\x7f]{1,128}")


def checked_id(stream: Any) -> str:
    """The id of a stream; `ConfigurationError` for what cannot be one."""
    if not isinstance(stream, str) or not _ID.fullmatch(stream):
        raise ConfigurationError(
            f"{stream!r} is not the id of a stream; use 1 to 128 characters without spaces "
            'and without / \\ ? # % , { } ", like "ai-output".'
        )
    return stream
