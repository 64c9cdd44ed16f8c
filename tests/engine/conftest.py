"""A real engine process on loopback, and a worker reduced to its HTTP calls."""

import json
import os
import re
import signal
import subprocess
import sys

import httpx
import pytest
from patience import PATIENCE, until

from trigger_widgets.processes import ProcessIdentity


class Engine:
    """An engine process on a data directory; `start` again after `kill` or `stop`."""

    def __init__(self, data_dir, *arguments):
        self.data_dir = data_dir
        self.arguments = arguments
        self.clients = []
        self.start()

    def start(self):
        (self.data_dir / "engine.json").exists() and self._forget()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TRIGGER_")}
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "trigger_widgets.engine",
                "--data-dir", str(self.data_dir), *self.arguments,
            ],
            stderr=subprocess.PIPE,
            env=environment,
        )  # fmt: skip

        def ready():
            assert self.process.poll() is None, self.process.stderr.read().decode()
            file = self.file()
            return file if file and file["pid"] == self.process.pid else None

        file = until(ready)
        self.url = f"http://127.0.0.1:{file['port']}"
        self.key = file["secret_key"]
        self.http = self.client(self.key)

    def _forget(self):
        for client in self.clients:
            client.close()
        self.clients = []

    def file(self):
        try:
            return json.loads((self.data_dir / "engine.json").read_text())
        except FileNotFoundError:
            return None

    def client(self, token=None, **headers):
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        client = httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE)
        self.clients.append(client)
        return client

    def kill(self):
        self.process.kill()
        self._end()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self._end()

    def _end(self):
        self.process.wait(PATIENCE)
        self.process.stderr.close()
        self._forget()

    # what callers do

    def trigger(self, task, payload=None, **options):
        body = {"payload": payload, "options": options}
        answer = self.http.post(f"/api/v1/tasks/{task}/trigger", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def retrieve(self, run, **headers):
        answer = self.http.get(
            f"/api/v3/runs/{run}", headers={"x-trigger-api-version": "2025-07-16", **headers}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def status(self, run):
        return self.retrieve(run)["status"]

    def until(self, run, status):
        return until(lambda: (r := self.retrieve(run))["status"] == status and r)

    def feed_row(self, run):
        answer = self.http.get(f"/realtime/v1/runs/{run}?offset=-1")
        assert answer.status_code == 200, answer.text
        return answer.json()[0]["value"]

    def mint(self, *scopes):
        answer = self.http.post("/api/v1/auth/public-tokens", json={"scopes": list(scopes)})
        return answer.json()["token"]

    def worker(self, *tasks, **more):
        return Worker(self, tasks, **more)


class Worker:
    """Registers `tasks` (ids or task objects). With a `process` it says which process it is."""

    def __init__(self, engine, tasks, *, process=None, origin=None, label="a test", content="1"):
        self.engine = engine
        metadata = {
            "packageVersion": "0",
            "contentHash": content + "".join(str(task) for task in tasks),
            "runtime": "python",
            "tasks": [
                {"filePath": "tasks.py", **({"id": task} if isinstance(task, str) else task)}
                for task in tasks
            ],
        }
        if process is not None:
            identity = ProcessIdentity.of(process.pid)
            metadata["process"] = {
                "pid": identity.pid,
                "started": identity.started,
                "origin": origin or f"kernel:{process.pid}",
                "label": label,
            }
        answer = engine.http.post(
            "/api/v1/projects/proj_embedded/background-workers",
            json={"localOnly": True, "engine": "V2", "metadata": metadata},
        )
        assert answer.status_code == 200, answer.text
        self.id, self.version = answer.json()["id"], answer.json()["version"]

    def dequeue(self, wait=30, http=None):
        answer = (http or self.engine.http).post(
            f"/engine/v1/dev/dequeue?wait={wait}",
            json={"currentWorker": self.id, "oldWorkers": []},
        )
        assert answer.status_code == 200, answer.text
        messages = answer.json()["dequeuedMessages"]
        return Attempt(self.engine, messages[0]) if messages else None

    def execute(self, wait=30):
        """Dequeue and start."""
        attempt = self.dequeue(wait)
        assert attempt is not None, "there was no run"
        attempt.start()
        return attempt


class Attempt:
    """A run that a worker holds."""

    def __init__(self, engine, message):
        self.engine = engine
        self.message = message
        self.run = message["run"]["friendlyId"]
        self.snapshot = message["snapshot"]["friendlyId"]

    def post(self, action, body):
        path = f"/engine/v1/dev/runs/{self.run}/snapshots/{self.snapshot}/{action}"
        return self.engine.http.post(path, json=body)

    def start(self):
        answer = self.post("attempts/start", {})
        assert answer.status_code == 200, answer.text
        self.execution = answer.json()["execution"]
        self.snapshot = answer.json()["snapshot"]["friendlyId"]
        return self.execution

    def complete(self, output='{"json":1}', **more):
        completion = {"ok": True, "id": self.run, "output": output}
        completion |= {"outputType": "application/super+json", **more}
        return self.end(completion)

    def fail(self, error=None, **more):
        error = error or {
            "type": "BUILT_IN_ERROR", "name": "ValueError", "message": "no", "stackTrace": "at …",
        }  # fmt: skip
        return self.end({"ok": False, "id": self.run, "error": error, **more})

    def end(self, completion):
        answer = self.post("attempts/complete", {"completion": completion})
        assert answer.status_code == 200, answer.text
        result = answer.json()["result"]
        self.snapshot = result["snapshot"]["friendlyId"]
        return result["attemptStatus"]


@pytest.fixture(scope="session")
def shared_engine(tmp_path_factory):
    engine = Engine(tmp_path_factory.mktemp("engine") / "data", "--port", "0")
    yield engine
    engine.stop()


@pytest.fixture
def engine(shared_engine):
    """The one engine of the session: use task ids of the test's own."""
    return shared_engine


@pytest.fixture
def own_engine(tmp_path):
    """An engine of the test's own, to be killed and started again."""
    engine = Engine(tmp_path / "data")
    yield engine
    if engine.process.poll() is None:
        engine.kill()
    engine.process.stderr.close()


@pytest.fixture
def task(request):
    """A task id that no other test uses."""
    return re.sub(r"\W+", "-", f"{request.path.stem}-{request.node.name}")


@pytest.fixture
def sleeper():
    """Makes processes that a worker can claim to be."""
    made = []

    def make():
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        made.append(process)
        return process

    yield make
    for process in made:
        process.kill()
        process.wait()
        process.stdin.close()
