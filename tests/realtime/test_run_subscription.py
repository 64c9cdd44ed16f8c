"""A run and its streams in one iteration."""

import asyncio
from datetime import date

import httpx
import pytest
from patience import until
from realtime.support import StreamServer

from trigger_widgets.errors import MismatchError, PermissionDeniedError
from trigger_widgets.models import Run
from trigger_widgets.realtime import mailbox
from trigger_widgets.realtime.hub import current_hub
from trigger_widgets.realtime.run_subscription import RunSubscription, StreamPart
from trigger_widgets.tasks.current_streams import Streams


class RunServer:
    """A run that opens two streams and ends; each stream is a `StreamServer`."""

    def __init__(self, wire, streams, *, opened=None):
        self.wire = wire
        self.streams = {name: StreamServer(wire, parts) for name, parts in streams.items()}
        self.opened = list(streams) if opened is None else opened
        self.run_asked = 0
        self.may_end = asyncio.Event()

    async def __call__(self, request):
        path = request.url.path
        if "/streams/" in path:
            return self.streams[path.rpartition("/")[2]].stream(request)
        self.run_asked += 1
        literal = "{" + ",".join(f'"{name}"' for name in self.opened) + "}"
        match self.run_asked:
            case 1:
                return self.wire.answer(self.wire.row("QUEUED"), offset="1_1")
            case 2:
                row = self.wire.row(second=1, realtimeStreams=literal)
                return self.wire.answer(row, offset="2_2")
        while not all(self.streams[name].asked for name in self.opened):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        row = self.wire.row("COMPLETED_SUCCESSFULLY", second=9, realtimeStreams=literal)
        return self.wire.answer(row, offset="9_9")


def follow(wire, server, *streams, **options):
    options = {"timeout": 20, **options}
    return RunSubscription("run_1", wire.fake_server(server), **options).with_streams(*streams)


def parts_of(items, stream):
    return [i.part for i in items if isinstance(i, StreamPart) and i.stream == stream]


STREAMS = {"ai-output": ["Hello ", "world"], "steps": [{"n": n} for n in range(5)]}


def test_the_run_and_all_that_it_opens_until_all_has_ended(wire, quick):
    items = list(follow(wire, RunServer(wire, STREAMS)))
    assert parts_of(items, "ai-output") == STREAMS["ai-output"]
    assert parts_of(items, "steps") == STREAMS["steps"]
    assert isinstance(items[0], Run)
    states = [item for item in items if isinstance(item, Run)]
    assert states[-1].status == "COMPLETED"
    # each part comes with the run as it was then
    assert all(i.run in states or i.run.id == "run_1" for i in items if isinstance(i, StreamPart))
    until(lambda: current_hub()[1].feeds == 0)


def test_async_iteration(wire, quick):
    async def main():
        async with follow(wire, RunServer(wire, STREAMS)) as items:
            return [item async for item in items]

    items = asyncio.run(main())
    assert parts_of(items, "steps") == STREAMS["steps"]


def test_only_the_streams_that_are_named_with_their_types(wire, quick):
    days = Streams().define("days", date)
    server = RunServer(wire, {"days": ["2026-01-02", "2026-01-03"], "other": [1]}, opened=["days"])
    items = list(follow(wire, server, days))
    assert parts_of(items, "days") == [date(2026, 1, 2), date(2026, 1, 3)]
    assert not server.streams["other"].asked


def test_a_named_stream_is_read_though_the_run_does_not_list_it(wire, quick):
    server = RunServer(wire, {"unlisted": ["a"]}, opened=[])
    assert parts_of(list(follow(wire, server, "unlisted")), "unlisted") == ["a"]


def test_a_part_of_another_type_is_an_error_that_can_be_passed_over(wire, quick):
    days = Streams().define("days", date)
    server = RunServer(wire, {"days": ["2026-01-02", "soon", "2026-01-03"]})
    reader, seen, wrong = follow(wire, server, days), [], []
    while True:
        try:
            seen.append(next(reader))
        except MismatchError as error:
            wrong.append(str(error))
        except StopIteration:
            break
    assert parts_of(seen, "days") == [date(2026, 1, 2), date(2026, 1, 3)]
    assert len(wrong) == 1
    assert 'part 1 of the stream "days" does not fit its type' in wrong[0]


def test_a_stream_that_is_refused_ends_it_all_with_the_reason(wire, quick):
    server = RunServer(wire, STREAMS)
    answer = server.streams["steps"].stream

    def refuse(request):
        answer(request)
        return httpx.Response(403, json={"error": "Unauthorized"})

    server.streams["steps"].stream = refuse
    with pytest.raises(PermissionDeniedError, match="read the stream steps of run_1"):
        list(follow(wire, server))
    until(lambda: current_hub()[1].feeds == 0)


def test_a_run_that_is_refused_says_so_at_once(wire):
    async def handler(_request):
        return httpx.Response(403, json={"error": "Unauthorized"})

    with pytest.raises(PermissionDeniedError, match="subscribe to run_1"):
        list(follow(wire, handler))


def test_a_slow_reader_has_every_part_and_the_latest_state(wire, quick, monkeypatch):
    monkeypatch.setattr(mailbox, "MOST_PARTS", 10)
    parts = list(range(100))
    server = RunServer(wire, {"a": parts, "b": parts})
    reader = follow(wire, server)
    items = []
    for item in reader:
        items.append(item)
        if len(items) in {1, 5, 60}:  # time for everything to pile up
            until(lambda: reader._mailbox.is_full or reader._mailbox._is_over)
    assert parts_of(items, "a") == parts_of(items, "b") == parts
    assert [i.status for i in items if isinstance(i, Run)][-1] == "COMPLETED"


def test_stopping_leaves_every_feed_and_waking_reaches_each(wire, quick):
    server = RunServer(wire, STREAMS)
    reader = follow(wire, server, stop_on_completion=False)
    reader.wake()  # nothing yet
    seen = [next(reader) for _ in range(8)]
    reader.wake()
    assert parts_of(seen, "steps")
    assert reader.connection.state == "live"
    reader.stop()
    until(lambda: current_hub()[1].feeds == 0)
    assert reader.malformed == 0
