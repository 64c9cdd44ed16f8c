"""Files of tasks that change while their runs come in, on a real engine."""

from pathlib import Path

import pytest
from patience import PATIENCE, until

TASKS = """
import {module}
from trigger_widgets.tasks import task

@task
def t(payload):
    return {module}.word()
"""
ONE_TASK = """
from trigger_widgets.tasks import task

@task
def {name}(payload):
    return "{name}"
"""


@pytest.fixture
def start_pool(start_pool_of):
    return lambda source: start_pool_of(source, 2)


def test_a_changed_file_is_what_the_next_run_executes(start_pool, client):
    pool = start_pool('from trigger_widgets.tasks import task\n@task\ndef t(p): return "old"\n')
    version = pool.worker.version
    assert client.tasks.trigger("t").result(timeout=PATIENCE) == "old"
    pool.file.write_text("from trigger_widgets.tasks import task\n@task\ndef t(p) retur")
    until(lambda: pool.problems, "the complaint")
    assert "line 3" in pool.problems[0]
    assert client.tasks.trigger("t").result(timeout=PATIENCE) == "old"
    pool.file.write_text('from trigger_widgets.tasks import task\n@task\ndef t(p): return "new"\n')
    until(lambda: len(pool.loads) > 1, "the reload")
    assert client.tasks.trigger("t").result(timeout=PATIENCE) == "new"
    assert pool.worker.version != version


def test_a_changed_neighbour_is_what_the_next_run_executes(start_pool, client, tmp_path):
    helper = tmp_path / "a_helper.py"
    helper.write_text("def word(): return 'old'")
    pool = start_pool(TASKS.format(module="a_helper"))
    assert client.tasks.trigger("t").result(timeout=PATIENCE) == "old"
    helper.write_text("def word(): return 'new'")  # as long as before, in the same second
    until(lambda: len(pool.loads) > 1, "the reload")
    assert client.tasks.trigger("t").result(timeout=PATIENCE) == "new"


@pytest.mark.slow  # a complaint, and then a reload: as with the changed file above
def test_a_neighbour_that_is_not_there_yet(start_pool, client, tmp_path):
    pool = start_pool(ONE_TASK.format(name="t"))
    pool.file.write_text(TASKS.format(module="comes_later"))
    problem = until(lambda: pool.problems, "the complaint")[0]
    assert "tasks.py, line 2 cannot be loaded: ModuleNotFoundError" in problem
    assert client.tasks.trigger("t").result(timeout=PATIENCE) == "t"
    (tmp_path / "comes_later.py").write_text("def word(: return 'typo'")
    until(lambda: "comes_later.py, line 1 is not valid Python" in pool.problems[-1], "the next one")
    (tmp_path / "comes_later.py").write_text("def word(): return 'there'")
    until(lambda: len(pool.loads) > 1, "the reload")
    assert client.tasks.trigger("t").result(timeout=PATIENCE) == "there"


@pytest.mark.slow
def test_a_task_that_is_taken_out_waits_until_it_is_back(start_pool, client):
    pool = start_pool(ONE_TASK.format(name="goes") + ONE_TASK.format(name="stays"))
    assert client.tasks.trigger("goes").result(timeout=PATIENCE) == "goes"
    pool.file.write_text(ONE_TASK.format(name="stays"))
    until(lambda: len(pool.loads) > 1, "the reload")
    assert pool.worker.version
    run = client.tasks.trigger("goes")
    assert client.tasks.trigger("stays").result(timeout=PATIENCE) == "stays"
    assert client.runs.retrieve(run).status == "PENDING_VERSION"
    pool.file.unlink()
    until(lambda: pool.problems, "the complaint")
    assert pool.problems[0].endswith("tasks.py does not exist.")
    assert client.tasks.trigger("stays").result(timeout=PATIENCE) == "stays"
    pool.file.write_text(ONE_TASK.format(name="goes"))
    assert run.result(timeout=PATIENCE) == "goes"


def test_what_is_saved_while_it_loads_is_loaded_too(start_pool_of, client, tmp_path):
    begun, go_on = tmp_path / "begun", tmp_path / "go_on"
    waits = f"""
import pathlib, time
pathlib.Path({str(begun)!r}).touch()
while not pathlib.Path({str(go_on)!r}).exists():
    time.sleep(0.01)
"""
    # one process: a second one, still starting, would load what is meant for the reload
    pool = start_pool_of(ONE_TASK.format(name="t"), 1)
    pool.file.write_text(waits + ONE_TASK.format(name="t"))
    until(begun.exists, "the load")
    pool.file.write_text(ONE_TASK.format(name="t").replace('"t"', '"saved"'))
    go_on.touch()
    until(lambda: len(pool.loads) > 2, "the second reload")
    assert client.tasks.trigger("t").result(timeout=PATIENCE) == "saved"


def test_a_stop_while_it_loads_leaves_nothing_to_reap(start_pool_of, tmp_path):
    pool = start_pool_of(ONE_TASK.format(name="t"), 1)
    loading = tmp_path / "loading"
    pool.file.write_text(f"""
import os, pathlib, time
pathlib.Path({str(loading)!r}).write_text(f"{{os.getpid()}} ")
time.sleep(60)
""")
    pid = until(lambda: loading.exists() and loading.read_text(), "the load").strip()
    pool.worker.stop()
    assert not Path(f"/proc/{pid}").exists()
