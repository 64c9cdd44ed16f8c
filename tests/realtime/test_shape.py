"""The state machine against its table, and against a model of a server that misbehaves."""

import dataclasses
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trigger_widgets.errors import ProtocolError
from trigger_widgets.realtime.shape import Batch, Change, Phase, Shape, parse_batch

INSERT = Change("k", "insert", {"a": "1", "b": "1"})
UPDATE = Change("k", "update", {"b": "2"})
LIVE = Shape().answered(Batch("h", "1_0", "c1", (INSERT,), up_to_date=True))
CATCHING_UP = LIVE.cut()
STATES = {
    Phase.INITIAL: Shape(),
    Phase.CATCHING_UP: CATCHING_UP,
    Phase.LIVE: LIVE,
}
EVENTS = {
    "changes": lambda s: s.answered(Batch("h", "2_0", "c2", (UPDATE,))),
    "and up-to-date": lambda s: s.answered(Batch("h", "2_0", "c2", (UPDATE,), up_to_date=True)),
    "409": lambda s: s.refetch("h2"),
    "must-refetch": lambda s: s.answered(Batch("h", "2_0", must_refetch=True)),
    "outdated": lambda s: dataclasses.replace(s, retired=frozenset("x")).answered(
        Batch("x", "9_9", "c9", (UPDATE,), up_to_date=True)
    ),
    "cut": lambda s: s.cut(),
}
INIT, CATCH, HELD = Phase
TABLE = {  # the one in the module's docstring
    INIT: {
        "changes": CATCH,
        "and up-to-date": HELD,
        "409": INIT,
        "must-refetch": INIT,
        "outdated": INIT,
        "cut": INIT,
    },
    CATCH: {
        "changes": CATCH,
        "and up-to-date": HELD,
        "409": INIT,
        "must-refetch": INIT,
        "outdated": CATCH,
        "cut": CATCH,
    },
    HELD: {
        "changes": CATCH,
        "and up-to-date": HELD,
        "409": INIT,
        "must-refetch": INIT,
        "outdated": HELD,
        "cut": CATCH,
    },
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("event", EVENTS)
def test_every_event_in_every_state(phase, event):
    before = STATES[phase]
    after = EVENTS[event](before)
    assert after.phase is TABLE[phase][event]
    # nothing is shown before it is up to date, and nothing is hidden again
    if event != "and up-to-date":
        assert after.rows is before.rows


def test_the_table_in_the_docs_is_this_one():
    from trigger_widgets.realtime import shape

    lines = [line for line in shape.__doc__.splitlines() if line.startswith("| ")]
    for line in lines[1:]:
        name, changes, up, refetch, outdated, cut = [c.strip() for c in line.strip("|").split("|")]
        row = TABLE[Phase[name]]
        assert changes == row["changes"].name
        assert up == row["and up-to-date"].name
        assert refetch == row["409"].name == row["must-refetch"].name
        assert outdated.startswith("same")
        assert cut == ("same" if row["cut"].name == name else row["cut"].name)
    assert len(lines) == 1 + len(Phase)


def test_what_is_asked():
    assert Shape().params() == {"log": "full", "offset": "-1"}
    assert list(LIVE.params().items()) == [
        ("cursor", "c1"),
        ("handle", "h"),
        ("live", "true"),
        ("log", "full"),
        ("offset", "1_0"),
    ]
    assert CATCHING_UP.params() == {"handle": "h", "log": "full", "offset": "1_0"}


def test_partial_updates_are_merged_and_full_ones_replace():
    after = EVENTS["and up-to-date"](LIVE)
    assert after.rows == {"k": {"a": "1", "b": "2"}}
    replaced = after.answered(
        Batch("h", "3_0", changes=(Change("k", "insert", {"a": "3"}),), up_to_date=True)
    )
    assert replaced.rows == {"k": {"a": "3"}}
    assert after.rows == {"k": {"a": "1", "b": "2"}}  # states are never changed


def test_an_update_of_an_unknown_row_is_taken_as_it_is():
    """After a server's restart the native backend updates what it never inserted (raw-15)."""
    after = Shape().answered(Batch("h", "1_0", changes=(UPDATE,), up_to_date=True))
    assert after.rows == {"k": {"b": "2"}}


def test_an_empty_poll_keeps_the_very_rows():
    after = LIVE.answered(Batch("h", "1_0", "c9", up_to_date=True))
    assert after.rows is LIVE.rows
    assert after.cursor == "c9"


def test_a_refetch_starts_over_and_keeps_what_is_shown():
    after = LIVE.refetch()
    assert after.params() == {"handle": "h-next", "log": "full", "offset": "-1"}
    assert after.rows == LIVE.rows
    gone = after.answered(Batch("h3", "5_0", up_to_date=True))
    assert gone.rows == {}
    assert LIVE.refetch("h2").params()["handle"] == "h2"
    assert Shape().refetch().params() == {"log": "full", "offset": "-1"}


def test_outdated_answers_are_asked_past_the_cache():
    refetching = LIVE.refetch("h2")
    once = refetching.answered(Batch("h", "1_0", changes=(INSERT,), up_to_date=True))
    assert once.params() == {**refetching.params(), "cache-buster": "1"}
    twice = once.answered(Batch("h", "1_0", must_refetch=True))
    assert twice.params()["cache-buster"] == "2"
    fresh = twice.answered(Batch("h2", "7_0", changes=(INSERT,), up_to_date=True))
    assert "cache-buster" not in fresh.params()
    assert fresh.phase is Phase.LIVE


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


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(STEPS)
def test_any_interleaving_ends_with_the_servers_rows(steps):
    server, shape = Server(), Shape()
    server_states = [{}]
    old = None
    for step in steps:
        match step:
            case ("write", key, column, value):
                server.write(key, column, value)
                server_states.append(dict(server.rows))
            case ("rotate",):
                server.rotate()
            case ("cut", _, _):
                shape = shape.cut()
            case ("must-refetch", _, _) if shape.handle == f"h{server.handle}":
                server.rotate()
                shape = shape.answered(Batch(shape.handle, shape.offset, must_refetch=True))
            case ("outdated", _, _) if old is not None and old.handle in shape.retired:
                before = shape
                shape = shape.answered(old)
                assert (shape.rows, shape.offset) == (before.rows, before.offset)
            case (kind, piece, overlap):
                old = poll = server.ask(
                    shape.params(), piece, overlap if kind == "duplicate" else 0
                )
                # a log given again from an earlier place is as good as its end, once it is whole
                if kind == "duplicate" and poll and not poll.up_to_date:
                    old = poll = server.ask(shape.params(), piece)
                shape = shape.refetch() if poll is None else shape.answered(poll)
        if shape.rows is not None:
            assert shape.rows in server_states  # never half a transaction, never a mixture
        assert (shape.phase is Phase.INITIAL) == (shape.offset == "-1")
    for _ in range(len(server.log) + 3):
        poll = server.ask(shape.params(), 3)
        shape = shape.refetch(f"h{server.handle}") if poll is None else shape.answered(poll)
    assert shape.phase is Phase.LIVE
    assert shape.rows == server.rows


def test_answers_are_parsed_with_both_families_of_header_names():
    body = json.dumps([{"headers": {"control": "up-to-date"}}]).encode()
    new = parse_batch({"electric-handle": "h", "electric-offset": "1_0"}, body)
    old = parse_batch({"electric-shape-id": "h", "electric-chunk-last-offset": "1_0"}, body)
    assert new == old == Batch("h", "1_0", up_to_date=True)


def test_a_delete_is_parsed_with_or_without_a_row():
    headers = {"electric-handle": "h", "electric-offset": "1_0"}
    body = b'[{"headers":{"operation":"delete"},"key":"k","value":{"id":"k"}}]'
    assert parse_batch(headers, body).changes == (Change("k", "delete", None),)
    gone = LIVE.answered(Batch("h", "2_0", changes=(Change("k", "delete", None),), up_to_date=True))
    assert gone.rows == {}


def test_up_to_date_may_be_a_header_and_unknown_controls_mean_nothing():
    headers = {"electric-handle": "h", "electric-offset": "1_0"}
    body = b'[{"headers":{"control":"snapshot-end"}}]'
    assert not parse_batch(headers, body).up_to_date
    assert parse_batch({**headers, "electric-up-to-date": ""}, body).up_to_date
    assert parse_batch({**headers, "electric-up-to-date": ""}, b"").changes == ()
    refetch = parse_batch(headers, b'[{"headers":{"control":"must-refetch"}}]')
    assert refetch.must_refetch


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b"[1]",
        b"[{}]",
        b'[{"headers":{"operation":"insert"}}]',
        b'[{"headers":{"operation":"insert"},"key":"k"}]',
        b'[{"headers":{"operation":"explode"},"key":"k","value":{}}]',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_not_the_protocol_is_a_protocol_error(body):
    with pytest.raises(ProtocolError):
        parse_batch({"electric-handle": "h", "electric-offset": "1_0"}, body)


def test_an_answer_without_a_handle_is_not_a_feed():
    with pytest.raises(ProtocolError, match="electric-handle"):
        parse_batch({}, b"[]")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["key", "value", "headers", "control", "operation", "x"]),
            inner | st.sampled_from(["insert", "update", "delete", "up-to-date"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_input_breaks_the_parser(body):
    try:
        batch = parse_batch({"electric-handle": "h", "electric-offset": "1_0"}, body)
    except ProtocolError:
        return
    assert isinstance(Shape().answered(batch), Shape)
