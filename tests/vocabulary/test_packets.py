"""Packets: round trips, superjson's own examples, and hostile texts."""

import contextlib
import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger_widgets.errors import ProtocolError, UnserializableError
from trigger_widgets.packets import (
    JSON_TYPE,
    STORE_TYPE,
    SUPERJSON_TYPE,
    TEXT_TYPE,
    Packet,
    decode_packet,
    encode_packet,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.datetimes(timezones=st.just(UTC)).map(
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_round_trip(value):
    """Whatever the keys are: empty, with dots, with backslashes, numbers."""
    assert decode_packet(*encode_packet(value)) == value


def test_what_the_sdk_writes():
    assert encode_packet("text") == Packet("text", TEXT_TYPE)
    assert encode_packet(None) == Packet('{"json":null}', SUPERJSON_TYPE)
    assert encode_packet({"a": 1}) == Packet('{"json":{"a":1}}', SUPERJSON_TYPE)
    assert json.loads(encode_packet({"a.b": datetime(2024, 1, 1, tzinfo=UTC)}).data) == {
        "json": {"a.b": "2024-01-01T00:00:00.000Z"},
        "meta": {"values": {"a\\.b": ["Date"]}, "v": 1},
    }
    # a special value alone has no path
    assert json.loads(encode_packet(2**60).data)["meta"] == {"values": ["bigint"], "v": 1}
    assert json.loads(encode_packet({"": 2**60}).data)["meta"]["values"] == {"": ["bigint"]}


def test_times_become_utc():
    there = timezone(timedelta(hours=2))
    packet = encode_packet([datetime(2024, 1, 1, 2, tzinfo=there), date(2024, 1, 1)])
    assert json.loads(packet.data)["json"] == ["2024-01-01T00:00:00.000Z", "2024-01-01"]
    naive = datetime(2024, 1, 1, 12)  # noqa: DTZ001 - local time is meant
    assert decode_packet(*encode_packet(naive)) == naive.astimezone(UTC)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ({"json": "x"}, "x"),
        ({}, None),
        ({"json": ["1", "NaN"], "meta": {"values": {"0": ["bigint"]}}}, [1, "NaN"]),
        ({"json": "-Infinity", "meta": {"values": ["number"]}}, float("-inf")),
        ({"json": [1, 2], "meta": {"values": ["set"]}}, {1, 2}),
        ({"json": [["a", 1]], "meta": {"values": ["map"]}}, {"a": 1}),
        ({"json": [[[1, 2], 3]], "meta": {"values": ["map"]}}, {(1, 2): 3}),
        ({"json": [["a", "1"]], "meta": {"values": ["map", {"0.1": ["bigint"]}]}}, {"a": 1}),
        ({"json": {"a": {"b": "5"}}, "meta": {"values": {"a.b": ["bigint"]}}}, {"a": {"b": 5}}),
        ({"json": None, "meta": {"values": ["undefined"]}}, None),
        ({"json": "/a/g", "meta": {"values": ["regexp"]}}, "/a/g"),
        # annotations that point nowhere or make no sense change nothing
        ({"json": [1], "meta": {"values": {"7": ["Date"], "x": ["set"], "0.1": ["Date"]}}}, [1]),
        ({"json": "x", "meta": {"values": ["Date"]}}, "x"),
        ({"json": [{}], "meta": {"values": ["set"]}}, [{}]),
        ({"json": 1, "meta": {"values": []}}, 1),
        ({"json": 1, "meta": [1]}, 1),
        ({"json": 1, "meta": {"values": 5}}, 1),
        ({"json": 1, "meta": {"values": [["custom", "x"]]}}, 1),
    ],
)
def test_superjson(body, value):
    assert decode_packet(json.dumps(body), SUPERJSON_TYPE) == value


def test_the_other_types():
    assert decode_packet(None, JSON_TYPE) is None
    assert decode_packet("[1]", JSON_TYPE) == [1]
    assert decode_packet("[1]", TEXT_TYPE) == "[1]"
    with pytest.raises(ProtocolError, match="512 KB"):
        decode_packet("packets/x", STORE_TYPE)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("{", JSON_TYPE),
        ("[" * 100_000, JSON_TYPE),
        ("1" * 10_000, JSON_TYPE),
        ("5", SUPERJSON_TYPE),
        ("", SUPERJSON_TYPE),
        ('{"json":1,"meta":{"values":' + '["map",' * 900 + '["Date"]' + "]" * 900 + "}}",
         SUPERJSON_TYPE),
    ],
)  # fmt: skip
def test_what_is_not_a_packet_is_a_protocol_error_or_harmless(data, kind):
    with contextlib.suppress(ProtocolError):
        decode_packet(data, kind)


def test_deep_annotations_are_bounded():
    deep = '["map",' * 5000 + '["Date"]' + "]" * 5000
    with pytest.raises(ProtocolError):
        decode_packet('{"json":1,"meta":{"values":' + deep + "}}", SUPERJSON_TYPE)


def test_what_cannot_be_sent_says_where():
    with pytest.raises(UnserializableError, match=r"output\[0\]"):
        encode_packet([object()], what="output")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4)
    | st.sampled_from(["Date", "bigint", "number", "set", "map", "undefined", "0.1", "a.b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["json", "meta", "values", "a", "0", "a.b", ""]), inner, max_size=3
    ),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=500)
@given(
    st.text(max_size=20)
    | JSON_VALUES.map(json.dumps)
    | st.builds(
        lambda value, values: json.dumps({"json": value, "meta": {"values": values}}),
        JSON_VALUES,
        JSON_VALUES,
    ),
    st.sampled_from([JSON_TYPE, SUPERJSON_TYPE, TEXT_TYPE, "something/else"]),
)
def test_no_text_breaks_the_decoder(data, kind):
    with contextlib.suppress(ProtocolError):
        decode_packet(data, kind)


def test_a_time_that_utc_has_no_year_for_is_named():
    far = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))
    with pytest.raises(UnserializableError, match=r"^payload has the time 0001-01-01T00:00:00\+01"):
        encode_packet({"since": far}, what="payload")
