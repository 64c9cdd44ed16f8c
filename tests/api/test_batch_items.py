"""What may be given to batch_trigger, and what becomes of it."""

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from trigger_widgets.api.batch_items import each, index_of, is_stream, plan
from trigger_widgets.api.idempotency import create
from trigger_widgets.api.typed import TypedTask
from trigger_widgets.errors import (
    ConfigurationError,
    TaskInputError,
    UnknownOptionError,
    UnserializableError,
)
from trigger_widgets.packets import decode_packet


def payloads(items):
    return [decode_packet(*item.payload) for item in items]


def test_payloads_of_any_kind():
    class Doc(BaseModel):
        n: int

    @dataclasses.dataclass
    class Row:
        n: int

    items, keys = plan("t", [1, "a", None, Doc(n=1), Row(2), {"n": 3}], options={})
    assert payloads(items) == [1, "a", None, {"n": 1}, {"n": 2}, {"n": 3}]
    assert keys == [0, 1, 2, 3, 4, 5]
    assert {item.task for item in items} == {"t"}
    assert plan("t", [Doc(n=1), Row(2), {"n": 3}], key="n", options={})[1] == [1, 2, 3]
    assert plan("t", (n for n in range(3)), key=lambda n: n * 2, options={})[1] == [0, 2, 4]


def test_items_may_bring_their_own_options_and_task():
    items, keys = plan(
        None,
        [
            {"task": "a", "payload": {"id": 7}, "options": {"tags": "x"}},
            {"task": "b", "payload": 2},
        ],
        key=str,
        options={"tags": "common", "max_attempts": 2},
        ttl="14d",
    )  # fmt: skip
    assert [item.task for item in items] == ["a", "b"]
    assert items[0].options == {"ttl": "14d", "tags": ["x"], "maxAttempts": 2}
    assert items[1].options == {"ttl": "14d", "tags": ["common"], "maxAttempts": 2}
    assert keys == ["{'id': 7}", "2"]
    # with anything beside, it is a payload that happens to have this field
    assert payloads(plan("t", [{"payload": 1, "other": 2}], options={})[0]) == [
        {"payload": 1, "other": 2}
    ]


def test_the_items_alone_may_be_given():
    items, _ = plan([{"task": "a", "payload": 1}], None, options={})
    assert items[0].task == "a"
    with pytest.raises(ConfigurationError, match=r"items\[0\] names no task"):
        plan([1], None, options={})


def test_a_row_of_a_data_frame_is_a_payload():
    frame = pd.DataFrame(
        {
            "n": np.array([1, 2], dtype="int64"),
            "x": [0.5, np.nan],
            "at": pd.to_datetime(["2026-01-01", None], utc=True),
            "name": pd.array(["a", pd.NA], dtype="string"),
        },
        index=pd.Index(["r1", "r2"], name="row"),
    )
    items, keys = plan("t", frame, options={})
    assert keys == ["r1", "r2"]
    assert payloads(items) == [
        {"n": 1, "x": 0.5, "at": datetime(2026, 1, 1, tzinfo=UTC), "name": "a"},
        {"n": 2, "x": None, "at": None, "name": None},
    ]
    assert plan("t", frame, key="n", options={})[1] == [1, 2]
    assert plan("t", frame, key=lambda row: pd.isna(row["name"]), options={})[1] == [False, True]

    class Mine(pd.DataFrame):
        pass

    assert len(plan("t", Mine(frame), options={})[0]) == 2


@pytest.mark.parametrize(
    ("args", "options", "error", "words"),
    [
        (("t", []), {}, ConfigurationError, "items is empty"),
        (("t", pd.DataFrame({"a": []})), {}, ConfigurationError, "items is empty"),
        (("t", "text"), {}, ConfigurationError, "not str"),
        (("t", {"a": 1}), {}, ConfigurationError, "not dict"),
        (("t", 5), {}, ConfigurationError, "not int"),
        (("t", [1]), {"tag": "x"}, UnknownOptionError, 'did you mean "tags"'),
        (("t", [{"payload": 1, "options": 5}]), {}, ConfigurationError, r"options of items\[0\]"),
        (
            ("t", [{"payload": 1, "options": {"x": 1}}]),
            {},
            UnknownOptionError,
            r"items\[0\] has no",
        ),
        (("t", [1, {"a": object()}]), {}, UnserializableError, r"items\[1\]\['a'\] is a builtins"),
        (("t", pd.DataFrame([[1, 2]], columns=["a", "a"])), {}, ConfigurationError, "same name"),
    ],
)
def test_mistakes_are_named(args, options, error, words):
    with pytest.raises(error, match=words):
        plan(*args, options=options)


def test_a_key_that_is_not_there_is_named():
    frame = pd.DataFrame({"city": ["a"]})
    for items in (frame, [{"city": "a"}]):
        with pytest.raises(ConfigurationError, match='did you mean "city"'):
            plan("t", items, key="citty", options={})
    with pytest.raises(ConfigurationError, match="it has none"):
        plan("t", [5], key="x", options={})


def test_a_key_that_is_neither_a_name_nor_a_function_is_refused():
    with pytest.raises(ConfigurationError, match=r"key is the name of a field .* not list"):
        plan("t", [1, 2], key=["a", "b"], options={})


def test_a_key_for_all_is_one_for_each():
    def keys(key, items=(1, 2)):
        planned, _ = plan("t", list(items), options={"idempotency_key": key})
        return [item.options["idempotencyKey"] for item in planned]

    assert keys("k") == ["k-0", "k-1"]
    assert keys(["a", "b"]) == keys(create(["a", "b"])) == [create("a-b-0"), create("a-b-1")]
    own = {"payload": 1, "options": {"idempotency_key": "own"}}
    assert keys("k", [own, 2]) == ["own", "k-1"]


def test_items_of_a_generator_are_taken_as_they_are_asked_for():
    taken = []
    items = (taken.append(n) or n for n in range(3))
    assert is_stream("t", items)
    assert is_stream(items, None)
    assert not is_stream("t", [1])
    stream = each("t", items, options={})
    assert taken == []
    assert next(stream)[0].payload.data == '{"json":0}'
    assert taken == [0]
    with pytest.raises(ConfigurationError, match="items is empty"):
        list(each("t", iter([]), options={}))
    with pytest.raises(ConfigurationError, match="items is a list"):
        each("t", "text", options={})


def test_only_a_frame_that_names_its_own_rows_has_an_index():
    frame = pd.DataFrame({"a": [1]}, index=["x"])
    assert index_of("t", frame, None) is frame.index
    assert index_of(frame, None, None) is frame.index
    assert index_of("t", frame, "a") is index_of("t", [1], None) is None


def test_payloads_of_a_typed_task_are_checked_one_by_one():
    typed = TypedTask("t", payload=int)
    assert len(plan(typed, [1, 2], options={})[0]) == 2
    with pytest.raises(TaskInputError, match=r"items\[1\]: payload of task"):
        plan(typed, [1, "x"], options={})
