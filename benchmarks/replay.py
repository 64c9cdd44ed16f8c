"""A server that says again what an engine has said: fast, so that only its readers are measured.

`python -m benchmarks.replay <engine's address>` prints its own address. The first time that a
GET is seen it is passed on, until its answer ends or falls silent; after that it comes from
memory, and the connection is then held as the engine holds it.
"""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import urlsplit

_SILENCE = 1.0
_known: dict[bytes, bytes] = {}
_upstream = urlsplit(sys.argv[1])


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, request by request."""
    try:
        while request := await reader.readuntil(b"\r\n\r\n"):
            line = request.partition(b"\r\n")[0]
            if line not in _known:
                _known[line] = await fetch(request)
            writer.write(_known[line])
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def fetch(request: bytes) -> bytes:
    """The whole answer of the engine, or what of it came before the silence."""
    reader, writer = await asyncio.open_connection(_upstream.hostname, _upstream.port)
    writer.write(request)
    parts = []
    try:
        while part := await asyncio.wait_for(reader.read(1 << 20), _SILENCE):
            parts.append(part)
    except TimeoutError:
        pass
    writer.close()
    return b"".join(parts)


async def main() -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
