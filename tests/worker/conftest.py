"""A real engine in a process of its own, workers on it, and a client."""

import signal
import subprocess

import pytest
from patience import PATIENCE, until

from trigger_widgets import runtime
from trigger_widgets.client import Trigger, configure, default_client
from trigger_widgets.engine_file import EngineFile
from trigger_widgets.realtime.loop import close_background_loop
from trigger_widgets.tasks.definition import own
from trigger_widgets.tasks.registry import Registry
from trigger_widgets.worker.own_executor import OwnExecutor
from trigger_widgets.worker.pool_executor import PoolEvents, PoolExecutor
from trigger_widgets.worker.worker import Worker


class EngineProcess:
    def __init__(self, data_dir):
        self.data_dir = data_dir
        self.file, self.process = runtime.start_engine(data_dir)

    def locate(self):
        return EngineFile.read(self.data_dir).endpoint

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self):
        self.file, self.process = runtime.start_engine(self.data_dir)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()


@pytest.fixture
def engine(tmp_path):
    process = EngineProcess(tmp_path / "engine")
    yield process
    process.stop()


@pytest.fixture
def client(engine):
    at = engine.locate()
    with Trigger(api_url=at.api_url, access_token=at.access_token) as client:
        yield client


@pytest.fixture
def embedded(engine, monkeypatch):
    """The default client speaks to the engine as to the embedded one, as in a notebook."""
    monkeypatch.setattr("trigger_widgets.client._Shared.embedded", engine.locate)
    monkeypatch.setattr("trigger_widgets.client._Shared.own", own)
    configure()
    yield
    default_client().close()
    close_background_loop()  # a feed that is left would look for an engine, and start one


@pytest.fixture
def registry(monkeypatch):
    """A registry of the test's own behind `@task`."""
    registry = Registry()
    for room in ("definition", "children"):
        monkeypatch.setattr(f"trigger_widgets.tasks.{room}.registry", registry)
    return registry


@pytest.fixture
def start_worker(engine, registry):
    """Start a worker with the tasks defined so far, in threads or in another executor."""
    workers = []

    def start(executor=None, *, tasks=None, listener=None, locate=None, slots=None):
        worker = Worker(
            locate or engine.locate,
            origin=f"test:{len(workers)}",
            label="a test",
            project_ref="proj_embedded",
            executor=executor or OwnExecutor(registry, locate or engine.locate, slots),
            listener=listener,
        )
        workers.append(worker)
        worker.start()
        if executor is None:
            worker.sync_tasks(registry.tasks() if tasks is None else tasks)
            assert worker.version
        return worker

    yield start
    for worker in workers:
        worker.stop()


@pytest.fixture
def start_pool_of(engine, start_worker, tmp_path):
    """Start a worker with a pool of processes for a file of tasks."""

    def start(source, slots=2):
        file = tmp_path / "tasks.py"
        file.write_text(source)
        problems, loads = [], []

        def loaded(tasks):
            loads.append(tasks)
            worker.sync_tasks(tasks)

        events = PoolEvents(
            loaded=loaded, problem=lambda text, first: problems.append(text), output=lambda *_: None
        )
        pool = PoolExecutor([file], engine.locate, events, slots)
        worker = start_worker(pool)
        pool.file, pool.problems, pool.loads, pool.worker = file, problems, loads, worker
        until(lambda: loads or problems, "loading")
        return pool

    return start
