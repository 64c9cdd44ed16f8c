"""Messages between a worker and its pool processes: JSON, and where need be bytes, behind the
lengths of both.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

from trigger_widgets.lock import Lock

_LENGTHS = struct.Struct(">II")
ATTACHED = "attached"
"""Where a message that is read has the bytes that came with it."""


def encode(message: dict[str, Any], attached: bytes = b"") -> bytes:
    """A message as bytes."""
    body = json.dumps(message, ensure_ascii=False).encode()
    return b"".join((_LENGTHS.pack(len(body), len(attached)), body, attached))


def _decode(body: bytes, attached: bytes) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(body)
    return {**message, ATTACHED: attached} if attached else message


async def read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message, or None at the end, which is also where one was cut short and nonsense
    follows: a task can be stopped in the middle of writing it.
    """
    try:
        lengths = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
        return _decode(*[await reader.readexactly(length) for length in lengths])
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return None


class Channel:
    """The pool process's end, for threads."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._lock = Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Safe from any thread; a worker that is gone hears nothing."""
        data = encode(message)
        with self._lock:
            self._socket.sendall(data)

    def receive(self) -> dict[str, Any] | None:
        """The next message, or None at the end. For one thread."""
        header = self._exactly(_LENGTHS.size)
        if header is None:
            return None
        parts = [self._exactly(length) for length in _LENGTHS.unpack(header)]
        body, attached = parts
        return None if body is None or attached is None else _decode(body, attached)

    def _exactly(self, count: int) -> bytes | None:
        parts = []
        while count:
            try:
                part = self._socket.recv(min(count, 1 << 20))
            except OSError:
                return None
            if not part:
                return None
            parts.append(part)
            count -= len(part)
        return b"".join(parts)
