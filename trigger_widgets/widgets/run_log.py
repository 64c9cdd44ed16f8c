"""The log of a run as its card shows it: of the embedded engine alone, which has no feed of it."""

from __future__ import annotations

import re

from trigger_widgets.api.runs import LogRecord
from trigger_widgets.client import Trigger
from trigger_widgets.errors import NotFoundError
from trigger_widgets.jsonable import dumps

Line = list[float | str]
"""Time in ms since 1970, level ("stdout", "stderr", "info", "error" …), text."""

SAVED_LINES = 100
_CHARACTERS = 2_000
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")


class LogTail:
    """Reads what is new; every record once."""

    def __init__(self, client: Trigger, run_id: str) -> None:
        self._client, self._run_id = client, run_id
        self._next = 0
        self._has_log = True

    def read(self) -> list[Line]:
        """The lines that came since the last time. A server without logs is asked once."""
        lines: list[Line] = []
        while self._has_log:
            try:
                page = self._client.runs.logs(self._run_id, after=self._next)
            except NotFoundError:
                self._has_log = False
                break
            lines += map(_line, page.records)
            if page.next == self._next:
                break
            self._next = page.next
        return lines


def _line(record: LogRecord) -> Line:
    words = [plain(record.text), *(f"{k}={dumps(v)}" for k, v in record.properties.items())]
    return [record.time, record.level or record.stream, " ".join(words)[:_CHARACTERS]]


def plain(text: str) -> str:
    """What a terminal would show in the end: no colours, and of a line written over the last."""
    text = _ANSI.sub("", text).rstrip("\r\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
