"""The machine of rows against docs/feeds.md: every cell of its table, its invariants by name."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime.tables import SHAPE_INVARIANTS, SHAPE_TABLE, each

from trigger_widgets.realtime import shape as shapes
from trigger_widgets.realtime.run_lists import RunList
from trigger_widgets.realtime.shape import Batch, Change, Shape

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
def test_every_event_in_every_state(state, event, after):
    before = SHAPES[state]
    assert before.phase is shapes.Phase[state]
    for happens in SHAPE_EVENTS[event]:
        now = happens(before)
        assert now.phase is shapes.Phase[after]
        for holds in SHAPE_CHECKS.values():
            holds(before, event, now)


def test_the_table_is_complete():
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


def test_every_invariant_is_checked():
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
def test_after_any_history_are_the_servers(steps):
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
