from datetime import UTC, date, datetime, timedelta

import pytest

from trigger_widgets.api.options import _OPTIONS, TriggerOptions, encode_options
from trigger_widgets.errors import ConfigurationError, UnknownOptionError, UnserializableError


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ({"queue": "q"}, {"queue": {"name": "q"}}),
        ({"queue": {"name": "q"}}, {"queue": {"name": "q"}}),
        ({"concurrency_key": "k"}, {"concurrencyKey": "k"}),
        ({"delay": "1h"}, {"delay": "1h"}),
        ({"delay": "90 minutes"}, {"delay": "1h30m"}),
        ({"delay": 90}, {"delay": "1m30s"}),
        ({"delay": timedelta(days=8)}, {"delay": "1w1d"}),
        ({"delay": "2030-01-02T03:04:05Z"}, {"delay": "2030-01-02T03:04:05.000Z"}),
        (
            {"delay": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)},
            {"delay": "2030-01-02T03:04:05.000Z"},
        ),
        ({"ttl": "10m"}, {"ttl": "10m"}),
        ({"ttl": 0.5}, {"ttl": "1s"}),
        ({"ttl": 0}, {"ttl": 0}),
        ({"ttl": "0s"}, {"ttl": 0}),
        (
            {"debounce": {"key": "k", "delay": 30, "mode": "trailing", "max_delay": "1h"}},
            {"debounce": {"key": "k", "delay": "30s", "mode": "trailing", "maxDelay": "1h"}},
        ),
        ({"external_deployment_id": "abc"}, {"externalDeploymentId": "abc"}),
        ({"tags": "a"}, {"tags": ["a"]}),
        ({"tags": ("a", "b")}, {"tags": ["a", "b"]}),
        ({"idempotency_key": "k"}, {"idempotencyKey": "k"}),
        ({"idempotency_key_ttl": "1d"}, {"idempotencyKeyTTL": "1d"}),
        ({"max_attempts": 3}, {"maxAttempts": 3}),
        ({"max_duration": "5m"}, {"maxDuration": 300}),
        ({"metadata": {"when": date(2030, 1, 1)}}, {"metadata": {"when": "2030-01-01"}}),
        ({"machine": "small-1x"}, {"machine": "small-1x"}),
        ({"priority": 10}, {"priority": 10}),
        ({"region": "eu"}, {"region": "eu"}),
        ({"version": "20261123.1"}, {"lockToVersion": "20261123.1"}),
        ({"test": True}, {"test": True}),
        ({"parent_run_id": "run_1"}, {"parentRunId": "run_1"}),
        ({"delay": None, "tags": None}, {}),
    ],
)  # fmt: skip
def test_options(given, wire):
    assert encode_options(given) == wire


def test_an_unknown_option_names_the_nearest_one():
    with pytest.raises(
        UnknownOptionError, match='has no option "idempotencyKey"; did you mean "idempotency_key"'
    ):
        encode_options({"idempotencyKey": "k"})
    with pytest.raises(TypeError, match="it takes concurrency_key, debounce"):
        encode_options({"zzz": 1})


@pytest.mark.parametrize(
    "given",
    [
        {"delay": "soon"},
        {"debounce": "k"},
        {"debounce": {"key": "k"}},
        {"debounce": {"key": "k", "delay": "soon"}},
        {"debounce": {"key": "k", "delay": "1s", "mode": "middle"}},
        {"debounce": {"key": "k", "delay": "1s", "maxDelay": "1h"}},
        {"idempotency_key": []},
        {"delay": True},
        {"delay": [1]},
        {"delay": timedelta(seconds=-1)},
        {"ttl": "2030-01-01"},
        {"tags": [1]},
        {"tags": [""]},
        {"queue": ""},
        {"queue": {"name": 5}},
        {"max_attempts": "3"},
        {"max_attempts": True},
        {"test": 1},
        {"metadata": [1]},
        {"metadata": "text"},
    ],
)
def test_each_mistake_is_one_sentence_that_names_the_value(given):
    with pytest.raises(ConfigurationError) as raised:
        encode_options(given)
    (name,) = given
    said = str(raised.value)
    assert len(said.splitlines()) == 1
    assert name in said or "duration" in said


def test_metadata_that_json_cannot_carry_says_where():
    with pytest.raises(UnserializableError, match=r"metadata\['a'\]\[0\]"):
        encode_options({"metadata": {"a": [object()]}})


def test_type_checkers_know_the_options_there_are():
    assert set(TriggerOptions.__annotations__) == set(_OPTIONS)
