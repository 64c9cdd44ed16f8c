import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.engine import metadata
from trigger_widgets.errors import UnserializableError
from trigger_widgets.tasks.metadata_buffer import MetadataBuffer, MetadataTooLargeError


def changed(*changes, initial=None):
    buffer = MetadataBuffer(initial)
    for change in changes:
        buffer.apply(*change)
    return buffer


def test_operations_are_those_of_the_wire():
    """recordings/devworker-06-progress."""
    buffer = changed(("set", "progress", 0), ("append", "log", "step 1"), ("increment", "count", 1))
    assert buffer.values == {"progress": 0, "log": ["step 1"], "count": 1}
    assert buffer.pending == [
        {"type": "set", "key": "progress", "value": 0},
        {"type": "append", "key": "log", "value": "step 1"},
        {"type": "increment", "key": "count", "value": 1},
    ]


def test_what_is_overwritten_is_not_sent():
    buffer = changed(
        ("set", "p", 1), ("append", "log", "a"), ("increment", "n", 1), ("set", "p", 2),
        ("increment", "n", 2), ("append", "log", "b"), ("delete", "gone"),
    )  # fmt: skip
    assert buffer.pending == [
        {"type": "append", "key": "log", "value": "a"},
        {"type": "set", "key": "p", "value": 2},
        {"type": "increment", "key": "n", "value": 3},
        {"type": "append", "key": "log", "value": "b"},
        {"type": "delete", "key": "gone"},
    ]


def test_replace_forgets_everything_before():
    buffer = changed(("set", "a", 1), ("update", None, {"b": 2}), ("set", "c", 3))
    assert buffer.values == {"b": 2, "c": 3}
    assert [operation["type"] for operation in buffer.pending] == ["update", "set"]


def test_paths_reach_inside():
    buffer = changed(("set", "$.stage.name", "fit"), ("increment", "$.stage.n", 2))
    assert buffer.values == {"stage": {"name": "fit", "n": 2}}
    buffer.apply("delete", "$.stage.name")
    assert buffer.values == {"stage": {"n": 2}}


def test_append_to_a_value_and_remove_from_a_list():
    buffer = changed(("append", "a", 2), ("remove", "b", 1), initial={"a": 1, "b": [1, 2, 1]})
    assert buffer.values == {"a": [1, 2], "b": [2]}


def test_what_was_perhaps_sent_is_sent_again_so_that_nothing_counts_twice():
    buffer = changed(("increment", "n", 2), ("append", "log", "a"), initial={"n": 5})
    sent = buffer.take()
    buffer.apply("increment", "n", 1)
    buffer.give_back(sent)
    assert buffer.pending == [
        {"type": "set", "key": "n", "value": 8},
        {"type": "set", "key": "log", "value": ["a"]},
    ]


def test_too_much_is_refused_in_one_sentence_and_changes_nothing():
    buffer = changed(("set", "small", 1))
    with pytest.raises(MetadataTooLargeError, match=r'"big" would take 3\d\d KB .* 256 KB'):
        buffer.apply("set", "big", "x" * 330_000)
    assert buffer.values == {"small": 1}
    assert len(buffer.pending) == 1
    buffer.apply("set", "big", "x" * 200_000)


def test_what_json_cannot_carry_is_named():
    with pytest.raises(UnserializableError, match=r"metadata\['model'\]\['inner'\]"):
        changed(("set", "model", {"inner": object()}))


KEYS = st.sampled_from(
    ["a", "b", "$.a.x", "$.b", "$.a[0]", "$.a['x'][1]", "$.b.c.d", "$", "$odd", "$.a..b"]
)
NUMBERS = st.integers(-5, 5)
CHANGES = st.one_of(
    st.tuples(st.just("set"), KEYS, st.one_of(NUMBERS, st.lists(NUMBERS, max_size=2))),
    st.tuples(st.just("increment"), KEYS, NUMBERS),
    st.tuples(st.sampled_from(["append", "remove"]), KEYS, NUMBERS),
    st.tuples(st.just("delete"), KEYS, st.none()),
    st.tuples(st.just("update"), st.none(), st.fixed_dictionaries({"a": NUMBERS})),
)


@given(st.lists(CHANGES, max_size=12), st.integers(0, 12))
def test_a_server_that_applies_what_is_sent_has_what_the_task_sees(changes, cut):
    initial = {"a": {"x": 1}}
    buffer, server = MetadataBuffer(initial), copy.deepcopy(initial)
    for index, change in enumerate(changes):
        buffer.apply(*change)
        if index == cut:  # arrives, but its answer is lost
            sent = buffer.take()
            server = applied(server, sent)
            buffer.give_back(sent)
    assert applied(server, buffer.take()) == buffer.values


def applied(values, operations):
    """By the engine's own rules, which share no line with the mirror's."""
    return json.loads(metadata.apply(json.dumps(values), metadata.parse(operations)))
