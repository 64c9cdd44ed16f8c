"""The stream's driver: cuts at any byte, the run's end, refusals, sharing. A scripted server."""

import asyncio
import gc
import threading

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patience import PATIENCE, until
from realtime.support import Body, StreamServer

from trigger_widgets.errors import (
    APIConnectionError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    ResultTimeoutError,
)
from trigger_widgets.realtime import driver, stream_feed
from trigger_widgets.realtime.hub import current_hub
from trigger_widgets.realtime.loop import background_loop
from trigger_widgets.realtime.stream_reader import StreamReader, StreamWatch


def read(wire, server, **options):
    options = {"timeout": 10, **options}
    return list(StreamReader("run_1", "out", wire.fake_server(server), **options))


class Watcher:
    def __init__(self):
        self.parts, self.runs, self.states, self.ends = [], [], [], []
        self.ended = threading.Event()

    def watch(self, wire, server, **options):
        return StreamWatch(
            "run_1", "out", wire.fake_server(server),
            on_parts=self.parts.append,
            on_run=lambda run: self.runs.append(str(run.status)),
            on_connection=lambda connection: self.states.append(connection.state),
            on_end=self.on_end,
            **options,
        )  # fmt: skip

    def on_end(self, error):
        self.ends.append(error)
        self.ended.set()

    @property
    def all(self):
        return [part for parts in self.parts for part in parts]


PARTS = ["Hello ", {"a": [1, None]}, None, "日本語 ✓", "\n\n", 5, True, "x" * 300]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_stream_ends_with_its_run_and_has_every_part(wire, quick, version):
    server = StreamServer(wire, PARTS, version=version)
    assert read(wire, server) == PARTS
    assert server.asked[0]["timeout-seconds"] == "300"
    assert "last-event-id" not in server.asked[0]
    assert server.asked[-1]["timeout-seconds"] == "1"
    until(lambda: current_hub()[1].feeds == 0)


@pytest.mark.parametrize("version", ["v1", "v2"])
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    cuts=st.lists(st.integers(0, 900), max_size=6),
    count=st.integers(0, 12),
    start=st.integers(0, 3),
)
def test_cuts_at_any_byte_lose_nothing_and_repeat_nothing(wire, quick, version, cuts, count, start):  # noqa: PLR0917 - fixtures and examples
    parts = [f"{n} ü" for n in range(count)]
    server = StreamServer(wire, parts, version=version, cuts=cuts)
    assert read(wire, server, start_index=start) == parts[start:]


def test_async_iteration(wire, quick):
    async def main():
        server = wire.fake_server(StreamServer(wire, PARTS))
        async with StreamReader("run_1", "out", server, timeout=PATIENCE) as parts:
            return [part async for part in parts]

    assert asyncio.run(main()) == PARTS


def test_a_canceled_run_is_drained_until_the_server_has_no_more(wire, quick):
    server = StreamServer(wire, PARTS, status="CANCELED")
    assert read(wire, server) == PARTS


def test_a_watch_is_told_parts_runs_connections_and_the_end(wire, quick):
    watcher = Watcher()
    server = StreamServer(wire, PARTS)
    server.run_may_end.clear()
    watcher.watch(wire, server)
    until(lambda: watcher.all == PARTS and watcher.runs == ["EXECUTING"])
    server.run_may_end.set()
    assert watcher.ended.wait(PATIENCE)
    assert watcher.ends == [None]
    assert watcher.runs == ["EXECUTING", "COMPLETED"]
    assert watcher.states == ["connecting", "live", "closed"]
    assert watcher.all == PARTS


def test_parts_of_one_chunk_arrive_together(wire, quick):
    class AtOnce(StreamServer):
        def stream(self, request):
            response = super().stream(request)
            response.stream.pieces = [b"".join(response.stream.pieces)]
            return response

    watcher = Watcher()
    watcher.watch(wire, AtOnce(wire, ["a", "b", "c", "d"], version="v1"))
    assert watcher.ended.wait(PATIENCE)
    assert watcher.parts == [["a", "b", "c", "d"]]


def test_readers_share_a_connection_and_a_late_one_has_everything(wire, quick):
    server = StreamServer(wire, PARTS)
    server.run_may_end.clear()
    fake = wire.fake_server(server)
    first, second = Watcher(), Watcher()
    first.watch(wire, server)
    until(lambda: first.all == PARTS)
    second.watch(wire, server)
    until(lambda: second.all == PARTS)
    assert len(server.asked) == 1
    assert current_hub()[1].feeds == 2  # the stream, and its run
    assert second.states == ["live"]
    reader = iter(StreamReader("run_1", "out", fake, timeout=PATIENCE))
    assert [next(reader) for _ in PARTS] == PARTS
    server.run_may_end.set()
    assert list(reader) == []
    assert first.ended.wait(PATIENCE)
    assert second.ended.wait(PATIENCE)


def test_another_start_is_another_connection(wire, quick):
    server = StreamServer(wire, PARTS)
    server.run_may_end.clear()
    watches = [Watcher().watch(wire, server, start_index=n) for n in (0, 2)]
    until(lambda: len(server.asked) == 2)
    for watch in watches:
        watch.stop()
    until(lambda: current_hub()[1].feeds == 0)


def test_somebody_may_stay_after_the_end(wire, quick):
    server = StreamServer(wire, PARTS)
    fake = wire.fake_server(server)
    staying = iter(StreamReader("run_1", "out", fake, stop_on_completion=False, timeout=PATIENCE))
    assert [next(staying) for _ in PARTS] == PARTS
    until(lambda: len(server.asked) >= 3)
    assert server.asked[-1]["timeout-seconds"] == "300"
    asked = len(server.asked)
    assert list(StreamReader("run_1", "out", fake, timeout=PATIENCE)) == PARTS
    assert len(server.asked) == asked
    staying.stop()
    assert list(staying) == []


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (404, NotFoundError, "run run_1"),
        (403, PermissionDeniedError, "read the stream out of run_1"),
    ],
)
def test_what_retrying_cannot_change_is_raised_at_once(wire, status, error, words):
    async def handler(request):
        if "/streams/" in request.url.path:
            return httpx.Response(status, json={"error": "no"})
        return await asyncio.Event().wait()

    with pytest.raises(error, match=words):
        list(StreamReader("run_1", "out", wire.fake_server(handler), timeout=PATIENCE))


def test_without_the_run_nobody_knows_the_end_and_the_reader_is_told(wire, quick):
    watcher = Watcher()

    async def handler(request):
        if "/streams/" in request.url.path:
            return StreamServer(wire, PARTS).stream(request)
        await asyncio.sleep(0.05)
        return httpx.Response(403, json={"error": "no"})

    watcher.watch(wire, handler)
    assert watcher.ended.wait(PATIENCE)
    (error,) = watcher.ends
    assert isinstance(error, PermissionDeniedError)
    assert watcher.all == PARTS
    assert watcher.states[-1] == "failed"


def test_a_server_that_is_not_there(wire, monkeypatch):
    monkeypatch.setattr(driver, "UNREACHABLE_PATIENCE", 0.2)

    async def handler(_request):
        raise httpx.ConnectError("refused")

    with pytest.raises(APIConnectionError):
        list(StreamReader("run_1", "out", wire.fake_server(handler), timeout=PATIENCE))


def test_what_is_no_stream_is_tried_again_and_then_final(wire, quick):
    answers = [httpx.Response(503), *[httpx.Response(200, text="<html>") for _ in range(3)]]

    async def handler(request):
        if "/streams/" in request.url.path:
            return answers.pop(0)
        return await asyncio.Event().wait()

    with pytest.raises(ProtocolError, match="not a stream of events"):
        list(StreamReader("run_1", "out", wire.fake_server(handler), timeout=PATIENCE))
    assert not answers


def test_a_server_that_closes_at_once_is_not_asked_in_a_loop(wire, monkeypatch):
    waits, wait = [], driver.Backoff.wait
    monkeypatch.setattr(driver.Backoff, "wait", lambda self: waits.append(wait(self)) or 0.0)
    monkeypatch.setattr(stream_feed, "_HASTY", 30.0)  # however slow the machine is
    server = StreamServer(wire, [])
    server.run_may_end.clear()
    answer = server.stream

    def hasty(request):
        response = answer(request)
        response.stream.then = "end"
        return response

    server.stream = hasty
    watch = Watcher().watch(wire, server)
    until(lambda: len(server.asked) >= 10)
    watch.stop()
    assert len(waits) >= 9
    assert waits[8] > waits[0]


def test_malformed_parts_are_skipped_with_a_warning(wire, quick, caplog):
    text = 'event: batch\ndata: {"records":[{"seq_num":0,"body":"{"},{"seq_num":1,"body":"{\\"data\\":1}"}],"tail":{"seq_num":2}}\n\n'  # noqa: E501

    async def handler(request):
        if "/streams/" not in request.url.path:
            return wire.answer(wire.row("COMPLETED_SUCCESSFULLY"))
        headers = {"content-type": "text/event-stream", "x-stream-version": "v2"}
        first = "last-event-id" not in request.headers
        body = text if first else 'event: ping\ndata: {"tail":{"seq_num":2}}\n\n'
        return httpx.Response(200, headers=headers, stream=Body([body.encode()], then="hold"))

    fake = wire.fake_server(handler)
    reader = StreamReader("run_1", "out", fake, timeout=PATIENCE, stop_on_completion=False)
    assert next(reader) == 1
    late = StreamReader("run_1", "out", fake, timeout=PATIENCE)
    assert list(late) == [1]
    assert late.malformed == 1
    watch = StreamWatch("run_1", "out", fake, on_parts=(parts := []).extend)
    until(lambda: parts == [1])
    assert watch.malformed_parts == 1
    reader.stop()
    assert "skipped 1 malformed parts of" in caplog.text
    assert reader.malformed == 1


def test_a_timeout_leaves_the_run_alone(wire, quick):
    server = StreamServer(wire, PARTS)
    server.run_may_end.clear()
    reader = StreamReader("run_1", "out", wire.fake_server(server), timeout=0.2)
    seen = []
    with pytest.raises(ResultTimeoutError, match="the stream out of run_1 has not ended"):
        seen.extend(reader)
    until(lambda: current_hub()[1].feeds == 0)


def test_a_forgotten_reader_disconnects(wire, quick):
    server = StreamServer(wire, PARTS)
    server.run_may_end.clear()
    for _part in StreamReader("run_1", "out", wire.fake_server(server)):
        break
    gc.collect()
    until(lambda: current_hub()[1].feeds == 0)


def test_nobody_waits_for_a_stream_on_the_feeds_own_thread(wire, quick):
    server = wire.fake_server(StreamServer(wire, PARTS))

    async def main():
        with pytest.raises(ConfigurationError, match="cannot wait here"):
            next(StreamReader("run_1", "out", server))

    background_loop().submit(main()).result(PATIENCE)


def test_names_are_checked_before_anything_is_sent(wire):
    server = wire.fake_server(StreamServer(wire, PARTS))
    for run, stream in [("batch_1", "out"), ("run_1", ""), ("run_1", None)]:
        with pytest.raises(ConfigurationError):
            StreamReader(run, stream, server)
