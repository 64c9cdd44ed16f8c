"""A TCP proxy between a client and a server that cuts, stalls, splits and delays, as told."""

import asyncio
import random
import threading
from urllib.parse import urlsplit

from patience import PATIENCE


class FaultProxy:
    """Passes connections on to `upstream`, and what comes back only as far as a fault allows.

    Requests whose path has `on` in it are hit, until `cuts` connections were cut or stalled.
    Everything is drawn from `seed`, so a failure can be had again.
    """

    def __init__(self, upstream, *, on, cuts, seed=0, most=2000, stalls=True):
        self._to = urlsplit(upstream)
        self._on = on.encode()
        self._most = most
        self._stalls = stalls
        self._random = random.Random(seed)
        self.left = cuts
        self.cuts = {"cut": 0, "reset": 0, "stall": 0}
        self._connections = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *_exception):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)

    @property
    def made(self):
        return sum(self.cuts.values())

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connection, "127.0.0.1", 0)
        )
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in self._connections:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._connections))
        self._loop.run_until_complete(asyncio.sleep(0))  # what was closed is closed
        self._loop.close()

    async def _connection(self, reader, writer):
        self._connections.add(asyncio.current_task())
        back = None
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            there, back = await asyncio.open_connection(self._to.hostname, self._to.port)
            # one request a connection: the next one is another chance
            back.write(request.replace(b"\r\n", b"\r\nconnection: close\r\n", 1))
            answer = asyncio.ensure_future(self._answer(there, writer, self._budget(request)))
            asked = asyncio.ensure_future(pump(reader, back))
            try:
                await asyncio.wait({answer, asked}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                answer.cancel(), asked.cancel()
                await asyncio.gather(answer, asked, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(asyncio.current_task())
            for end in (writer, back):
                if end is not None:
                    end.transport.abort()

    def _budget(self, request):
        """After how many bytes of the answer the fault comes; None for never."""
        if self._on not in request.partition(b"\r\n")[0]:
            return None
        return self._random.randint(0, self._most)

    async def _answer(self, there, writer, budget):
        while data := await there.read(self._random.choice((1, 7, 100, 1000, 65536))):
            if budget is not None and self.left and len(data) > budget:
                writer.write(data[:budget])
                await writer.drain()
                await self._fault(writer)
                return
            budget = None if budget is None else budget - len(data)
            writer.write(data)
            await writer.drain()
            if self._random.random() < 0.05:
                await asyncio.sleep(self._random.random() / 200)
        writer.close()
        await writer.wait_closed()

    async def _fault(self, writer):
        self.left -= 1
        kind = (
            self._random.choice(("cut", "reset")) if self.left % 25 or not self._stalls else "stall"
        )
        self.cuts[kind] += 1
        if kind == "cut":
            writer.close()  # what was sent arrives, and then the end
            await writer.wait_closed()
        elif kind == "stall":
            await asyncio.sleep(30)  # until the client has had enough
        # a reset may take back what is on its way


async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
