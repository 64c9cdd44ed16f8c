"""Real kernels and what happens to them: several, killed, restarted, busy in C, stopped."""

import os
import signal
import subprocess
import sys

import pytest
from patience import PATIENCE, until
from worker.kernels import Kernel
from worker.scaled import ImpatientEngine
from worker.support import output_of

from trigger_widgets.cli import stop_engine
from trigger_widgets.client import Trigger
from trigger_widgets.engine_file import EngineFile
from trigger_widgets.errors import RunCrashedError

LONG = 60


@pytest.fixture
def data_dir(tmp_path):
    """The user's; its engine is stopped at the end, whoever has started it."""
    yield tmp_path / "data"
    stop_engine(tmp_path / "data")


@pytest.fixture
def start_kernel(data_dir, tmp_path):
    kernels = []

    def start():
        kernels.append(Kernel(data_dir, tmp_path))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.stop()


@pytest.fixture
def client_of(data_dir):
    """A client of the user's engine, which runs by now."""
    clients = []

    def connect():
        at = EngineFile.read(data_dir).endpoint
        clients.append(Trigger(api_url=at.api_url, access_token=at.access_token))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


SAME = """
from trigger_widgets import task

@task(id="same")
def same(payload):
    return {name!r}
"""
FIVE = "print({run.result(60) for run in [same.trigger() for _ in range(5)]})"


@pytest.mark.slow  # tests/worker/test_dev.py has two workers of one id without the kernels
def test_two_kernels_and_dev_with_one_task_id(start_kernel, client_of, data_dir, tmp_path):
    """A task object is its own process's; a plain id is the newest's, and the next one's then."""
    one, two = start_kernel(), start_kernel()
    for name, kernel in (("one", one), ("two", two)):
        kernel.run(SAME.format(name=name))
        assert kernel.run(FIVE) == f"{{{name!r}}}"
    (tmp_path / "tasks.py").write_text(SAME.format(name="dev"))
    environ = {**os.environ, "TRIGGER_WIDGETS_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "trigger_widgets.cli", "dev", "tasks.py"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True
    ) as dev:
        assert "ready" in dev.stdout.readline()
        plain = "from trigger_widgets import trigger; print(trigger('same').result(60))"
        assert [kernel.run(plain) for kernel in (one, two)] == ["dev", "dev"]
        assert [kernel.run(FIVE) for kernel in (one, two)] == ["{'one'}", "{'two'}"]
        dev.kill()
    assert client_of().tasks.trigger("same").result(timeout=LONG) == "two"
    two.kill()
    assert client_of().tasks.trigger("same").result(timeout=LONG) == "one"


DOOMED = """
import time
from trigger_widgets import metadata, task

@task(retry={{"max_attempts": {attempts}}})
def doomed(payload, ctx):
    metadata.set("attempt", ctx.attempt.number)
    time.sleep(0 if ctx.attempt.number > 1 else 600)
    return "at last"

print(doomed.trigger().id)
"""


def test_a_killed_kernel_without_attempts_left_crashes_its_run(start_kernel, client_of):
    kernel = start_kernel()
    run = kernel.run(DOOMED.format(attempts=1))
    client = client_of()
    until(lambda: client.runs.retrieve(run).metadata.get("attempt"), "the start", LONG)
    kernel.kill()
    with pytest.raises(RunCrashedError, match=r"The process that ran it \(a notebook\) died"):
        output_of(client, run, LONG)


@pytest.mark.slow
def test_a_restarted_kernel_takes_up_its_run_once_the_cell_has_run(start_kernel, client_of):
    kernel = start_kernel()
    run = kernel.run(DOOMED.format(attempts=2))
    client = client_of()
    until(lambda: client.runs.retrieve(run).metadata.get("attempt"), "the start", LONG)
    kernel.kill()
    until(lambda: client.runs.retrieve(run).status == "PENDING_VERSION", "the loss", LONG)
    # another notebook that has a task of this name is not given a run of the first
    other = start_kernel()
    assert other.run(DOOMED.format(attempts=1)) != run
    kernel.restart()
    kernel.run(DOOMED.format(attempts=2))
    assert output_of(client, run, LONG) == "at last"
    assert client.runs.retrieve(run).attempt_count == 2


STOPPABLE = """
import time
from pathlib import Path
from trigger_widgets import default_client, task
from trigger_widgets.runtime import _Kernel

@task
def stays(payload):
    while payload and not Path(payload).exists():
        time.sleep(0.05)
    return "done"

run = stays.trigger("go_on")
while not default_client().runs.retrieve(run).status.is_executing:
    time.sleep(0.05)
default_client().runs.subscribe_to_run(run.id)
"""
RECONNECTS = """
lost = _Kernel.worker._api.connections_lost
while _Kernel.worker._api.connections_lost < lost + 3:
    time.sleep(0.05)
"""


@pytest.mark.slow  # tests/worker/test_dev.py has a worker whose engine is stopped
def test_a_stopped_engine_is_left_alone_until_it_is_needed(start_kernel, data_dir, tmp_path):
    kernel = start_kernel()
    kernel.run(STOPPABLE)
    assert "The next trigger" in stop_engine(data_dir)
    (tmp_path / "go_on").touch()  # the run ends while there is nobody to hear of it
    kernel.run(RECONNECTS)
    assert not EngineFile.read(data_dir).is_running()
    assert kernel.run("print(stays.trigger('').result(60))") == "done"
    assert kernel.run("print(run.result(60))") == "done"
    stop_engine(data_dir)
    another = start_kernel()  # on another day
    assert another.run(SAME.format(name="x") + "print(same.trigger().result(60))") == "x"


BUSY = """
import ctypes, threading, time
from pathlib import Path
from trigger_widgets import metadata, task, trigger

@task(id="counts", retry={"max_attempts": 3})
def counts(payload):
    with open("counted", "a") as file:
        file.write(payload + "\\n")
    metadata.set("begun", True)
    while not Path("go_on").exists():
        time.sleep(0.05)
    return payload

first = trigger("counts", "first")
while not Path("counted").exists():
    time.sleep(0.05)
print(first.id)
"""
HOLD_THE_GIL = """
Path("busy").touch()
ctypes.PyDLL(None).sleep({seconds})  # PyDLL keeps the lock: no thread of this process goes on
"""


@pytest.mark.parametrize(
    "seconds",
    [pytest.param(5, id="scaled"), pytest.param(120, id="two minutes", marks=pytest.mark.slow)],
)
def test_a_kernel_that_is_busy_in_c(start_kernel, client_of, data_dir, tmp_path, seconds):
    """Nothing is taken from it, and what was triggered meanwhile runs once, when it is back."""
    patience = seconds / 120
    engine = ImpatientEngine(
        data_dir, start=round(30_000 * patience), beat=round(300_000 * patience)
    )
    try:
        kernel = start_kernel()
        kernel.run(
            f"from trigger_widgets.worker import worker; worker._HOLD_SECONDS = {seconds / 4}"
        )
        first = kernel.run(BUSY)
        client = client_of()
        kernel.begin(HOLD_THE_GIL.format(seconds=seconds))
        until((tmp_path / "busy").exists, "the cell")
        others = [client.tasks.trigger("counts", name) for name in ("second", "third")]
        (tmp_path / "go_on").touch()
        assert kernel.run("print('back')", timeout=seconds + LONG) == "back"
        for run, name in zip([first, *others], ("first", "second", "third"), strict=True):
            assert output_of(client, run, LONG) == name
        counted = (tmp_path / "counted").read_text().split()
        assert sorted(counted) == ["first", "second", "third"]
    finally:
        engine.stop()


@pytest.mark.slow
@pytest.mark.parametrize("who", ["engine", "kernel", "both"])
def test_a_machine_that_slept(start_kernel, client_of, data_dir, tmp_path, who):
    """Longer than anybody is waited for (scaled): one is stopped, or the other, or both."""
    engine = ImpatientEngine(data_dir, start=1_000, beat=2_000, grace=4_000)
    try:
        kernel = start_kernel()
        kernel.run("from trigger_widgets.worker import run_driver as d; d.HEARTBEAT_SECONDS = 0.5")
        first = kernel.run(BUSY)
        client = client_of()
        pids = {"engine": [engine.process.pid], "kernel": [kernel.pid]}
        stopped = pids.get(who) or [engine.process.pid, kernel.pid]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        subprocess.run(["sleep", "5"], check=True)  # the sleep itself, not a wait for something
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        second = client.tasks.trigger("counts", "second")
        (tmp_path / "go_on").touch()
        assert output_of(client, second, LONG) == "second"
        assert output_of(client, first, LONG) == "first"
        counted = (tmp_path / "counted").read_text().split()
        # a kernel that sleeps alone is given up, and its run begins again; on a loaded machine the
        # scaled limits may give it up once more
        first_begun = counted.count("first")
        assert first_begun >= 2 if who == "kernel" else first_begun == 1
        assert counted.count("second") == 1
        assert kernel.run("print('well')", timeout=PATIENCE) == "well"
    finally:
        engine.stop()
