import pytest

from trigger_widgets.widgets.code import STUB, code_reference, packed_code


def test_what_each_widget_carries_is_at_most_two_kibibytes():
    assert len(STUB.encode()) <= 2048


# the budget of the build (js/build.mjs) is in bytes of code; this is what lies in a notebook
@pytest.mark.parametrize(("part", "most"), [("core", 45), ("forms", 21), ("table", 19)])
def test_the_shared_code_travels_packed(part, most):
    assert len(packed_code(part)) <= most * 1024


def test_there_is_one_hidden_model_a_part():
    core, table = code_reference("core"), code_reference("table")
    assert core.startswith("IPY_MODEL_")
    assert core != table
    assert [core, table] == [code_reference("core"), code_reference("table")]
