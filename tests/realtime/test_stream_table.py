"""The machine of streams against docs/feeds.md: every cell of its table, its invariants by name."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime.tables import STREAM_INVARIANTS, STREAM_TABLE, each

from trigger_widgets.realtime import stream as streams
from trigger_widgets.realtime.stream import Stream

HEADERS = {"v1": {}, "v2": {"x-stream-version": "v2"}}
DONE = ("message", "[DONE]", "")


class StreamServer:
    """The parts of a stream in one of the framings, each under a number that it is asked for by."""

    def __init__(self, version, sizes):
        self.version = version
        # v1: groups that share an id; v2: a part that was written `size` times over
        self.log = [(n, f"{n}.{i}") for n, size in enumerate(sizes) for i in range(size)]

    @property
    def written(self):
        if self.version == "v1":
            return [part for _, part in self.log]
        return [part for _, part in self.log if part.endswith(".0")]

    def events(self, headers):
        """What follows the place that is asked for."""
        after = headers.get("last-event-id")
        if self.version == "v1":
            at = -1 if after is None else int(after.partition("-")[0]) - 1
            return [("message", json.dumps(part), f"{n + 1}-0") for n, part in self.log if n > at]
        first = 0 if after is None else int(after) + 1
        return [self._batch(n) for n in range(first, len(self.log))]

    def _batch(self, number):
        n, part = self.log[number]
        body = json.dumps({"data": part, "id": f"part{n}"})
        records = [{"seq_num": number, "timestamp": 1, "body": body}]
        return "batch", json.dumps({"records": records}), f"{number},1,1"

    def tail(self):
        return "ping", json.dumps({"tail": {"seq_num": len(self.log)}}), ""


def at(phase, version="v2"):
    """A machine in a phase, with one part read of two."""
    server = StreamServer(version, [1, 1])
    stream = Stream()
    stream.opened(HEADERS[version])
    stream.event(*server.events({})[0])
    if phase != "FOLLOWING":
        stream.run_ended(orderly=True)
        stream.opened(HEADERS[version])
    if phase == "DONE":
        stream.event(*DONE)
        stream.closed(streams.DRAIN_SECONDS)
    return server, stream


def part(server, stream):
    return stream.event(*server.events(stream.headers())[0])


def keep_alive(server, stream):
    return stream.event("message", "", "")


def cut(server, stream):
    stream.opened(HEADERS[server.version])


def ends(server, stream):
    if server.version == "v2":
        stream.event(*DONE)
    stream.closed(streams.DRAIN_SECONDS)


def all_read(server, stream):
    for event in server.events(stream.headers()):
        stream.event(*event)
    if server.version == "v2":
        stream.event(*server.tail())


STREAM_EVENTS = {
    "part": part,
    "keep-alive": keep_alive,
    "cut": cut,
    "server's end": ends,
    "run ended": lambda _server, stream: stream.run_ended(orderly=True),
    "all read": all_read,
}


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(("state", "event", "after"), each(STREAM_TABLE))
def test_every_event_in_every_state(version, state, event, after):
    server, stream = at(state, version)
    assert stream.phase is streams.Phase[state]
    STREAM_EVENTS[event](server, stream)
    if event == "all read" and version == "v1":
        after = state  # v1 never says where its tail is
    assert stream.phase is streams.Phase[after]


def test_the_table_is_complete():
    assert list(STREAM_TABLE) == [phase.name for phase in streams.Phase]
    assert all(list(row) == list(STREAM_EVENTS) for row in STREAM_TABLE.values())
    assert list(STREAM_INVARIANTS) == ["exact", "forward", "patient", "forked", "counted"]


HISTORY = st.lists(
    st.tuples(
        st.sampled_from(["read", "read", "read", "silence", "again", "fork", "malformed"]),
        st.integers(0, 6),
    ),
    max_size=15,
)


def asked_from(stream):
    after = stream.headers().get("last-event-id")
    return -1 if after is None else int(after.partition("-")[0])


def rest_of(server, stream):
    """Read to the end, as after the run's end."""
    stream.run_ended(orderly=False)
    stream.opened(HEADERS[server.version])
    parts = [p for event in server.events(stream.headers()) for p in stream.event(*event)]
    ends(server, stream)
    assert stream.phase is streams.Phase.DONE
    return parts


@pytest.mark.parametrize("version", ["v1", "v2"])
@settings(max_examples=100)
@given(
    sizes=st.lists(st.integers(1, 4), max_size=8), history=HISTORY, start_index=st.integers(0, 4)
)
def test_after_any_history_are_what_was_written(version, sizes, history, start_index):
    server, stream = StreamServer(version, sizes), Stream(start_index=start_index)
    seen, malformed = [], 0
    for what, length in history:
        place = asked_from(stream)
        match what:
            case "read":  # and cut after so many events
                stream.opened(HEADERS[version])
                for event in server.events(stream.headers())[:length]:
                    seen += stream.event(*event)
                    seen += stream.event("message", "", event[2])
            case "silence":
                stream.opened(HEADERS[version])
                ends(server, stream)
                seen += stream.event("message", "", "")
            case "again" if version == "v2":  # a server may say again what is known
                stream.opened(HEADERS[version])
                for event in server.events({})[:length]:
                    if int(event[2].partition(",")[0]) <= asked_from(stream):
                        seen += stream.event(*event)
            case "fork":  # whoever steps aside here gets the rest, and the origin too
                fork = stream.fork()
                assert seen + rest_of(server, fork) == server.written[start_index:]
            case "malformed" if version == "v2" and asked_from(stream) + 1 == len(server.log):
                number = len(server.log)
                server.log.append((number + 100, "x.1"))  # takes a number, and is no part
                body = json.dumps({"records": [{"seq_num": number, "body": "{"}]})
                stream.opened(HEADERS[version])
                assert stream.event("batch", body, "") == []
                malformed += 1
        assert asked_from(stream) >= place  # forward
        assert stream.phase is streams.Phase.FOLLOWING  # patient
        assert stream.malformed == malformed  # counted
    assert seen + rest_of(server, stream) == server.written[start_index:]  # exact
