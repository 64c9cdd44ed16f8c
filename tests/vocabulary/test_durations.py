import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.durations import deadline, format_duration, parse_duration
from trigger_widgets.errors import ConfigurationError

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10), ("1h30m", 5400), ("2 days", 172_800), ("1d2h", 93_600), ("1.5h", 5400),
        ("250ms", 0.25), ("1 week 1 min", 604_860), (" 1 HOUR ", 3600), ("0s", 0), ("5mins", 300),
    ],
)  # fmt: skip
def test_durations(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", " ", "soon", "10", "10 parsecs", "1h!", "-5s", "h1", "1e999d"]
)
def test_what_is_not_a_duration_is_named(text):
    with pytest.raises(ConfigurationError, match="is not a duration"):
        parse_duration(text)


def test_a_duration_longer_than_time_is_named():
    with pytest.raises(ConfigurationError, match="is not a duration"):
        parse_duration("9" * 30 + "w")
    with pytest.raises(ConfigurationError, match="beyond"):
        deadline(timedelta.max, now=NOW)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "0s"), (timedelta(seconds=0.2), "1s"), (timedelta(seconds=90), "1m30s"),
        (timedelta(weeks=1, days=1, hours=1, minutes=1, seconds=1), "1w1d1h1m1s"),
    ],
)  # fmt: skip
def test_formatted(duration, text):
    assert format_duration(duration) == text


@given(st.integers(0, 10**9))
def test_formatting_and_parsing_are_inverse(seconds):
    assert parse_duration(format_duration(timedelta(seconds=seconds))).total_seconds() == seconds


def test_negative_durations_cannot_be_written():
    with pytest.raises(ConfigurationError, match="negative"):
        format_duration(timedelta(seconds=-1))


@given(st.text())
def test_no_text_breaks_the_parser(text):
    with contextlib.suppress(ConfigurationError):
        assert parse_duration(text) >= timedelta(0)


def test_deadlines():
    hour = NOW + timedelta(hours=1)
    assert deadline("1h", now=NOW) == hour
    assert deadline(timedelta(hours=1), now=NOW) == hour
    assert deadline("2026-11-23T13:00:00Z", now=NOW) == hour
    assert deadline("2026-11-23T14:00:00+01:00", now=NOW) == hour
    assert deadline(hour, now=NOW) == hour
    assert deadline(hour.astimezone().replace(tzinfo=None)) == hour
