"""Where a worker is in an input stream that it reads for a task: as any reader of a stream."""

from __future__ import annotations

from trigger_widgets.realtime.stream import Stream


class InputPosition(Stream):
    """From the first piece on, for as long as the attempt goes on."""
