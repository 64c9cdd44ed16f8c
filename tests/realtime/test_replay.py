"""What a real Trigger.dev server said, replayed through the real client."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from patience import PATIENCE

from trigger_widgets.errors import (
    RunCanceledError,
    RunCrashedError,
    RunFailedError,
    RunTimedOutError,
)
from trigger_widgets.realtime.runs import run_source
from trigger_widgets.realtime.subscription import Subscription


@pytest.fixture
def polls(wire):
    """The exchanges of one feed of a scenario."""

    def polls(name, note):
        return [
            e
            for e in wire.recorded(name)
            if e["path"].startswith("/realtime/v1/runs/")
            and e["note"].startswith(note)
            and " poll#" in e["note"]
        ]

    return polls


@pytest.fixture
def follow(wire, polls):
    """The states of a run, from a server that says just what was recorded and is asked just so."""

    def follow(name, note):
        left = polls(name, note)
        run_id = urlsplit(left[0]["path"]).path.rpartition("/")[2]

        async def handler(request):
            exchange = left.pop(0)
            wanted = {k: v[0] for k, v in parse_qs(urlsplit(exchange["path"]).query).items()}
            asked = dict(request.url.params)
            assert request.url.path == urlsplit(exchange["path"]).path
            for param in ("offset", "handle", "live"):
                assert asked.get(param) == wanted.get(param)
            return wire.to_response(exchange)

        runs = list(Subscription(run_source(run_id), wire.fake_server(handler), timeout=PATIENCE))
        assert not left
        return runs

    return follow


def test_progress_is_followed_to_its_end(follow):
    runs = follow("run-progress", "progress")
    assert [run.status for run in runs][-1] == "COMPLETED"
    percents = [run.metadata.get("progress", 0) for run in runs]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert runs[-1].payload == {"steps": 10, "stepMs": 500}
    assert runs[-1].tags == ["feed:prog"]
    assert runs[-1].duration_ms == 5046


@pytest.mark.parametrize(
    ("name", "note", "error", "words"),
    [
        (
            "run-failed",
            "fail w/ retry",
            RunFailedError,
            "TypeError: failing on purpose (attempt 2)",
        ),
        ("run-failed", "AbortTaskRunError", RunFailedError, "AbortTaskRunError"),
        ("run-failed", "throw string", RunFailedError, "failed: "),
        ("run-endings", "crash process.exit(3)", RunCrashedError, "TASK_PROCESS_EXITED"),
        ("run-endings", "max duration 5s", RunTimedOutError, "MAX_DURATION_EXCEEDED"),
        ("run-endings", "schemaTask invalid payload", RunFailedError, "schema"),
    ],
)
def test_ends_without_a_result_are_typed_errors_with_the_reason(follow, name, note, error, words):
    last = follow(name, note)[-1]
    with pytest.raises(error) as raised:
        last.unwrap()
    assert words in str(raised.value)
    assert raised.value.run is last


def test_a_canceled_run(follow):
    last = follow("run-canceled", "slow then cancel")[-1]
    with pytest.raises(RunCanceledError, match="Canceled by user"):
        last.unwrap()


@pytest.mark.parametrize("note", ["string", "undefined", "null", "number", "superjson"])
def test_outputs_are_what_retrieve_says(wire, polls, follow, note):
    """The feed has packets where the API has decoded values: both must mean the same."""
    exchanges = polls("run-endings", f"{note} output")
    path = f"/api/v3/runs/{urlsplit(exchanges[0]['path']).path.rpartition('/')[2]}"
    (body,) = [json.loads(e["response"]) for e in wire.recorded("run-endings") if e["path"] == path]
    output = follow("run-endings", f"{note} output")[-1].unwrap()
    if note == "superjson":  # dates, maps and sets live only in the packet
        assert output.keys() == body["output"].keys()
    else:
        assert output == body.get("output")
