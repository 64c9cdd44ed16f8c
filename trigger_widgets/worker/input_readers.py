"""Reads the input streams of a worker's runs: a connection for each read, closed by what comes."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from trigger_widgets.tasks.input_position import InputPosition

from .protocol import WorkerApi

_READ_SECONDS = 60.0


class InputReader:
    """One input stream of one attempt. It keeps what it has read, so that nothing is lost when
    who asked for it has given up in the meantime.
    """

    def __init__(self, api: WorkerApi, run_id: str, stream: str) -> None:
        self._api = api
        self._path = f"/realtime/v1/streams/{quote(run_id, safe='')}/input/{quote(stream, safe='')}"
        self._stream = InputPosition()
        self._texts: list[str] = []
        self._lock = asyncio.Lock()

    async def read(self, start: int) -> list[str]:
        """What there is from number `start` on; waits until there is something, for a while."""
        async with self._lock:
            if len(self._texts) <= start:
                parts = await self._api.read_stream(self._path, self._stream, _READ_SECONDS)
                self._texts += [part if isinstance(part, str) else "null" for part in parts]
            return self._texts[start:]


class InputReaders:
    """The readers of a worker's runs."""

    def __init__(self, api: WorkerApi) -> None:
        self._api = api
        self._readers: dict[str, dict[tuple[str, str], InputReader]] = {}

    async def read(self, run_id: str, stream: str, reader: str, start: int) -> list[str]:
        """As `InputReader.read`, of the stream of a run that this attempt reads."""
        of_run = self._readers.setdefault(run_id, {})
        key = (stream, reader)
        if key not in of_run:
            of_run[key] = InputReader(self._api, run_id, stream)
        return await of_run[key].read(start)

    def forget(self, run_id: str) -> None:
        """The run has ended."""
        self._readers.pop(run_id, None)
