import asyncio
import json
import time
import warnings

import pytest
from patience import until

from trigger_widgets import aio
from trigger_widgets.api.requests import Answer
from trigger_widgets.errors import APIConnectionError, APIStatusError, ConfigurationError
from trigger_widgets.tasks import outside
from trigger_widgets.tasks.context import TaskContext
from trigger_widgets.tasks.current_metadata import Metadata, metadata
from trigger_widgets.tasks.flusher import Sender
from trigger_widgets.tasks.scope import RunScope, entered


def operations(server):
    return [body["operations"] for _, _, body in server.calls]


def test_the_first_change_goes_at_once_and_the_rest_is_gathered(server, run, monkeypatch):
    monkeypatch.setattr(Sender, "interval", interval := 1.0)
    began = time.monotonic()
    metadata.set("progress", 0)
    until(lambda: server.calls)
    for i in range(1, 101):
        metadata.set("progress", i)
        metadata.increment("n")
    until(lambda: len(server.calls) == 2)
    assert time.monotonic() - began >= interval * 0.9
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
    assert run.close(1) == {}


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
    assert run.close(0.01) == {
        "operations": [
            {"type": "set", "key": "n", "value": 1},
            {"type": "set", "key": "log", "value": ["late"]},
        ]
    }
    metadata.set("after", 1)  # by a thread that outlives the run
    assert run.close(0) == {}


@pytest.fixture
def child(server):
    """Inside of a run with a parent and a root."""
    ids = {"id": "run_1", "parentTaskRunId": "run_2", "rootTaskRunId": "run_3"}
    context = TaskContext.from_execution({"run": ids, "task": {"id": "t"}})
    with entered(RunScope(context, server)) as scope:
        yield scope
        scope.close(0)


def test_changes_of_relatives_go_as_they_are_until_they_have_arrived(server, child):
    server.hold = True
    metadata.parent.increment("n").increment("n")
    until(lambda: server.held)
    metadata.root.append("log", 1).set("a", 2)
    server.hold = False
    server.held[0].set_exception(APIConnectionError("cut"))
    until(lambda: len(server.calls) == 3)
    increments = [{"type": "increment", "key": "n", "value": 1}] * 2
    (_, _, first), (_, _, again), (_, _, last) = server.calls
    assert again == {"operations": [], "parentOperations": increments}
    assert first["parentOperations"] in (increments, increments[:1])
    assert last == {
        "operations": [],
        "rootOperations": [
            {"type": "append", "key": "log", "value": 1}, {"type": "set", "key": "a", "value": 2},
        ],
    }  # fmt: skip
    assert server.keys[0] == server.keys[1] != server.keys[2]
    assert metadata.current() == {}


def test_unanswered_changes_of_relatives_go_with_the_end_and_keep_their_key(server, child):
    server.hold = True
    metadata.parent.set("a", 1)
    until(lambda: server.held)
    metadata.parent.set("b", 2)
    left = child.close(0.01)
    assert left["unanswered"] == {
        "parentOperations": [{"type": "set", "key": "a", "value": 1}], "key": server.keys[0],
    }  # fmt: skip
    assert left["parentOperations"] == [{"type": "set", "key": "b", "value": 2}]


def test_a_relative_that_is_full_is_said_at_the_next_change(server, child):
    server.answers = [APIStatusError("Metadata exceeds the maximum size", status=413)]
    metadata.parent.set("a", 1)
    until(lambda: server.calls and child.metadata.in_flight is None)
    with pytest.raises(APIStatusError, match="Metadata exceeds"):
        metadata.root.set("b", 1)
    metadata.root.set("b", 1)


def test_without_a_parent_the_run_is_its_own(server, run):
    metadata.parent.set("a", 1)
    metadata.root.increment("n")
    assert metadata.current() == {"start": 1, "a": 1, "n": 1}


def test_refreshed_it_has_what_others_changed_and_what_waits(server, run):
    server.hold = True
    metadata.set("mine", 1)
    until(lambda: server.held)
    metadata.increment("n")
    server.hold = False
    text = '{"theirs":2,"n":5,"mine":0}'
    answer = {"metadata": text, "metadataType": "application/json"}
    server.answers = [Answer(200, {}, json.dumps(answer).encode())]
    assert metadata.refresh().current() == {"theirs": 2, "n": 6, "mine": 1}


def test_it_reads_what_it_wrote(server, run):
    metadata.set("list", [1]).append("list", 2).remove("list", 1)
    metadata.decrement("n", 2).delete("start")
    assert metadata.current() == {"list": [2], "n": -2}
    assert metadata.get("list") == [2]
    assert metadata.get("none", 3) == 3
    metadata.get("list").append("not shared")
    metadata.set("$.deep.list[1]", "x").increment("$.deep.n", 2)
    metadata.remove("$.deep.list", None).append("$.deep.list", "y")
    assert metadata.get("deep") == {"list": ["x", "y"], "n": 2}
    assert (metadata.get("$.deep.list[1]"), metadata.get("$.deep.no", 0)) == ("y", 0)
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


def test_outside_of_a_run_it_does_nothing_and_says_so_once(monkeypatch):
    monkeypatch.setattr(outside, "_said", set())
    fresh = Metadata()
    with pytest.warns(UserWarning, match="not part of a run") as caught:
        fresh.set("a", 1)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fresh.increment("a")
        assert fresh.current() == {}
        assert fresh.flush()
        fresh.refresh().parent.set("a", 1)


def test_what_blocks_names_its_twin_in_an_event_loop(server, run):
    async def blocks():
        metadata.set("a", 1)
        with pytest.raises(ConfigurationError, match=r"await aio\.metadata\.flush"):
            metadata.flush()
        return await aio.metadata.flush()

    assert asyncio.run(blocks())
    assert operations(server) == [[{"type": "set", "key": "a", "value": 1}]]
