"""`logger`: an ordinary Python logger whose records from info upward reach the run's log."""

from __future__ import annotations

import logging

logger = logging.getLogger("trigger_widgets.task")
"""The logger for tasks. In a run its records go to the run's log; elsewhere it is like any other
logger, with level INFO.
"""
logger.setLevel(logging.INFO)
