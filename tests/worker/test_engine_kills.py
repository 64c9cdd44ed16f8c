"""`kill -9` of the engine at random moments, under real clients and a real worker.

Nothing that was acknowledged is lost, no part is there twice, and every run ends.
"""

import itertools
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest
from patience import until
from worker.streams import HTTP, parts_of, trigger_with

from trigger_widgets.client import Trigger
from trigger_widgets.errors import TriggerError
from trigger_widgets.models import RunStatus
from trigger_widgets.tasks import metadata, streams, task, wait

PARTS = 12
STORY = streams.define("story", int)
CALLERS = 2
READERS = 50
LONGEST_LIFE = 0.25
ENDS_WITHIN = 60


@pytest.fixture
def story(registry):
    """A task that has everything stored that a task can have stored."""

    @task(id="story", retry={"max_attempts": 1})
    def story(payload):
        STORY.pipe(range(PARTS))
        for i in range(PARTS):
            metadata.increment("count", 1)
            metadata.append("steps", i)
            if i % 4 == 0:
                metadata.flush()
                STORY.append(PARTS + i // 4)
        wait.sleep(0.05)
        return wait.for_token(payload["token"]).unwrap()

    return story


@dataclass
class Told:
    """What a caller was told of one of its runs."""

    number: int
    notes: list[str] = field(default_factory=list)


class Caller:
    """Triggers runs and decides their tokens, and remembers what was acknowledged."""

    def __init__(self, engine, stop):
        self._engine, self._stop = engine, stop
        self._random = random.Random()
        self.told = {}

    def __call__(self):
        at = self._engine.locate()
        with Trigger(api_url=at.api_url, access_token=at.access_token) as client:
            for number in itertools.count():
                if self._stop.is_set():
                    return
                token = self._insist(client.wait.create_token, timeout="10m")
                run = self._insist(self._trigger, client, {"token": token.id})
                self.told[run.id] = Told(number)
                for text in ("a", "b", "c"):
                    self._note(client, run, text)
                self._insist(client.wait.complete_token, token, number)

    def _trigger(self, client, payload):
        if self._random.random() < 0.5:
            return trigger_with(client, "story", "v1", payload)
        return client.tasks.trigger("story", payload)

    def _note(self, client, run, text):
        try:
            client.streams.append(run, text, "notes")
        except TriggerError:
            return  # it may be there, or not
        self.told[run.id].notes.append(text)

    def _insist(self, call, *arguments, **options):
        """An engine may be away for longer than one call is patient."""
        while True:
            try:
                return call(*arguments, **options)
            except (TriggerError, httpx.HTTPError):
                if self._stop.is_set() and self._engine.process.poll() is not None:
                    raise  # it could not be started again
                time.sleep(0.01)


@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=pytest.mark.slow)])
def test_kills_at_random_moments(engine, start_worker, client, story, kills):
    start_worker(slots=8)
    stop = threading.Event()
    callers = [Caller(engine, stop) for _ in range(CALLERS)]
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(caller) for caller in callers]
        try:
            for _ in range(kills):
                time.sleep(random.uniform(0, LONGEST_LIFE))  # a moment, not a condition
                engine.kill()
                engine.restart()
        finally:
            stop.set()
        for call in calls:
            call.result()
    until(lambda: not unfinished(client), "the end of every run", ENDS_WITHIN)
    with ThreadPoolExecutor(READERS) as pool:
        runs = [item for caller in callers for item in caller.told.items()]
        assert runs
        list(pool.map(lambda item: check(client, *item), runs))


def check(client, run_id, told):
    """What was acknowledged is there, once, and in its order."""
    run = client.runs.retrieve(run_id)
    assert (run.status, run.output, run.attempt_count) == (RunStatus.COMPLETED, told.number, 1)
    assert run.metadata == {"count": PARTS, "steps": list(range(PARTS))}
    assert parts_of(client, run, "story") == list(range(PARTS + 3))
    kept = parts_of(client, run, "notes") if told.notes else []
    assert max(Counter(kept).values(), default=1) == 1
    assert [text for text in kept if text in told.notes] == told.notes


def unfinished(client):
    """The runs that have not ended, also those whose trigger nobody heard of."""
    at = client.endpoint
    waiting = ["PENDING_VERSION", "QUEUED", "DEQUEUED", "EXECUTING", "WAITING"]
    found = HTTP.get(
        f"{at.api_url}/api/v1/runs",
        params={"filter[status]": ",".join(waiting)},
        headers={"authorization": f"Bearer {at.access_token.get_secret_value()}"},
    )
    return found.raise_for_status().json()["data"]
