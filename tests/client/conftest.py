"""A real engine process, and a worker made by hand, so that only the client is under test."""

import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest

from trigger_widgets import client as clients
from trigger_widgets.engine_file import EngineFile
from trigger_widgets.processes import ProcessIdentity
from trigger_widgets.realtime.loop import close_background_loop


class Engine:
    """An engine process on a data directory, which can be killed and started again."""

    def __init__(self, data_dir):
        self.data_dir = data_dir
        self.process = None
        self.start()

    def start(self):
        command = [sys.executable, "-m", "trigger_widgets.engine", "--idle-minutes", "0"]
        self.process = subprocess.Popen([*command, "--data-dir", str(self.data_dir)])
        deadline = time.monotonic() + 20
        while not ((file := EngineFile.read(self.data_dir)) and file.pid == self.process.pid):
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.01)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(10)

    @property
    def endpoint(self):
        return EngineFile.read(self.data_dir).endpoint


class HandWorker:
    """The calls of a development worker (worker-protocol.md), one run at a time."""

    def __init__(self, endpoint, *task_ids):
        key = endpoint.access_token.get_secret_value()
        self.http = httpx.Client(
            base_url=endpoint.api_url, headers={"authorization": f"Bearer {key}"}, timeout=20
        )
        pid, started = ProcessIdentity.current()
        process = {"pid": pid, "started": started, "origin": "test", "label": "a test"}
        metadata = {
            "packageVersion": "4.5.12",
            "contentHash": "x",
            "tasks": [{"id": task, "filePath": "tasks.py"} for task in task_ids],
            "process": process,
        }
        body = {"localOnly": True, "engine": "V2", "metadata": metadata}
        self.id = self._post("/api/v1/projects/proj_embedded/background-workers", body)["id"]

    def start(self):
        """Take the next run; gives its id and the snapshot to complete it with."""
        body = {"currentWorker": self.id, "oldWorkers": []}
        (message,) = self._post("/engine/v1/dev/dequeue", body)["dequeuedMessages"]
        run, snapshot = message["run"]["friendlyId"], message["snapshot"]["friendlyId"]
        path = f"/engine/v1/dev/runs/{run}/snapshots/{snapshot}/attempts/start"
        self.execution = (started := self._post(path, {}))["execution"]
        return run, started["snapshot"]["friendlyId"]

    def complete(self, run, snapshot, **completion):
        path = f"/engine/v1/dev/runs/{run}/snapshots/{snapshot}/attempts/complete"
        return self._post(path, {"completion": {"id": run, **completion}})

    def succeed(self, run, snapshot, output, output_type="application/super+json"):
        return self.complete(run, snapshot, ok=True, output=output, outputType=output_type)

    def _post(self, path, body):
        response = self.http.post(path, json=body)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def engine(tmp_path):
    engine = Engine(tmp_path / "engine")
    yield engine
    if engine.process.poll() is None:
        engine.stop()


@pytest.fixture
def worker(engine):
    worker = HandWorker(engine.endpoint, "task")
    yield worker
    worker.http.close()


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch):
    """The default client, the embedded engine and the background loop end with the test."""
    monkeypatch.setattr(clients._Shared, "embedded", None)
    monkeypatch.setattr(clients._Shared, "client", None)
    yield
    if clients._Shared.client is not None:
        clients._Shared.client.close()
    close_background_loop()


@pytest.fixture
def client(engine):
    at = engine.endpoint
    with clients.Trigger(api_url=at.api_url, secret_key=at.access_token) as client:
        yield client


@pytest.fixture
def in_thread():
    """Run something beside the test; its exception is the test's."""
    failures, threads = [], []

    def start(function, *args):
        def run():
            try:
                function(*args)
            except BaseException as e:
                failures.append(e)

        thread = threading.Thread(target=run)
        thread.start()
        threads.append(thread)

    yield start
    for thread in threads:
        thread.join(20)
    assert not failures
