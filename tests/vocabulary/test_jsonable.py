"""What data scientists have becomes JSON, and what cannot says where it is."""

import dataclasses
import enum
import json
import math
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from trigger_widgets.errors import UnserializableError
from trigger_widgets.jsonable import dumps, loads, to_jsonable


class Color(enum.Enum):
    RED = "red"


class Model(BaseModel):
    some_name: int = Field(alias="someName")
    when: datetime


@dataclasses.dataclass
class Point:
    x: float
    inner: Model


MODEL = Model(someName=1, when=datetime(2024, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (2**80, 2**80),
        (1.5, 1.5),
        (float("nan"), None),
        (float("-inf"), None),
        ("ü", "ü"),
        (Color.RED, "red"),
        (Decimal("1.5"), 1.5),
        (Decimal("NaN"), None),
        (timedelta(minutes=1.5), 90.0),
        (uuid.UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (PurePosixPath("/a/b"), "/a/b"),
        (datetime(2024, 1, 2, 3, tzinfo=UTC), "2024-01-02T03:00:00+00:00"),
        (date(2024, 1, 2), "2024-01-02"),
        (time(3, 4), "03:04:00"),
        ((1, [2]), [1, [2]]),
        ({3}, [3]),
        ({1: "a", 1.5: "b", None: "c", False: "d", date(2024, 1, 2): "e", Color.RED: "f"},
         {"1": "a", "1.5": "b", "null": "c", "false": "d", "2024-01-02": "e", "red": "f"}),
        (MODEL, {"someName": 1, "when": "2024-01-02T00:00:00+00:00"}),
        (Point(1.0, MODEL), {"x": 1.0, "inner": to_jsonable(MODEL)}),
    ],
)  # fmt: skip
def test_plain_things(value, plain):
    assert to_jsonable(value) == plain


def numpy_cases():
    np = pytest.importorskip("numpy")
    return [
        (np.int64(5), 5),
        (np.float32(1.5), 1.5),
        (np.float64("nan"), None),
        (np.longdouble(1.5), 1.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.array([1.0, np.nan, np.inf]), [1.0, None, None]),
        (np.array(5), 5),
        (np.datetime64("2024-01-02T03:04:05.123456789"), "2024-01-02T03:04:05.123456"),
        (np.datetime64("2024-01-02"), "2024-01-02T00:00:00"),
        (np.datetime64("NaT", "ns"), None),
        (np.timedelta64(1500, "ms"), 1.5),
        (np.timedelta64(1_500_000_000, "ns"), 1.5),
        (np.timedelta64("NaT", "ms"), None),
        (np.array(["2024-01-02", "NaT"], dtype="datetime64[ns]"), ["2024-01-02T00:00:00", None]),
        (np.array([1_500_000_000], dtype="timedelta64[ns]"), [1.5]),
    ]


def pandas_cases():
    pd = pytest.importorskip("pandas")
    when = "2024-01-02T00:00:00"
    return [
        (pd.NA, None),
        (pd.NaT, None),
        (pd.Timestamp(when), when),
        (pd.Timestamp(when, tz="UTC"), f"{when}+00:00"),
        (pd.Timedelta("1.5s"), 1.5),
        (pd.Series([1, None]), [1.0, None]),
        (pd.Series(pd.to_datetime([when, None])), [when, None]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.Categorical(["a", "b"]), ["a", "b"]),
        (pd.Index([1, 2]), [1, 2]),
        (pd.DatetimeIndex([when]), [when]),
        (pd.DataFrame({"a": [1, 2], "b": [when, pd.NaT]}),
         [{"a": 1, "b": when}, {"a": 2, "b": None}]),
        (pd.DataFrame({"t": pd.to_datetime([when])}), [{"t": when}]),
    ]  # fmt: skip


@pytest.mark.parametrize("cases", [numpy_cases, pandas_cases])
def test_numpy_and_pandas(cases):
    for value, plain in cases():
        assert to_jsonable(value) == plain, repr(value)
        assert json.loads(dumps({"x": value})) == {"x": plain}


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"a": [1, object()]}, r"payload\['a'\]\[1\] is a builtins.object"),
        (b"bytes", "payload is a builtins.bytes"),
        (1j, "payload is a builtins.complex"),
        ({(1, 2): 3}, "a key of type tuple"),
        (lambda: 1, "function"),
        (Model, "ModelMetaclass"),
    ],
)
def test_what_json_cannot_carry_says_where(value, where):
    with pytest.raises(UnserializableError, match=where):
        dumps(value, what="payload")


def test_a_cycle_is_named():
    cycle = []
    cycle.append(cycle)
    with pytest.raises(UnserializableError, match="cycle") as raised:
        to_jsonable(cycle)
    assert len(str(raised.value)) < 300


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(VALUES)
def test_the_text_is_always_json_that_javascript_reads(value):
    def refuse(constant):
        raise AssertionError(constant)

    json.loads(dumps(value), parse_constant=refuse)


@given(st.floats())
def test_no_float_is_lost_but_those_json_has_no_word_for(value):
    plain = json.loads(dumps(value))
    assert plain == value if math.isfinite(value) else plain is None


TOKENS = st.sampled_from([
    "{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "d800", "\\ud83d\\ude00", "0", "1", "-", "+",
    ".", "e", "E5", "NaN", "Infinity", "inf", "nan", "true", "null", " ", "\n", "\x0b", "\0",
    "\ufeff", '"a":', "1e999", "9" * 30, "0.1", "é", "\ud800", "//", "\\/", "\\x", "-0",
    "[" * 300, "]" * 300,
])  # fmt: skip
NUMBERS = st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.lists(TOKENS, max_size=8).map("".join)
    | NUMBERS
    | VALUES.map(json.dumps)
    | VALUES.map(lambda value: json.dumps(value, ensure_ascii=False))
)
def test_text_means_what_it_means_to_the_standard_parser(text):
    def outcome(parse):
        try:
            return repr(parse(text))
        except (ValueError, RecursionError) as e:
            return type(e)

    assert outcome(loads) == outcome(json.loads)


def test_bytes_and_what_is_no_text():
    assert loads('{"a":"\u2028"}'.encode()) == {"a": "\u2028"}
    assert loads(json.dumps("\ud800")) == "\ud800"
    with pytest.raises(TypeError):
        loads(5)
