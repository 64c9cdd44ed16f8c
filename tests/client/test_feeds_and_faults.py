"""Feeds of a real engine over a network that cuts, resets, stalls, splits and delays."""

import json
import threading
import time

import httpx
import pytest
from faults import FaultProxy
from patience import PATIENCE

from trigger_widgets.client import Trigger
from trigger_widgets.realtime import driver
from trigger_widgets.realtime.driver import Driver

FEW = pytest.param(20, 500, id="20 cuts")
MANY = pytest.param(200, 5000, id="200 cuts", marks=pytest.mark.slow)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """A stall is noticed soon, and nobody waits long to try again."""
    monkeypatch.setattr(Driver, "read_timeout", 2.0)
    monkeypatch.setattr(driver.Backoff, "wait", lambda self: 0.002)


@pytest.fixture
def through(shared_engine):
    """A client of the engine by way of a proxy."""

    def through(proxy):
        key = shared_engine.endpoint.access_token
        return Trigger(api_url=proxy.url, secret_key=key)

    return through


class Seen(list):
    """What a thread of its own has read, to be waited for."""

    def __init__(self, reader):
        super().__init__()
        self._changed = threading.Condition()
        self.is_over = False
        self.thread = threading.Thread(target=self._read, args=(reader,), daemon=True)
        self.thread.start()

    def _read(self, reader):
        try:
            for item in reader:
                with self._changed:
                    self.append(item)
                    self._changed.notify_all()
        finally:
            with self._changed:
                self.is_over = True
                self._changed.notify_all()

    def wait(self, condition, seconds=PATIENCE):
        with self._changed:
            assert self._changed.wait_for(condition, seconds), self[-3:]


class Writer:
    """Writes to a stream as a worker does, many parts at once."""

    def __init__(self, client, run, version):
        at = client.endpoint
        auth = {"authorization": f"Bearer {at.access_token.get_secret_value()}"}
        self.version = version
        self.url = f"{at.api_url}/realtime/v1/streams/{run}/self/out"
        self.http = httpx.Client(headers=auth, timeout=PATIENCE)
        opened = self.http.put(self.url)
        assert opened.json() == {"version": version}
        self.opened = opened.headers
        self.written = 0

    def write(self, parts):
        if self.version == "v1":
            lines = "".join(json.dumps(part) + "\n" for part in parts)
            headers = {"x-client-id": "c", "x-resume-from-chunk": str(self.written)}
            response = self.http.post(self.url, content=lines, headers=headers)
        else:
            name = self.opened["x-s2-stream-name"].replace("/", "%2F")
            records = [
                {"body": json.dumps({"data": part, "id": f"{self.written + n:07}"})}
                for n, part in enumerate(parts)
            ]
            response = self.http.post(
                f"{self.opened['x-s2-endpoint']}/streams/{name}/records",
                json={"records": records},
                headers={
                    "authorization": f"Bearer {self.opened['x-s2-access-token']}",
                    "s2-basin": self.opened.get("x-s2-basin", ""),
                    "s2-format": "raw",
                },
            )
        assert response.status_code < 300, response.text
        self.written += len(parts)


@pytest.mark.parametrize(("cuts", "count"), [FEW, MANY])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_part_once_and_in_order(owner, hand, task, through, version, cuts, count):  # noqa: PLR0917 - fixtures
    auth = {"authorization": f"Bearer {owner.endpoint.access_token.get_secret_value()}"}
    url = f"{owner.endpoint.api_url}/api/v1/tasks/{task}/trigger"
    chosen = {**auth, "x-trigger-realtime-streams-version": version}
    httpx.post(url, json={"payload": {}}, headers=chosen)
    run, snapshot = hand.start()
    writer = Writer(owner, run, version)
    parts = [f"{n} \u00fc {'x' * (n % 30)}" for n in range(count)]
    with (
        FaultProxy(owner.endpoint.api_url, on="/streams/", cuts=cuts) as proxy,
        through(proxy) as client,
        client.streams.read(run, "out", timeout=300) as reader,
    ):
        seen = Seen(reader)
        for start in range(0, count, 25):
            writer.write(parts[start : start + 25])
            # one by one, so that it is cut all along and not only at the beginning
            seen.wait(lambda: len(seen) >= writer.written)
        while proxy.left:  # what is left of the cuts hits the idle connection
            writer.write(["more"] * 10)
            parts += ["more"] * 10
            seen.wait(lambda: len(seen) >= writer.written)
        hand.succeed(run, snapshot, "{}")
        seen.wait(lambda: seen.is_over)
    assert list(seen) == parts
    assert proxy.made == cuts
    writer.http.close()


@pytest.mark.parametrize("cuts", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_a_runs_last_state_arrives_and_none_goes_back(owner, hand, through, task, cuts):
    owner.tasks.trigger(task, {"big": "x" * 1000})
    run, snapshot = hand.start()
    with (
        # a whole answer has 2 KB: some pass, or it were a server that is not there
        FaultProxy(owner.endpoint.api_url, on="/v1/runs/", cuts=cuts, most=8000) as proxy,
        through(proxy) as client,
        client.runs.subscribe_to_run(run, timeout=300) as reader,
    ):
        seen = Seen(reader)
        number = 0
        while proxy.left:
            number += 1
            owner.runs.update_metadata(run, {"step": number})
            deadline = time.monotonic() + 0.02
            while proxy.left and time.monotonic() < deadline:
                time.sleep(0.002)
        owner.runs.update_metadata(run, {"step": "last"})
        hand.succeed(run, snapshot, '{"json":"done"}')
        seen.wait(lambda: seen.is_over)
    assert seen[-1].status == "COMPLETED"
    assert seen[-1].output == "done"
    assert seen[-1].metadata == {"step": "last"}
    steps = [state.metadata.get("step", 0) for state in seen if state.metadata != {"step": "last"}]
    assert steps == sorted(steps)
    assert proxy.made == cuts
