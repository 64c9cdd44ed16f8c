"""A real engine process, and a worker made by hand, so that only the client is under test."""

import asyncio
import inspect
import re
import signal
import subprocess
import sys
import threading

import httpx
import pytest
from patience import PATIENCE, until

from trigger_widgets import client as clients
from trigger_widgets.engine_file import EngineFile
from trigger_widgets.models import RunStatus
from trigger_widgets.processes import ProcessIdentity
from trigger_widgets.realtime.batch import AsyncBatchHandle
from trigger_widgets.realtime.handle import AsyncRunHandle
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

        def is_there():
            assert self.process.poll() is None
            file = EngineFile.read(self.data_dir)
            return file and file.pid == self.process.pid

        until(is_there, "the engine")

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(PATIENCE)

    @property
    def endpoint(self):
        return EngineFile.read(self.data_dir).endpoint


class HandWorker:
    """The calls of a development worker (worker-protocol.md), one run at a time.

    It is this process, of which an engine knows one registration; or a `stranger` to it.
    """

    def __init__(self, endpoint, *task_ids, stranger=False):
        key = endpoint.access_token.get_secret_value()
        self.http = httpx.Client(
            base_url=endpoint.api_url, headers={"authorization": f"Bearer {key}"}, timeout=PATIENCE
        )
        pid, started = ProcessIdentity.current()
        process = {"pid": pid, "started": started, "origin": "test", "label": "a test"}
        metadata = {
            "packageVersion": "4.5.12",
            "contentHash": "".join(task_ids),
            "tasks": [{"id": task, "filePath": "tasks.py"} for task in task_ids],
            **({} if stranger else {"process": process}),
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
def engine(request, tmp_path, shared_engine):
    """The shared engine, where nobody waits for `worker` after the test; or one to be killed."""
    if getattr(request, "param", None) == "own":
        own = Engine(tmp_path / "engine")
        yield own
        if own.process.poll() is None:
            own.stop()
        return
    yield shared_engine
    at = shared_engine.endpoint
    with clients.Trigger(api_url=at.api_url, secret_key=at.access_token) as client:
        left = [status for status in RunStatus if not status.is_terminal]
        for run in client.runs.list(status=left, task="task"):
            client.runs.cancel(run)


@pytest.fixture(scope="session")
def shared_engine(tmp_path_factory):
    """For tests that do nothing to the engine itself; its tasks have names of their own."""
    engine = Engine(tmp_path_factory.mktemp("engine") / "data")
    yield engine
    engine.stop()


@pytest.fixture
def owner(shared_engine):
    """A client that may do everything."""
    at = shared_engine.endpoint
    with clients.Trigger(api_url=at.api_url, secret_key=at.access_token) as client:
        yield client


@pytest.fixture
def task(request):
    """A task id that no other test uses."""
    return re.sub(r"\W+", "-", request.node.name)


@pytest.fixture
def hand(shared_engine, task):
    """A worker that has `task`."""
    worker = HandWorker(shared_engine.endpoint, task, stranger=True)
    yield worker
    worker.http.close()


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


class Awaited:
    """An `AsyncTrigger`, and what hangs on it, called as if it were a `Trigger`."""

    def __init__(self, thing, runner):
        self._thing = thing
        self._runner = runner

    def __getattr__(self, name):
        found = getattr(self._thing, name)
        if callable(found):
            return lambda *args, **kwargs: self._wait_for(found, args, kwargs)
        return Awaited(found, self._runner) if type(found).__module__.startswith(OURS) else found

    def _wait_for(self, function, args, kwargs):
        async def call():
            found = function(*args, **kwargs)
            if inspect.isawaitable(found):
                return await found
            return [one async for one in found] if hasattr(found, "__aiter__") else found

        found = self._runner.run(call())
        return Awaited(found, self._runner) if isinstance(found, HANDLES) else found


OURS = "trigger_widgets.client"
HANDLES = (AsyncRunHandle, AsyncBatchHandle)


@pytest.fixture(params=["Trigger", "AsyncTrigger"])
def either(request, shared_engine):
    """One test for both clients: each call waits for its result, each list is a list."""
    at = shared_engine.endpoint
    at = {"api_url": at.api_url, "secret_key": at.access_token}
    if request.param == "Trigger":
        with clients.Trigger(**at) as client:
            yield client
        return
    with asyncio.Runner() as runner:
        client = clients.AsyncTrigger(**at)
        yield Awaited(client, runner)
        runner.run(client.close())


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
        thread.join(PATIENCE)
    assert not failures
