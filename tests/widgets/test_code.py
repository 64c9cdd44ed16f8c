from trigger_widgets.widgets.code import STATIC, STUB, core_reference


def test_what_each_widget_carries_is_at_most_two_kibibytes():
    assert len(STUB.encode()) <= 2048


def test_the_shared_core_is_at_most_120_kibibytes():
    assert (STATIC / "core.js").stat().st_size <= 120 * 1024


def test_there_is_one_hidden_model():
    assert core_reference() == core_reference()
    assert core_reference().startswith("IPY_MODEL_")
