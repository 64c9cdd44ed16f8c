"""Messages between a worker and its pool processes: JSON behind four bytes of length."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from typing import Any

_LENGTH = struct.Struct(">I")


def encode(message: dict[str, Any]) -> bytes:
    """A message as bytes."""
    body = json.dumps(message, ensure_ascii=False).encode()
    return _LENGTH.pack(len(body)) + body


async def read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message, or None at the end."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        message: dict[str, Any] = json.loads(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return message


class Channel:
    """The pool process's end, for threads."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Safe from any thread; a worker that is gone hears nothing."""
        data = encode(message)
        with self._lock:
            self._socket.sendall(data)

    def receive(self) -> dict[str, Any] | None:
        """The next message, or None at the end. For one thread."""
        header = self._exactly(_LENGTH.size)
        body = self._exactly(_LENGTH.unpack(header)[0]) if header else None
        if body is None:
            return None
        message: dict[str, Any] = json.loads(body)
        return message

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
