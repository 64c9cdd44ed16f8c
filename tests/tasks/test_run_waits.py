import pytest

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.tasks.run_waits import RunWaits
from trigger_widgets.tasks.stopping import RunStopped


def wait_for(waits, what, error=None):
    with waits.waiting(what):
        if error is not None:
            raise error


def test_one_wait_after_the_other():
    waits = RunWaits()
    wait_for(waits, "one")
    wait_for(waits, "two")
    with pytest.raises(ValueError, match="refused"):
        wait_for(waits, "three", ValueError("refused"))
    wait_for(waits, "four")


def test_two_at_once_are_refused():
    waits = RunWaits()
    with (
        waits.waiting('the token "a"'),
        pytest.raises(ConfigurationError, match='is waiting for the token "a" and cannot wait for'),
    ):
        wait_for(waits, "b")
    wait_for(waits, "b")


def test_a_wait_that_was_given_up_is_still_open_on_the_server():
    waits = RunWaits()
    with pytest.raises(RunStopped):
        wait_for(waits, "one", RunStopped())
    with pytest.raises(ConfigurationError, match="gave up waiting for one"):
        wait_for(waits, "two")


def test_keys_are_the_same_for_the_next_attempt():
    first, second = RunWaits(), RunWaits()
    keys = [waits.key("run_1", "sleep:60") for waits in (first, first, second, second)]
    assert keys[:2] == keys[2:] == ["run_1:sleep:60:1", "run_1:sleep:60:2"]
    assert first.key("run_1", "sleep:5") == "run_1:sleep:5:1"
