"""What was asked of a real server is asked of the engine, and the answers agree.

Where they do not, and are not meant to, engine/DIFFERENCES.md names the exchange.
"""

import json
import re
import time
from itertools import groupby
from pathlib import Path

import httpx
import pytest
from patience import PATIENCE

from tests.engine.agreement import disagreement
from tests.engine.conftest import Engine
from tests.engine.replay import Actor, Story, WorkerStory
from trigger_widgets import engine as engine_package
from trigger_widgets.models import RunStatus

HERE = Path(__file__).parent
EXCHANGES = json.loads((HERE / "recorded" / "exchanges.json").read_text())
SCENARIOS = {
    name: list(found) for name, found in groupby(EXCHANGES, lambda exchange: exchange["scenario"])
}
DIFFERENCES = (Path(engine_package.__file__).parent / "DIFFERENCES.md").read_text()
NAMED = re.compile(r"`([\w-]+) ([\d, ]+)`")
ENDED = {status for status in RunStatus if status.is_terminal}


def listed():
    """The exchanges that are known to differ."""
    return {
        (scenario, int(number))
        for scenario, numbers in NAMED.findall(DIFFERENCES)
        for number in numbers.split(",")
    }


KNOWN = listed()
WORKER_TASKS = [
    task
    for exchange in SCENARIOS["devworker-00-startup"]
    if exchange["path"].endswith("/background-workers")
    for task in json.loads(exchange["sent"])["metadata"]["tasks"]
] + [{"id": "flaky", "retry": {"maxAttempts": 3, "minTimeoutInMs": 100}}]


@pytest.fixture(scope="module")
def client_engine(tmp_path_factory):
    engine = Engine(tmp_path_factory.mktemp("recorded") / "data", "--port", "0")
    yield engine
    engine.stop()


@pytest.fixture(scope="module")
def actor(client_engine):
    actor = Actor(client_engine)
    yield actor
    actor.stopped.set()


@pytest.fixture(scope="module")
def worker_engine(tmp_path_factory):
    engine = Engine(tmp_path_factory.mktemp("recorded") / "data", "--port", "0")
    yield engine
    engine.stop()


@pytest.mark.parametrize(
    "scenario",
    [
        # a stream is read until it has been silent for a second
        pytest.param(name, marks=pytest.mark.slow if "streams-v" in name else ())
        for name in SCENARIOS
    ],
)
def test_recorded(request, scenario):
    exchanges = SCENARIOS[scenario]
    is_worker = "worker" in scenario
    engine = request.getfixturevalue("worker_engine" if is_worker else "client_engine")
    with httpx.Client(base_url=engine.url, timeout=PATIENCE) as http:
        if is_worker:
            story = WorkerStory(engine, http, exchanges, WORKER_TASKS)
        else:
            story = Story(engine, http, request.getfixturevalue("actor"))
        found = dict(replay(story, exchanges))
        story.close()
    known = {number for name, number in KNOWN if name == scenario}
    new = {number: words for number, words in found.items() if number not in known}
    assert not new, f"not in DIFFERENCES.md: {json.dumps(new, indent=1)}"
    agreeing = known - found.keys()
    assert not agreeing, f"DIFFERENCES.md says they differ, and they agree: {sorted(agreeing)}"


def is_early(exchange, answer):
    """Whether a run that had ended then goes on: what is asked next is about its end."""
    then, now = exchange["body"], answer.json() if answer.text.startswith("{") else None
    if not isinstance(then, dict) or not isinstance(now, dict):
        return False
    return then.get("status") in ENDED and now.get("status") not in ENDED


def replay(story, exchanges):
    """What disagrees, by the number of its exchange."""
    for exchange in exchanges:
        deadline = time.monotonic() + PATIENCE
        number = exchange["seq"]
        while True:
            answer = story.answer(exchange)
            words = disagreement(exchange, answer)
            is_known = (exchange["scenario"], number) in KNOWN
            again = exchange["method"] == "GET" and (not is_known or is_early(exchange, answer))
            if words is None or not again or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        if answer.headers.get("content-type", "").startswith("application/json") and answer.text:
            story.learn(exchange["body"], answer.json())
        if words is not None:
            yield number, words
