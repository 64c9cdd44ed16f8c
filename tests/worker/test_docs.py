"""What docs/tasks.md shows is so."""

import re
from pathlib import Path

import pytest

from trigger_widgets import runtime
from trigger_widgets.worker import capture

PAGE = Path(__file__).parents[2] / "docs" / "tasks.md"
BLOCKS = re.findall(r"^## (.*?)$|^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(start_worker, registry, embedded, monkeypatch):
    """Tasks that are defined here run here, as in a notebook."""
    monkeypatch.setattr(runtime, "compose", lambda: None)  # which the first import of a name calls
    worker = start_worker(slots=4)
    registry.on_define(lambda _: worker.sync_tasks(registry.tasks()))
    registry.ensure_worker = lambda: worker


def test_every_example_runs(here, client):
    capture.install()  # pytest has replaced sys.stdout since the worker has begun
    space, chapter, ran = {"__name__": "page"}, "", []
    for heading, code in BLOCKS:
        if heading:
            chapter = heading
            continue
        exec(compile(code, f"docs/tasks.md, {chapter}", "exec"), space)
        ran.append(chapter)
        run = space.get("run")
        if chapter == "Hooks":
            assert client.runs.retrieve(run).metadata == {"mailed": "open"}
        elif chapter == "Metadata":
            assert client.runs.retrieve(run).metadata["stage"] == {"name": "load", "done": 2}
        elif chapter == "Logs":
            texts = [record.text for record in client.runs.logs(run).records]
            assert texts == ["a line", "disk is full"]
    assert len(ran) == 9
