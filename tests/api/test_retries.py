"""The table of the module's docstring, line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.api import retries
from trigger_widgets.api.retries import Policy, asked_wait, for_status, unreachable


def waits(policy, jitter=0.5):
    """All waits of a request that never succeeds and takes no time itself."""
    elapsed, found = 0.0, []
    while (wait := policy.wait(len(found) + 1, elapsed, jitter=lambda: jitter)) is not None:
        found.append(round(wait, 3))
        elapsed += wait
    return found


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_five_times_as_the_official_client_does(status):
    assert waits(for_status(status, {}, 5)) == [1.0, 1.6, 2.56, 4.096]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 422, 501])
def test_what_does_not_pass_is_tried_once(status):
    assert for_status(status, {}, 5) is None


def test_the_server_decides():
    assert for_status(500, {"x-should-retry": "false"}, 5) is None
    assert for_status(422, {"x-should-retry": "true"}, 5) == Policy(attempts=5)


@given(st.floats(0, 1))
def test_a_wrong_id_is_known_within_a_second(jitter):
    """The server says retry (raw-03 0001); the official client then waits 9 s."""
    assert sum(waits(for_status(404, {"x-should-retry": "true"}, 5), jitter)) < 1


@given(st.floats(0, 1))
def test_a_wrong_address_is_known_within_about_three_seconds(jitter):
    assert 1 < sum(waits(unreachable(5), jitter)) < 4


def test_an_address_that_swallows_packets_is_not_tried_again():
    assert unreachable(5).wait(1, 5.0) is None


@given(st.integers(1, 50), st.floats(0, 1))
def test_waits_are_never_longer_than_the_longest(attempt, jitter):
    wait = Policy(attempts=100).wait(attempt, 0, jitter=lambda: jitter)
    assert 0.75 <= wait <= 30 * 1.25


def test_what_the_server_asks_for_is_waited_unless_it_is_absurd():
    assert Policy().wait(1, 0, asked=0.2) == 0.2
    assert Policy().wait(1, 0, asked=3600) is None


def test_asked_waits():
    def now():
        return 1_795_460_868.0

    assert asked_wait(429, {"x-ratelimit-reset": "1795460868243"}, now) == pytest.approx(0.243)
    assert asked_wait(429, {"x-ratelimit-reset": "1795460860000"}, now) == 0
    assert asked_wait(500, {"x-ratelimit-reset": "1795460868243"}, now) is None
    assert asked_wait(503, {"retry-after": "2"}, now) == 2
    assert asked_wait(503, {"retry-after": "Mon, 23 Nov 2026 19:07:50 GMT"}, now) == 2
    assert asked_wait(503, {"retry-after": "soon"}, now) is None
    assert asked_wait(429, {}, now) is None


@given(st.text())
def test_no_header_breaks_it(text):
    assert (asked_wait(429, {"retry-after": text, "x-ratelimit-reset": text}) or 0) >= 0


def test_the_docs_name_every_policy():
    assert "x-should-retry" in retries.__doc__
