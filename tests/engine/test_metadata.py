import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.engine import metadata
from trigger_widgets.engine.validation import ValidationError

keys = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["a", "$.a", "$.a.b", "$.a[0]", "$.a[0].b", "$['a b']", "$", "$.", "$[", "$.a[9999999]"]
    ),
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
operations = st.one_of(
    st.builds(metadata.Operation, st.sampled_from(["set", "append", "remove"]), keys, values),
    st.builds(metadata.Operation, st.just("delete"), keys),
    st.builds(
        metadata.Operation,
        st.just("increment"),
        keys,
        st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    ),
    st.builds(
        metadata.Operation,
        st.just("update"),
        st.just(""),
        st.dictionaries(st.text(), values, max_size=3),
    ),
)


def after(start, *changes):
    return json.loads(metadata.apply(json.dumps(start), metadata.parse(list(changes))))


def change(kind, key, value=None):
    return {"type": kind, "key": key, "value": value}


@pytest.mark.parametrize(
    ("start", "operation", "expected"),
    [
        ({}, change("set", "a", 1), {"a": 1}),
        ({"a": 1}, change("set", "a", None), {"a": None}),
        ({}, change("set", "$.a.b", 1), {"a": {"b": 1}}),
        ({"a": {"c": 2}}, change("set", "$.a.b", 1), {"a": {"c": 2, "b": 1}}),
        ({}, change("set", "$.a[1].b", 1), {"a": [None, {"b": 1}]}),
        ({"a": 1}, change("set", "$.a.b", 1), {"a": {"b": 1}}),
        ({"a": 1, "b": 2}, change("delete", "a"), {"b": 2}),
        ({"a": {"b": 1}}, change("delete", "$.a.b"), {"a": {}}),
        ({}, change("delete", "$.x.y"), {}),
        ({}, change("append", "l", "x"), {"l": ["x"]}),
        ({"l": ["x"]}, change("append", "l", "y"), {"l": ["x", "y"]}),
        ({"l": "x"}, change("append", "l", "y"), {"l": ["x", "y"]}),
        ({"l": ["x", "y", "x"]}, change("remove", "l", "x"), {"l": ["y"]}),
        ({"l": 5}, change("remove", "l", "x"), {"l": 5}),
        ({}, change("increment", "n", 2), {"n": 2}),
        ({"n": 1.5}, change("increment", "n", -1), {"n": 0.5}),
        ({"n": 1e308}, change("increment", "n", 1e308), {"n": 1e308}),
        ({"a": 1}, {"type": "update", "value": {"b": 2}}, {"b": 2}),
        ({}, change("set", "$$price", 1), {"$$price": 1}),
    ],
)
def test_an_operation(start, operation, expected):
    assert after(start, operation) == expected


@given(st.dictionaries(st.text(), values, max_size=3), st.lists(operations, max_size=8))
def test_any_operations_on_any_metadata_leave_an_object(start, changes):
    text = metadata.apply(json.dumps(start), changes)
    assert isinstance(json.loads(text), dict)
    assert "Infinity" not in text.replace('"', "") or "Infinity" in json.dumps(start) + repr(
        changes
    )


@pytest.mark.parametrize("stored", [None, "", "nonsense", '"text"', "[1]"])
def test_what_is_no_object_counts_as_empty(stored):
    assert json.loads(metadata.apply(stored, [metadata.Operation("set", "a", 1)])) == {"a": 1}


def test_an_unknown_operation_is_refused_with_the_servers_words():
    """raw-43 0030."""
    with pytest.raises(ValidationError) as error:
        metadata.parse([{"type": "nope"}])
    assert str(error.value) == (
        "Invalid discriminator value. Expected 'update' | 'set' | 'delete' | 'append' | 'remove' | "
        "'increment' at \"operations[0].type\""
    )


def test_more_than_256_kb_is_refused():
    with pytest.raises(metadata.TooLargeError, match="262144 bytes"):
        metadata.apply(None, [metadata.Operation("set", "a", "x" * 262_144)])


def test_changes_of_relatives_that_are_sent_again_count_once(engine, task):
    parent = engine.trigger(task)
    child = engine.trigger(task, parentRunId=parent)
    body = {"parentOperations": [{"type": "increment", "key": "n", "value": 1}]}
    body |= {"rootOperations": [{"type": "append", "key": "$.log", "value": "x"}]}
    key = {"x-trigger-request-idempotency-key": f"{task}-1"}
    for _ in range(2):
        answer = engine.http.put(f"/api/v1/runs/{child}/metadata", json=body, headers=key)
        assert answer.json() == {"metadata": {}}
    assert engine.retrieve(parent)["metadata"] == {"n": 1, "log": ["x"]}
    engine.http.put(f"/api/v1/runs/{child}/metadata", json=body)  # without a key it is another one
    assert engine.retrieve(parent)["metadata"] == {"n": 2, "log": ["x", "x"]}


def test_changes_of_relatives_come_with_the_end_of_a_run(engine, task):
    worker = engine.worker(task)
    parent = engine.trigger(task)
    worker.execute()
    engine.trigger(task, parentRunId=parent)
    child = worker.execute()
    one = [{"type": "increment", "key": "n", "value": 1}]
    body = {"parentOperations": one, "rootOperations": one, "operations": one}
    key = f"{task}-1"
    headers = {"x-trigger-request-idempotency-key": key}
    engine.http.put(f"/api/v1/runs/{child.run}/metadata", json=body, headers=headers)
    left = {"unanswered": {"parentOperations": one, "rootOperations": one, "key": key}, **body}
    child.complete(flushedMetadata={"data": json.dumps(left), "dataType": "application/json"})
    assert engine.retrieve(parent)["metadata"] == {"n": 4}
    assert engine.retrieve(child.run)["metadata"] == {"n": 2}
