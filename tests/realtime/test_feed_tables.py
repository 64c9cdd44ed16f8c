"""The machines against docs/feeds.md: every cell of its tables, and its invariants by name."""

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger_widgets.realtime import shape as shapes
from trigger_widgets.realtime import stream as streams
from trigger_widgets.realtime.run_lists import RunList
from trigger_widgets.realtime.shape import Batch, Change, Shape
from trigger_widgets.realtime.stream import Stream

DOCS = Path(__file__).parents[2] / "docs" / "feeds.md"


def tables():
    """The tables of the page: the heading's first cell, and rows by their first cell."""
    found, lines = {}, DOCS.read_text().splitlines()
    for n, line in enumerate(lines):
        if line.startswith("|--"):
            head = cells(lines[n - 1])
            rows = {}
            for row in lines[n + 1 :]:
                if not row.startswith("|"):
                    break
                name, *rest = cells(row)
                rows[name] = dict(zip(head[1:], rest, strict=True))
            found.setdefault(head[0], []).append(rows)
    return found


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


SHAPE_TABLE, STREAM_TABLE = tables()["state \\ event"]
SHAPE_INVARIANTS, STREAM_INVARIANTS = tables()["invariant"]


def each(table):
    return [(state, event, after) for state, row in table.items() for event, after in row.items()]


# ── rows ─────────────────────────────────────────────────────────────────────────────────────

INSERT = Change("k", "insert", {"a": "1", "b": "1"})
UPDATE = Change("k", "update", {"b": "2"})
GOOD = {"friendlyId": "run_1", "taskIdentifier": "t", "status": "PENDING"}
GOOD |= {"createdAt": "2026-11-23T18:44:00", "updatedAt": "2026-11-23T18:44:00"}
LIVE = Shape().answered(Batch("h", "1_0", "c1", (INSERT,), up_to_date=True))
SHAPES = {"INITIAL": Shape(), "CATCHING_UP": LIVE.cut(), "LIVE": LIVE}


def outdated(shape):
    batch = Batch("x", "9_9", "c9", (UPDATE,), up_to_date=True)
    return dataclasses.replace(shape, retired=frozenset("x")).answered(batch)


SHAPE_EVENTS = {
    "changes": [lambda s: s.answered(Batch("h", "2_0", "c2", (UPDATE,)))],
    "up to date": [
        lambda s: s.answered(Batch("h", "2_0", "c2", (UPDATE,), up_to_date=True)),
        lambda s: s.answered(Batch("h", "2_0", "c2", up_to_date=True)),
    ],
    "refetch": [
        lambda s: s.refetch("h2"),
        lambda s: s.refetch(),
        lambda s: s.answered(Batch("h", "2_0", must_refetch=True)),
    ],
    "outdated": [outdated],
    "cut": [lambda s: s.cut()],
}


@pytest.mark.parametrize(("state", "event", "after"), each(SHAPE_TABLE))
def test_rows_every_event_in_every_state(state, event, after):
    before = SHAPES[state]
    assert before.phase is shapes.Phase[state]
    for happens in SHAPE_EVENTS[event]:
        now = happens(before)
        assert now.phase is shapes.Phase[after]
        for holds in SHAPE_CHECKS.values():
            holds(before, event, now)


def test_rows_the_table_is_complete():
    assert list(SHAPE_TABLE) == [phase.name for phase in shapes.Phase] == list(SHAPES)
    assert all(list(row) == list(SHAPE_EVENTS) for row in SHAPE_TABLE.values())


def whole(before, event, after):
    assert event == "up to date" or after.rows is before.rows


def kept(before, event, after):
    assert after.rows is before.rows or after.rows != before.rows


def start(before, event, after):
    assert (after.phase is shapes.Phase.INITIAL) == (after.params()["offset"] == "-1")


def held(before, event, after):
    assert (after.phase is shapes.Phase.LIVE) == ("live" in after.params())


def retired(before, event, after):
    if event == "outdated":
        same = dataclasses.replace(after, outdated=before.outdated, retired=before.retired)
        assert same == before


def fresh(before, event, after):
    if event in {"refetch", "outdated"}:
        assert after.params() != before.params()


def idempotent(before, event, after):
    if event in {"changes", "up to date"}:
        again = Batch(
            after.handle, after.offset, changes=(INSERT, UPDATE), up_to_date=event == "up to date"
        )
        once = after.answered(again)
        assert once.answered(again).pending == once.pending


def ordered(before, event, after):
    assert list(after.params()) == sorted(after.params())


def skipped(before, event, after):
    rows = {**(after.rows or {}), "good": GOOD}  # of the others none is a run
    assert [run.id for run in RunList("some runs")(rows)] == ["run_1"]


def converging(before, event, after):
    """Checked where there is a server to agree with, at the end of the histories below."""


SHAPE_CHECKS = {
    f.__name__: f
    for f in (whole, kept, start, held, retired, fresh, idempotent, ordered, skipped, converging)
}


def test_rows_every_invariant_is_checked():
    assert list(SHAPE_CHECKS) == list(SHAPE_INVARIANTS)


class Server:
    """Electric in small: a log of changes, given out in pieces of any size."""

    def __init__(self):
        self.log = []
        self.rows = {}
        self.handle = 0

    def write(self, key, column, value):
        if value is None:
            self.rows.pop(key, None)
            self.log.append(Change(key, "delete", None))
        elif key in self.rows:
            self.rows[key] = {**self.rows[key], column: value}
            self.log.append(Change(key, "update", {column: value}))
        else:
            self.rows[key] = {"id": key, column: value}
            self.log.append(Change(key, "insert", self.rows[key]))

    def rotate(self):
        """The shape gets a new handle, and its log begins with what there is."""
        self.handle += 1
        self.log = [Change(k, "insert", dict(row)) for k, row in self.rows.items()]

    def ask(self, params, piece, overlap=0):
        if params.get("handle", f"h{self.handle}") != f"h{self.handle}":
            if params["offset"] != "-1":
                return None  # 409
            params = {**params, "handle": f"h{self.handle}"}
        start = max(0, int(params["offset"]) - overlap) if params["offset"] != "-1" else 0
        end = min(len(self.log), max(start + piece, int(params["offset"])))
        return Batch(
            handle=f"h{self.handle}",
            offset=str(end),
            cursor="c" if "live" in params else None,
            changes=tuple(self.log[start:end]),
            up_to_date=end == len(self.log),
        )


WRITES = st.tuples(
    st.just("write"), st.sampled_from("xyz"), st.sampled_from("ab"), st.none() | st.integers(0, 9)
)
ASKS = st.tuples(
    st.sampled_from(["poll", "cut", "duplicate", "outdated", "must-refetch"]),
    st.integers(1, 4),
    st.integers(0, 3),
)
STEPS = st.lists(WRITES | ASKS | st.just(("rotate",)), max_size=60)


@settings(max_examples=200)
@given(STEPS)
def test_rows_after_any_history_are_the_servers(steps):
    server, shape = Server(), Shape()
    server_states = [{}]
    old = None
    for step in steps:
        before, event = shape, None
        match step:
            case ("write", key, column, value):
                server.write(key, column, value)
                server_states.append(dict(server.rows))
            case ("rotate",):
                server.rotate()
            case ("cut", _, _):
                shape, event = shape.cut(), "cut"
            case ("must-refetch", _, _) if shape.handle == f"h{server.handle}":
                server.rotate()
                shape = shape.answered(Batch(shape.handle, shape.offset, must_refetch=True))
                event = "refetch"
            case ("outdated", _, _) if old is not None and old.handle in shape.retired:
                shape, event = shape.answered(old), "outdated"
            case (kind, piece, overlap):
                old = poll = server.ask(
                    shape.params(), piece, overlap if kind == "duplicate" else 0
                )
                # a log given again from an earlier place is as good as its end, once it is whole
                if kind == "duplicate" and poll and not poll.up_to_date:
                    old = poll = server.ask(shape.params(), piece)
                shape = shape.refetch() if poll is None else shape.answered(poll)
                event = "refetch"
                if poll is not None:
                    event = "up to date" if poll.up_to_date else "changes"
        if event is not None:
            assert shape.phase.name == SHAPE_TABLE[before.phase.name][event]
            for holds in SHAPE_CHECKS.values():
                holds(before, event, shape)
        if shape.rows is not None:
            assert shape.rows in server_states  # whole: no half of a transaction, no mixture
    for _ in range(len(server.log) + 3):
        poll = server.ask(shape.params(), 3)
        shape = shape.refetch(f"h{server.handle}") if poll is None else shape.answered(poll)
    assert shape.phase is shapes.Phase.LIVE
    assert shape.rows == server.rows  # converging


# ── streams ──────────────────────────────────────────────────────────────────────────────────

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
def test_streams_every_event_in_every_state(version, state, event, after):
    server, stream = at(state, version)
    assert stream.phase is streams.Phase[state]
    STREAM_EVENTS[event](server, stream)
    if event == "all read" and version == "v1":
        after = state  # v1 never says where its tail is
    assert stream.phase is streams.Phase[after]


def test_streams_the_table_is_complete():
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
def test_streams_after_any_history_are_what_was_written(version, sizes, history, start_index):
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
