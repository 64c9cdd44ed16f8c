"""Keeps the background's requests out of the user's log.

httpx logs each request at INFO. A notebook that sets the root logger to INFO would otherwise show
the polls of our background threads under whatever cell is running.
"""

from __future__ import annotations

import logging

THREAD_PREFIX = "trigger-widgets"
"""How the names of our background threads begin."""
_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")


def _is_the_users(record: logging.LogRecord) -> bool:
    return not (record.threadName or "").startswith(THREAD_PREFIX)


def hush_background_requests() -> None:
    """Drop what httpx says on our background threads; what users cause themselves is logged."""
    for name in _LOGGERS:
        # adding the same filter again changes nothing
        logging.getLogger(name).addFilter(_is_the_users)
