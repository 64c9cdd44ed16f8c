"""Who executes the runs of this process's tasks, on a real engine."""

import asyncio
import os
import subprocess
import sys

import pytest
from patience import PATIENCE

from trigger_widgets.client import AsyncTrigger, Trigger, batch_trigger, trigger
from trigger_widgets.tasks import task

OTHER = """
from trigger_widgets import task

@task(id="same")
def there(payload):
    return "there"

print(there.trigger().result(60), flush=True)
input_is_over = __import__("sys").stdin.read()
"""


@pytest.fixture
def here(start_worker, registry, engine, embedded, tmp_path):
    """A task of this process, when another process has taken up a task of the same id since."""

    @task(id="same")
    def here(payload):
        return "here"

    worker = start_worker()
    registry.ensure_worker = lambda: worker

    environ = {**os.environ, "TRIGGER_WIDGETS_DATA_DIR": str(engine.data_dir)}
    (tmp_path / "other.py").write_text(OTHER)
    other = subprocess.Popen(
        [sys.executable, str(tmp_path / "other.py")],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout.readline() == b"there\n"
        yield here
        other.stdin.close()


def test_a_task_object_means_the_code_that_is_here(here):
    client = Trigger()
    runs = [
        here.trigger(),
        trigger(here),
        client.tasks.trigger(here),
        *(batch.runs()[0] for batch in (batch_trigger(here, [1]), here.batch_trigger([1]))),
        client.tasks.batch_trigger(here, [1]).runs()[0],
    ]
    outputs = [list(client.runs.subscribe_to_run(run, timeout=PATIENCE))[-1].output for run in runs]
    assert outputs == ["here"] * 6


def test_a_task_object_of_the_async_client(here):
    async def main():
        async with AsyncTrigger() as client:
            run = await client.tasks.trigger(here)
            batch = await client.tasks.batch_trigger(here, [1])
            return [await run.result(PATIENCE), (await batch.result(PATIENCE))[0].output]

    assert asyncio.run(main()) == ["here", "here"]


def test_another_server_is_told_of_no_version_of_ours(here, engine):
    at = engine.locate()
    with Trigger(api_url=at.api_url, access_token=at.access_token) as client:
        assert client.tasks.trigger(here).result(PATIENCE) == "there"


SCRIPT = """
import asyncio
from trigger_widgets import AsyncTrigger, task, trigger

@task(id="in-a-script")
def of_this_script(payload):
    return payload * 2

async def twin():
    async with AsyncTrigger() as client:
        return await (await client.tasks.trigger("in-a-script", 4)).result(60)

if __name__ == "__main__":
    print({what})
"""


@pytest.mark.parametrize(
    "what", ['trigger("in-a-script", 4).result(60)', "asyncio.run(twin())"], ids=["sync", "async"]
)
def test_an_id_of_a_task_of_this_script_is_executed_by_it(engine, tmp_path, what):
    file = tmp_path / "script.py"
    file.write_text(SCRIPT.replace("{what}", what))
    environ = {**os.environ, "TRIGGER_WIDGETS_DATA_DIR": str(engine.data_dir)}
    found = subprocess.run(  # noqa: PLW1510
        [sys.executable, str(file)], env=environ, capture_output=True, text=True, timeout=60
    )
    assert (found.stdout, found.stderr) == ("8\n", "")
