"""Results as a DataFrame."""

import sys
from datetime import UTC, datetime

import pytest

from trigger_widgets.errors import ConfigurationError, TriggerError
from trigger_widgets.realtime.batch_results import BatchItemResult
from trigger_widgets.realtime.frames import to_frame


def result(key, output=None, error=None):
    return BatchItemResult(error is None, output, error, f"run_{key}", key, 0)


def test_objects_become_columns():
    frame = to_frame(
        [result("a", {"x": 1, "ok": 2}), result("b", error=TriggerError("no")), result("c", {})]
    )
    assert list(frame.columns) == ["run_id", "status", "ok", "error", "x", "output_ok"]
    assert list(frame.index) == ["a", "b", "c"]
    assert frame.index.name == "key"
    assert list(frame["ok"]) == [True, False, True]
    assert frame["error"]["b"] == "no"
    assert frame["x"]["a"] == 1


def test_nested_objects_have_dotted_names():
    frame = to_frame([result(0, {"fit": {"r2": 0.5, "of": {"n": 3}}, "tags": ["a"], "empty": {}})])
    assert frame.drop(columns=["run_id", "status", "ok", "error"]).iloc[0].to_dict() == {
        "fit.r2": 0.5, "fit.of.n": 3, "tags": ["a"], "empty": {},
    }  # fmt: skip
    wide = to_frame([result(0, {str(n): n for n in range(300)})])
    assert wide["output"][0]["299"] == 299


def test_keys_that_are_tuples_label_the_rows():
    assert list(to_frame([result(("a", 1), 1)]).index) == [("a", 1)]


def test_anything_else_is_one_column():
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(to_frame([result(0, 1), result(1, moment)])["output"]) == [1, moment]
    assert list(to_frame([result(0, {"x": 1}), result(1, [2])])["output"]) == [{"x": 1}, [2]]
    failed = to_frame([result(0, error=TriggerError("no"))])
    assert list(failed.columns) == ["run_id", "status", "ok", "error", "output"]


def test_without_pandas_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigurationError, match="pip install pandas"):
        to_frame([result(0, 1)])
