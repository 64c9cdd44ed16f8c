"""`trigger-widgets dev` as people start it: a process."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE, until

from trigger_widgets.cli import stop_engine
from trigger_widgets.client import Trigger
from trigger_widgets.engine_file import EngineFile
from trigger_widgets.errors import RunCanceledError
from trigger_widgets.runtime import start_engine

TASKS = """
import os, time
from trigger_widgets.tasks import metadata, task
print("while loading")

@task(id="who")
def who(payload):
    return ANSWER

@task(id="sleeps")
def sleeps(payload):
    metadata.set("pid", os.getpid())
    time.sleep(60)
"""


class Dev:
    def __init__(self, *arguments, cwd, environ=None):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "trigger_widgets.cli", "dev", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={**os.environ, **(environ or {})},
        )

    def ready(self):
        self.info = json.loads(self.process.stdout.readline())
        return Trigger(api_url=self.info["api_url"], access_token=self.info["secret_key"])

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def start_dev(tmp_path):
    started = []

    def start(*arguments, **options):
        dev = Dev(*arguments, cwd=tmp_path, **options)
        started.append(dev)
        return dev

    yield start
    for dev in started:
        if dev.process.poll() is None:
            dev.process.terminate()
            try:
                dev.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                dev.process.kill()
                dev.process.wait()
        dev.process.stdout.close()
        dev.process.stderr.close()


@pytest.fixture
def tasks_file(tmp_path):
    def write(name="tasks.py", answer="'it'"):
        path = tmp_path / name
        path.write_text(TASKS.replace("ANSWER", answer))
        return path

    return write


def children(pid):
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


ELSEWHERE = {"TRIGGER_SECRET_KEY": "tr_dev_other", "TRIGGER_API_URL": "http://127.0.0.1:9"}
"""What the environment says is not its business."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_json_end_to_end_and_a_clean_stop(start_dev, tasks_file, tmp_path, number):
    arguments = ("--json", "--port", "0", "--data-dir", tmp_path / "data")
    dev = start_dev(tasks_file(), *arguments, environ=ELSEWHERE)
    with dev.ready() as client:
        assert dev.info["pid"] == dev.process.pid
        assert client.tasks.trigger("who").result(timeout=PATIENCE) == "it"
        run = client.tasks.trigger("sleeps")
        until(lambda: client.runs.retrieve(run).metadata, "the start")
        below = children(dev.process.pid)
        assert len(below) >= 3  # the engine and a pool
        assert dev.stop(number) == 0  # and does not wait for the one that sleeps
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below), "the end of all")
    assert dev.process.stdout.read() == ""
    assert dev.process.stderr.read() == "while loading\n"


@pytest.mark.slow
def test_without_options_it_attaches_to_the_users_engine(start_dev, tasks_file, tmp_path):
    tasks_file()
    data = tmp_path / "user"
    dev = start_dev(environ={"TRIGGER_WIDGETS_DATA_DIR": str(data)})
    assert "who, sleeps from tasks.py" in dev.process.stdout.readline()
    file = EngineFile.read(data)
    assert file.endpoint.api_url in dev.process.stdout.readline()
    with Trigger(api_url=file.endpoint.api_url, access_token=file.secret_key) as client:
        client.tasks.trigger("who").result(timeout=PATIENCE)
    assert dev.process.stdout.readline() == "Ctrl-C stops.\n"
    assert dev.process.stdout.readline().endswith("started\n")
    assert "completed after" in dev.process.stdout.readline()
    assert dev.stop() == 0
    assert file.is_running()
    engine = [sys.executable, "-m", "trigger_widgets.cli", "engine"]
    environ = {**os.environ, "TRIGGER_WIDGETS_DATA_DIR": str(data)}
    said = [
        subprocess.run([*engine, action], env=environ, capture_output=True, text=True, check=True)
        for action in ("status", "stop", "status")
    ]
    assert f"is running at {file.endpoint} (pid {file.pid})" in said[0].stdout
    assert f"The engine (pid {file.pid}) has stopped" in said[1].stdout
    assert "No engine is running" in said[2].stdout
    assert not any(file.secret_key.get_secret_value() in each.stdout for each in said)


@pytest.mark.slow
def test_it_waits_for_an_engine_that_was_stopped_and_says_so(start_dev, tasks_file, tmp_path):
    tasks_file()
    data = tmp_path / "user"
    dev = start_dev(environ={"TRIGGER_WIDGETS_DATA_DIR": str(data)})
    assert "ready" in dev.process.stdout.readline()
    assert dev.process.stderr.readline() == "while loading\n"
    stop_engine(data)
    assert "the engine was stopped" in dev.process.stderr.readline()
    file, _ = start_engine(data)
    assert "the engine is back" in dev.process.stderr.readline()
    with Trigger(api_url=file.endpoint.api_url, access_token=file.secret_key) as client:
        assert client.tasks.trigger("who").result(timeout=PATIENCE) == "it"
    assert dev.stop() == 0
    stop_engine(data)


def test_a_stop_names_the_runs_that_it_cancels(start_dev, tasks_file, tmp_path):
    data = tmp_path / "data"
    dev = start_dev(tasks_file(), "--data-dir", data)
    assert "ready" in dev.process.stdout.readline()
    at = EngineFile.read(data).endpoint
    with Trigger(api_url=at.api_url, access_token=at.access_token) as client:
        run = client.tasks.trigger("sleeps")
        until(lambda: client.runs.retrieve(run).metadata, "the start")
    assert dev.stop(signal.SIGINT) == 0
    last = dev.process.stdout.read().splitlines()[-1]
    assert last == f"Stopped; 1 run was under way and canceled: sleeps {run.id}."


def test_a_folder_without_tasks(start_dev):
    dev = start_dev()
    assert dev.process.wait(PATIENCE) == 2
    assert dev.process.stderr.read().startswith("there is no tasks.py in this folder; name the")


@pytest.mark.slow
def test_two_workers_with_the_same_task_id_and_other_code(start_dev, tasks_file, tmp_path):
    """A run that is tied to a worker's version is that process's; a plain id is the newest's."""
    data = str(tmp_path / "user")
    environ = {"TRIGGER_WIDGETS_DATA_DIR": data}
    devs = []
    for name in ("one", "two"):
        dev = start_dev(tasks_file(f"{name}.py", repr(name)), environ=environ)
        assert "ready" in dev.process.stdout.readline()
        devs.append(dev)
    at = EngineFile.read(Path(data)).endpoint
    with Trigger(api_url=at.api_url, access_token=at.access_token) as client:
        run = client.tasks.trigger("who")
        assert run.result(timeout=PATIENCE) == "two"
        second = client.runs.retrieve(run).version
        day, _, number = second.partition(".")
        first = f"{day}.{int(number) - 1}"
        runs = [(v, client.tasks.trigger("who", version=v)) for v in (first, second) * 5]
        expected = {first: "one", second: "two"}
        for version, each in runs:
            assert each.result(timeout=PATIENCE) == expected[version]
    stop_engine(Path(data))


def test_its_own_engine_is_started_again_when_it_dies(start_dev, tasks_file, tmp_path):
    data = tmp_path / "data"
    dev = start_dev(tasks_file(), "--json", "--data-dir", data)
    with dev.ready() as client:
        assert client.tasks.trigger("who").result(timeout=PATIENCE) == "it"
        killed = EngineFile.read(data).pid
        os.kill(killed, signal.SIGKILL)
        # not only whether there is one: what was killed takes a moment to end
        until(lambda: EngineFile.read(data).pid != killed, "the restart")
        assert client.tasks.trigger("who").result(timeout=PATIENCE) == "it"


def test_a_file_that_cannot_be_used(start_dev, tmp_path):
    """One of many reasons; the others are those of tests/worker/test_loading.py."""
    (tmp_path / "bad.py").write_text("def f(:")
    dev = start_dev("bad.py", "--port", "0")
    assert dev.process.wait(PATIENCE) == 2
    words = "bad.py, line 1 is not valid Python: invalid syntax.\n"
    assert dev.process.stderr.read() == words
    assert dev.process.stdout.read() == ""
    assert children(dev.process.pid) == []


@pytest.mark.slow
def test_a_killed_command_leaves_no_pool_behind(start_dev, tasks_file, tmp_path):
    data = tmp_path / "data"
    dev = start_dev(tasks_file(), "--json", "--data-dir", data)
    with dev.ready() as client:
        run = client.tasks.trigger("sleeps")
        pid = until(lambda: client.runs.retrieve(run).metadata.get("pid"), "the start")
        dev.process.kill()
        dev.process.wait()
        until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the pool")
        run.cancel()
        with pytest.raises(RunCanceledError):
            run.result(timeout=PATIENCE)
    # its engine ends by itself after an idle minute; the test does not wait for it
    os.kill(EngineFile.read(data).pid, signal.SIGTERM)
