"""The state machine against its table, and against a model of a server that misbehaves."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger_widgets.errors import ProtocolError
from trigger_widgets.realtime.shape import Batch, Change, Phase, Shape, parse_batch

INSERT = Change("k", "insert", {"a": "1", "b": "1"})
UPDATE = Change("k", "update", {"b": "2"})
LIVE = Shape().answered(Batch("h", "1_0", "c1", (INSERT,), up_to_date=True))
CATCHING_UP = LIVE.cut()


def up_to_date(shape):
    return shape.answered(Batch("h", "2_0", "c2", (UPDATE,), up_to_date=True))


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
    after = up_to_date(LIVE)
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
    again = {"cache-buster": "1", "handle": "h-next", "log": "full", "offset": "-1"}
    assert after.params() == again
    assert after.rows == LIVE.rows
    gone = after.answered(Batch("h3", "5_0", up_to_date=True))
    assert gone.rows == {}
    assert LIVE.refetch("h2").params()["handle"] == "h2"
    assert "handle" not in Shape().refetch().params()


def test_outdated_answers_are_asked_past_the_cache():
    refetching = LIVE.refetch("h2")
    once = refetching.answered(Batch("h", "1_0", changes=(INSERT,), up_to_date=True))
    assert once.params() == {**refetching.params(), "cache-buster": "2"}
    twice = once.answered(Batch("h", "1_0", must_refetch=True))
    assert twice.params()["cache-buster"] == "3"
    fresh = twice.answered(Batch("h2", "7_0", changes=(INSERT,), up_to_date=True))
    assert "cache-buster" not in fresh.params()
    assert fresh.phase is Phase.LIVE


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


@settings(max_examples=300)
@given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_input_breaks_the_parser(body):
    try:
        batch = parse_batch({"electric-handle": "h", "electric-offset": "1_0"}, body)
    except ProtocolError:
        return
    assert isinstance(Shape().answered(batch), Shape)
