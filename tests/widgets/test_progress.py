import pytest

from trigger_widgets.widgets.progress import Pace, Progress, read_progress


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, Progress(0.0)),
        (1, Progress(0.01)),
        (62, Progress(0.62)),
        (100, Progress(1.0)),
        (250, Progress(1.0)),
        (-3, Progress(0.0)),
        (0.5, Progress(0.5)),
        (99.5, Progress(0.995)),
        ({"current": 3, "total": 12}, Progress(0.25, 3, 12)),
        ({"current": 3, "total": 12, "label": "rows"}, Progress(0.25, 3, 12, "rows")),
        ({"current": 3}, Progress(None, 3, None)),
        ({"current": 3, "total": 0}, Progress(None, 3, 0)),
        (None, None),
        (True, None),
        ("62", None),
        (float("nan"), None),
        ({"total": 3}, None),
        ([1], None),
    ],
)
def test_a_number_is_percent_unless_it_is_a_fraction(value, expected):
    assert read_progress({"progress": value}) == expected


def test_no_progress_in_metadata():
    assert read_progress({}) is None


def test_rate_and_eta_follow_the_last_half_minute():
    pace = Pace()
    pace.observe(Progress(0.0, 0, 1000), at=0)
    assert (pace.rate(), pace.eta()) == (None, None)
    pace.observe(Progress(0.1, 100, 1000), at=10)
    assert pace.rate() == pytest.approx(10)
    assert pace.eta() == pytest.approx(90)
    pace.observe(Progress(0.5, 500, 1000), at=50)  # forty quick seconds push the slow start out
    assert pace.rate() == pytest.approx(10)
    pace.observe(Progress(0.9, 900, 1000), at=55)
    assert pace.rate() == pytest.approx(80)


def test_a_retry_starts_the_pace_anew():
    pace = Pace()
    pace.observe(Progress(0.9), at=0)
    pace.observe(Progress(1.0), at=1)
    pace.observe(Progress(0.1), at=2)
    assert pace.eta() is None
    pace.observe(Progress(0.2), at=3)
    assert pace.eta() == pytest.approx(8)


def test_standing_still_has_no_eta():
    pace = Pace()
    pace.observe(Progress(0.5, 5, 10), at=0)
    pace.observe(Progress(0.5, 5, 10), at=5)
    assert pace.eta() is None
    assert pace.rate() is None
