from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.realtime.connection import Backoff


@given(st.floats(0, 1))
def test_waits_grow_to_ten_seconds_and_start_anew(jitter):
    backoff = Backoff(lambda: jitter)
    waits = [backoff.wait() for _ in range(40)]
    assert waits == sorted(waits)
    assert 0.075 <= waits[0] <= 0.125
    assert 7.5 <= waits[-1] <= 12.5
    backoff.reset()
    assert backoff.wait() == waits[0]
