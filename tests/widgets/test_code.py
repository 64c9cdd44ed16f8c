from trigger_widgets.widgets.code import STUB, core_reference, packed_code


def test_what_each_widget_carries_is_at_most_two_kibibytes():
    assert len(STUB.encode()) <= 2048


def test_the_shared_core_travels_as_at_most_what_the_build_allows():
    assert len(packed_code()) <= 78 * 1024


def test_there_is_one_hidden_model():
    assert core_reference() == core_reference()
    assert core_reference().startswith("IPY_MODEL_")
