"""Keeps the background's requests, and secret addresses, out of the user's log.

httpx logs each request at INFO. A notebook that sets the root logger to INFO would otherwise show
the polls of our background threads under whatever cell is running. And it logs addresses: whoever
has the callback address of a wait token may complete it.
"""

from __future__ import annotations

import logging
import re

THREAD_PREFIX = "trigger-widgets"
"""How the names of our background threads begin."""
_CALLBACK = re.compile(r"/waitpoints/tokens/[^/\s]+/callback/")
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")


def _is_the_users(record: logging.LogRecord) -> bool:
    is_ours = (record.threadName or "").startswith(THREAD_PREFIX)
    return not (is_ours or _CALLBACK.search(record.getMessage()))


def hush_background_requests() -> None:
    """Drop what httpx says on our background threads, and of callback addresses; what else users
    cause themselves is logged.
    """
    for name in _LOGGERS:
        # adding the same filter again changes nothing
        logging.getLogger(name).addFilter(_is_the_users)
