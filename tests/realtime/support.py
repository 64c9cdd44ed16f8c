"""What many tests of feeds need: a watch, a server of streams that does as it is told."""

import asyncio
import json
import threading

import httpx

from trigger_widgets.realtime.runs import run_source
from trigger_widgets.realtime.subscription import Watch


def watch(server, watcher, run="run_1", **options):
    """A watch of a run that tells `watcher` everything."""
    return Watch(
        run_source(run), server, on_value=watcher.on_run, on_connection=watcher.on_connection,
        **options,
    )  # fmt: skip


class Body(httpx.AsyncByteStream):
    """A body in pieces, then a cut, an end, or silence."""

    def __init__(self, pieces, *, then="end"):
        self.pieces, self.then = pieces, then

    async def __aiter__(self):
        for piece in self.pieces:
            yield piece
            await asyncio.sleep(0)
        if self.then == "cut":
            raise httpx.ReadError("cut")
        if self.then == "hold":
            await asyncio.Event().wait()


def v1_text(log):
    return "".join(f"id: {i}\ndata: {json.dumps(part)}\n\n: ping\n\n" for i, part in log)


def v2_text(log, tail):
    if not log:
        return f'event: ping\ndata: {{"tail":{{"seq_num":{tail}}}}}\n\n'
    records = [{"seq_num": n, "body": json.dumps({"data": part, "id": f"p{n}"})} for n, part in log]
    data = json.dumps({"records": records, "tail": {"seq_num": tail}}, ensure_ascii=False)
    return f"event: batch\nid: 9,9,9\ndata: {data}\n\n"


class StreamServer:
    """A stream of a version, cut at given bytes; the run's feed; what it was asked."""

    def __init__(self, wire, parts, *, version="v2", cuts=(), status="COMPLETED_SUCCESSFULLY"):
        self.wire, self.parts, self.version = wire, parts, version
        self.cuts, self.status = list(cuts), status
        self.asked, self.run_asked = [], 0
        self.run_may_end = threading.Event()
        self.run_may_end.set()
        self.piece = len(self.parts)  # v2: so many parts an answer

    async def __call__(self, request):
        if "/streams/" in request.url.path:
            return self.stream(request)
        self.run_asked += 1
        if self.run_asked == 1:
            return self.wire.answer(self.wire.row(), offset="1_1")
        # once the parts are written, and all cuts were made
        while self.cuts or not self.run_may_end.is_set():  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.001)
        return self.wire.answer(self.wire.row(self.status, second=9), offset="9_9")

    def stream(self, request):
        self.asked.append(dict(request.headers))
        after = request.headers.get("last-event-id")
        draining, whole = request.headers["timeout-seconds"] == "1", True
        if self.version == "v1":
            log = [(f"{n // 3}-0", part) for n, part in enumerate(self.parts)]
            order = lambda text: tuple(map(int, text.split("-")))  # noqa: E731
            text = v1_text([e for e in log if after is None or order(e[0]) > order(after)])
        else:
            first = 0 if after is None else int(after) + 1
            last = first + self.piece
            text = v2_text(list(enumerate(self.parts))[first:last], len(self.parts))
            whole = last >= len(self.parts)
        if draining and self.version == "v2" and whole:
            text += "data: [DONE]\n\n"
        data = text.encode()
        headers = {"content-type": "text/event-stream; charset=utf-8"}
        if self.version == "v2":
            headers["x-stream-version"] = "v2"
        then = "end" if draining or not whole else "hold"
        if self.cuts:
            data, then = data[: self.cuts.pop(0)], "cut"
        pieces = [data[n : n + 7] for n in range(0, len(data), 7)]
        return httpx.Response(200, headers=headers, stream=Body(pieces, then=then))
