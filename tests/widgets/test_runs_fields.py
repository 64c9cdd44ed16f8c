"""Which fields of runs can be columns, and what a run has in them."""

from datetime import UTC, datetime

import pytest

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.models import Run
from trigger_widgets.widgets.runs_fields import Fields, check_columns


def run(**fields):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    base = {"id": "run_1", "task_identifier": "t", "status": "COMPLETED"}
    return Run(**{**base, "created_at": moment, "updated_at": moment, **fields})


def test_fields_are_found_by_their_dotted_path():
    fields = Fields()
    one = run(
        payload={"city": "Köln"},
        metadata={"fit": {"r2": 0.5}, "progress": {"current": 1, "total": 2}, "ok": True},
        output={"score": 0.25, "all": [1, 2]},
        tags=["a", "b"], cost_in_cents=1, base_cost_in_cents=0.5,
    )  # fmt: skip
    assert fields.see([one])
    assert not fields.see([one])
    assert fields.kinds == {
        "tags": "text", "cost": "number", "output.score": "number", "output.all": "other",
        "metadata.fit.r2": "number", "metadata.ok": "flag", "payload.city": "text",
    }  # fmt: skip
    assert fields.cells(one, fields.kinds) == {
        "tags": "a, b", "cost": 1.5, "output.score": 0.25, "output.all": "[1,2]",
        "metadata.fit.r2": 0.5, "metadata.ok": True, "payload.city": "Köln",
    }  # fmt: skip
    assert fields.automatic() == ["output.score", "metadata.fit.r2", "metadata.ok"]
    assert fields.cells(run(), fields.kinds) == {}


def test_a_name_with_a_dot_is_found_and_one_not_seen_yet_is_tried():
    fields = Fields()
    dotted = run(output={"a.b": 1, "c": {"d": 2}})
    assert fields.cells(dotted, ["output.c.d", "output.c.x", "output.c.d.e"]) == {"output.c.d": 2}
    fields.see([dotted])
    assert fields.cells(dotted, ["output.a.b"]) == {"output.a.b": 1}


def test_what_is_no_object_is_a_column_itself():
    fields = Fields()
    fields.see([run(output=3.5, payload="x")])
    assert fields.automatic() == ["output"]
    assert fields.cells(run(output=False), ["output"]) == {"output": False}
    said = Fields()
    said.see([run(output="a text")])
    assert said.automatic() == []  # that is what a note is for


def test_they_are_bounded():
    fields = Fields()
    deep = {"x": {"x": {"x": {"x": 1}}}}
    fields.see([run(output={str(n): n for n in range(500)}, metadata=deep)])
    assert len(fields.kinds) == 60
    cells = fields.cells(run(output={"1": "word " * 100, "2": float("nan")}), ["output.1"])
    assert len(cells["output.1"]) == 120


def test_columns_that_do_not_exist_are_refused():
    assert check_columns(["status", "output.a", "status", "tags"]) == ["status", "output.a", "tags"]
    assert check_columns(None) is None
    with pytest.raises(ConfigurationError, match='no column "score"'):
        check_columns(["score"])
    with pytest.raises(ConfigurationError, match=r'such as \["status"\]'):
        check_columns("status")
