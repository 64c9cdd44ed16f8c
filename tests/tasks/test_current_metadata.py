import time
import warnings

import pytest

from trigger_widgets.errors import APIConnectionError, ConfigurationError
from trigger_widgets.tasks.current_metadata import Metadata, metadata
from trigger_widgets.tasks.flusher import INTERVAL


def until(condition):
    end = time.monotonic() + 5
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.001)
    return found


def operations(server):
    return [body["operations"] for _, _, body in server.calls]


def test_the_first_change_goes_at_once_and_the_rest_is_gathered(server, run):
    began = time.monotonic()
    metadata.set("progress", 0)
    until(lambda: server.calls)
    assert time.monotonic() - began < INTERVAL
    for i in range(1, 101):
        metadata.set("progress", i)
        metadata.increment("n")
    until(lambda: len(server.calls) == 2)
    assert time.monotonic() - began >= INTERVAL * 0.9
    assert server.calls[0][:2] == ("PUT", "/api/v1/runs/run_1/metadata")
    assert operations(server) == [
        [{"type": "set", "key": "progress", "value": 0}],
        [
            {"type": "set", "key": "progress", "value": 100},
            {"type": "increment", "key": "n", "value": 100},
        ],
    ]


def test_a_failed_flush_loses_nothing_and_counts_nothing_twice(server, run):
    server.answers = [APIConnectionError("cut"), APIConnectionError("cut")]
    metadata.increment("n", 2)
    until(lambda: len(server.calls) == 1)
    metadata.increment("n", 3)
    until(lambda: len(server.calls) == 3)
    assert operations(server)[-1] == [{"type": "set", "key": "n", "value": 5}]
    assert metadata.flush()
    assert run.close(1) == []


def test_a_request_that_goes_again_as_it_was_keeps_its_key(server, run):
    server.answers = [APIConnectionError("cut")]
    metadata.set("a", 1)
    until(lambda: len(server.calls) == 2)
    metadata.set("a", 1)
    until(lambda: len(server.calls) == 3)
    first, again, another = server.keys
    assert first == again != another


def test_what_has_not_arrived_goes_with_the_end(server, run):
    server.hold = True
    metadata.increment("n")
    until(lambda: server.held)
    metadata.append("log", "late")
    assert run.close(0.01) == [
        {"type": "set", "key": "n", "value": 1},
        {"type": "set", "key": "log", "value": ["late"]},
    ]
    metadata.set("after", 1)  # by a thread that outlives the run
    assert run.close(0) == []


def test_it_reads_what_it_wrote(server, run):
    metadata.set("list", [1])
    metadata.append("list", 2)
    metadata.remove("list", 1)
    metadata.decrement("n", 2)
    metadata.delete("start")
    assert metadata.current() == {"list": [2], "n": -2}
    assert metadata.get("list") == [2]
    assert metadata.get("none", 3) == 3
    metadata.get("list").append("not shared")
    metadata.replace({"only": True})
    assert metadata.current() == {"only": True}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda: metadata.set(3, 1), "a key of metadata is text, not 3"),
        (lambda: metadata.increment("n", "1"), "takes a number, not '1'"),
        (lambda: metadata.replace([1]), "takes a dict"),
    ],
)
def test_mistakes_are_one_sentence(server, run, change, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        change()


def test_outside_of_a_run_it_does_nothing_and_says_so_once():
    fresh = Metadata()
    with pytest.warns(UserWarning, match="not part of a run") as caught:
        fresh.set("a", 1)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fresh.increment("a")
        assert fresh.current() == {}
        assert fresh.flush()
