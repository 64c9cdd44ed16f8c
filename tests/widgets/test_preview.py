import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.widgets.preview import preview

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(anything)
def test_it_is_never_longer_than_its_budget(value):
    assert len(json.dumps(preview(value, 200))) <= 260  # and the note of what is missing


def test_what_fits_is_left_as_it_is():
    assert preview({"a": [1, 2], "b": "text"}, 1000) == {"a": [1, 2], "b": "text"}


def test_what_is_missing_is_counted():
    assert preview(np.arange(10_000), 2_000)[-1].endswith("more")
    assert preview("x" * 5_000, 1_000).endswith("more characters")


def test_a_wide_and_deep_thing_still_fits():
    wide = {f"key-{i}": {"text": "y" * 1000, "list": list(range(1000))} for i in range(500)}
    assert len(json.dumps(preview(wide, 8_000))) <= 8_100
