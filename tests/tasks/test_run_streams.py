import threading

import pytest
from patience import PATIENCE, until

from trigger_widgets.errors import APIConnectionError, BadRequestError
from trigger_widgets.tasks.run_streams import RunStreams
from trigger_widgets.tasks.steps import run_blocking
from trigger_widgets.tasks.stopping import Alarm


@pytest.fixture
def streams(server):
    streams = RunStreams("run_1", server)
    yield streams
    streams.close(0)


def written(server):
    return [(parts.first, parts.texts) for _, parts in server.writes]


def test_the_first_part_goes_at_once_and_the_rest_is_gathered(server, streams):
    buffer = streams.buffer("s")
    buffer.add("0")
    until(lambda: server.writes)
    for i in range(1, 100):
        buffer.add(str(i))
    run_blocking(streams.stored(), Alarm())
    assert 2 <= len(server.writes) <= 4
    texts = [text for _, some in written(server) for text in some]
    assert texts == [str(i) for i in range(100)]
    assert written(server)[0] == (0, ["0"])
    assert streams.buffer("s") is buffer


def test_what_is_cut_goes_again_by_the_same_numbers(server, streams):
    server.answers = [None, APIConnectionError("cut"), APIConnectionError("cut")]
    buffer = streams.buffer("s")
    buffer.add('"a"')
    run_blocking(buffer.stored(), Alarm())
    buffer.add('"b"')
    run_blocking(buffer.stored(), Alarm())
    assert written(server) == [(0, ['"a"']), *[(1, ['"b"'])] * 3]
    assert len({parts.writer for _, parts in server.writes}) == 1


def test_what_the_server_refuses_is_raised_and_not_sent_again(server, streams):
    server.answers = [BadRequestError("the run has ended", status=400)]
    buffer = streams.buffer("s")
    buffer.add("1")
    with pytest.raises(BadRequestError):
        run_blocking(buffer.stored(), Alarm())
    with pytest.raises(BadRequestError):
        buffer.add("2")
    assert len(server.writes) == 1


def test_a_request_is_never_too_large(server, streams):
    buffer = streams.buffer("s")
    large = '"' + "x" * 400_000 + '"'
    for _ in range(5):
        buffer.add(large)
    for _ in range(2_500):
        buffer.add("0")
    run_blocking(streams.stored(), Alarm())
    for _, texts in written(server):
        assert len(texts) <= 1_000
        assert sum(map(len, texts)) <= 900_000
    assert sum(len(texts) for _, texts in written(server)) == 2_505


def test_a_writer_that_is_too_fast_is_held_up(server, streams):
    server.hold = True
    buffer = streams.buffer("s")
    for _ in range(11):
        buffer.add('"' + "x" * 400_000 + '"')
    passed = threading.Event()

    def write_more():
        run_blocking(buffer.room(), Alarm())
        passed.set()

    writer = threading.Thread(target=write_more)
    writer.start()
    assert not passed.wait(0.1)
    server.hold = False
    until(lambda: server.held)
    server.held.pop().set_result(None)
    assert passed.wait(PATIENCE)
    writer.join()
    run_blocking(streams.stored(), Alarm())


def test_after_the_end_nothing_is_written(server, streams):
    streams.close(0)
    buffer = streams.buffer("s")
    streams.close(0)
    buffer.add("1")
    run_blocking(buffer.stored(), Alarm())
    assert not server.writes
