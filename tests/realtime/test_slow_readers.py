"""A reader that is slow: bounded memory here, every part all the same, and nobody else waits."""

import asyncio

import pytest
from patience import PATIENCE, until
from realtime.support import StreamServer

from trigger_widgets.realtime import mailbox, stream_feed, tap
from trigger_widgets.realtime.hub import current_hub
from trigger_widgets.realtime.loop import background_loop
from trigger_widgets.realtime.mailbox import Mailbox
from trigger_widgets.realtime.stream_reader import StreamReader, StreamWatch


@pytest.fixture(autouse=True)
def small(monkeypatch, quick):
    monkeypatch.setattr(mailbox, "MOST_PARTS", 10)
    monkeypatch.setattr(stream_feed, "MOST_KEPT", 20)


def in_pieces(wire, parts, **options):
    """As a server does: a few parts at a time, not all in one event."""
    server = StreamServer(wire, parts, **options)
    server.piece = 3
    return server


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_what_does_not_fit_is_read_from_the_server_when_there_is_room(wire, version):
    parts = list(range(200))
    server = in_pieces(wire, parts, version=version)
    server.run_may_end.clear()
    reader = iter(StreamReader("run_1", "out", wire.fake_server(server), timeout=PATIENCE))
    assert next(reader) == 0
    # it reads no more: its connection is gone, and so is the feed of the run
    until(lambda: current_hub()[1].feeds == 0)
    asked = len(server.asked)
    assert [next(reader) for _ in range(199)] == parts[1:]
    assert len(server.asked) > asked
    server.run_may_end.set()
    assert list(reader) == []


def test_a_reader_who_does_not_read_holds_up_nobody_and_is_not_kept_for(wire):
    parts = list(range(100))
    server = in_pieces(wire, parts)
    fake = wire.fake_server(server)
    asleep = iter(StreamReader("run_1", "out", fake, timeout=PATIENCE))
    server.run_may_end.clear()
    assert next(asleep) == 0
    seen = []
    watch = StreamWatch("run_1", "out", fake, on_parts=seen.extend)
    until(lambda: seen == parts)
    assert len(asleep._mailbox._values) < 30
    watch.stop()
    server.run_may_end.set()
    assert [0, *asleep] == parts


def test_who_comes_after_the_beginning_is_forgotten_reads_it_from_the_server(wire):
    parts = list(range(100))
    server = in_pieces(wire, parts)
    server.run_may_end.clear()
    fake = wire.fake_server(server)
    first, second = [], []
    watches = [StreamWatch("run_1", "out", fake, on_parts=first.extend)]
    until(lambda: first == parts)
    watches.append(StreamWatch("run_1", "out", fake, on_parts=second.extend))
    until(lambda: second == parts)
    assert current_hub()[1].feeds == 3  # two connections to the stream, one to the run
    for watch in watches:
        watch.stop()
    until(lambda: current_hub()[1].feeds == 0)


def test_a_reader_that_is_stopped_while_it_steps_aside_stays_away(wire):
    server = in_pieces(wire, list(range(50)))
    server.run_may_end.clear()
    reader = iter(StreamReader("run_1", "out", wire.fake_server(server), timeout=PATIENCE))
    next(reader)
    until(lambda: current_hub()[1].feeds == 0)
    reader.stop()
    rest = list(reader)
    assert rest == list(range(1, len(rest) + 1))  # what was here already can be taken
    assert 10 <= len(rest) < 49
    assert current_hub()[1].feeds == 0


def test_a_reader_that_is_stopped_while_it_joins_again_leaves(wire, monkeypatch):
    server = in_pieces(wire, list(range(50)))
    server.run_may_end.clear()
    reader = iter(StreamReader("run_1", "out", wire.fake_server(server), timeout=PATIENCE))
    next(reader)
    until(lambda: current_hub()[1].feeds == 0)
    join, joined = tap.join_stream, []

    def stopped_meanwhile(*args):
        reader.stop()
        joined.append(join(*args))
        return joined[0]

    monkeypatch.setattr(tap, "join_stream", stopped_meanwhile)
    monkeypatch.setattr(mailbox, "MOST_PARTS", 1000)  # or it would step aside once more
    rest = list(reader)
    assert rest == list(range(1, len(rest) + 1))
    assert len(joined) == 1
    background_loop().submit(asyncio.sleep(0)).result(PATIENCE)  # it has joined there
    until(lambda: current_hub()[1].feeds == 0)


def test_room_that_is_there_already_is_said_at_once():
    box, called = Mailbox(until_final=True), []
    box.when_room(lambda: called.append(1))
    assert called == [1]
    box.parts(range(10))
    assert box.is_full
    box.when_room(lambda: called.append(2))
    assert called == [1]
    assert list(box.take()) == list(range(10))
    assert called == [1, 2]
    box.take()
    assert called == [1, 2]
