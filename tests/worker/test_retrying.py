import pytest

from trigger_widgets.tasks.options import RetryOptions
from trigger_widgets.worker.retrying import retry_delay


@pytest.mark.parametrize(
    ("attempt", "most", "rand", "delay"),
    [
        # recordings/pyworker-02-flaky and devworker-03-fail-retry: factor 2, min 1000 ms
        (1, 3, 0.0, 1_000),
        (1, 3, 0.5, 1_500),
        (2, 3, 0.5, 3_000),
        (3, 3, 0.5, None),
        (3, 10, 0.0, 4_000),
        (9, 10, 1.0, 60_000),
        (1, 0, 0.0, None),
        (1, None, 0.0, 1_000),
        (3, None, 0.0, None),
    ],
)
def test_the_delay_is_the_formula_of_the_official_sdk(attempt, most, rand, delay):
    assert retry_delay(attempt, RetryOptions(), most, lambda: rand) == delay


def test_without_randomize_the_delay_is_exact():
    options = RetryOptions(min_timeout_ms=200, factor=3, max_timeout_ms=500, randomize=False)
    assert [retry_delay(n, options, 9, lambda: 0.9) for n in (1, 2, 3)] == [200, 500, 500]
