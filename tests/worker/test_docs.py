"""What docs/tasks.md and docs/widgets.md show is so."""

import re
from pathlib import Path

import ipywidgets
import pytest

import trigger_widgets
from trigger_widgets import runtime
from trigger_widgets.worker import capture

DOCS = Path(__file__).parents[2] / "docs"
SHARED_TRAITS = {"connection", "done", "error"}


def examples(page):
    """The blocks of Python, each with the heading that it stands under."""
    text = (DOCS / page).read_text()
    chapter = ""
    for heading, code in re.findall(
        r"^## (.*?)$|^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL
    ):
        chapter = heading or chapter
        if code:
            yield chapter, compile(code, f"docs/{page}, {chapter}", "exec")


@pytest.fixture
def here(start_worker, registry, embedded, monkeypatch):
    """Tasks that are defined here run here, as in a notebook."""
    monkeypatch.setattr(runtime, "compose", lambda: None)  # which the first import of a name calls
    worker = start_worker(slots=4)
    registry.on_define(lambda _: worker.sync_tasks(registry.tasks()))
    registry.ensure_worker = lambda: worker


def test_every_example_of_tasks_runs(here, client):
    capture.install()  # pytest has replaced sys.stdout since the worker has begun
    space, ran = {"__name__": "page"}, []
    for chapter, code in examples("tasks.md"):
        exec(code, space)
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


def test_every_example_of_widgets_runs(here):
    space, ran = {"__name__": "page"}, []
    try:
        for chapter, code in examples("widgets.md"):
            exec(code, space)
            ran.append(chapter)
    finally:
        for widget in space.values():
            if isinstance(widget, ipywidgets.Widget):
                widget.close()
    assert len(ran) == 7


def test_the_tables_of_widgets_name_every_trait():
    told, chapter = {}, ""
    for line in (DOCS / "widgets.md").read_text().splitlines():
        if line.startswith("## "):
            chapter = line
        elif line.startswith("| `"):
            told.setdefault(chapter, set()).update(re.findall(r"`(\w+)`", line.split("|")[1]))
    for chapter, names in told.items():
        for widget in re.findall(r"\w+Widget", chapter):
            traits = set(getattr(trigger_widgets, widget).class_traits())
            own = {
                name for name in traits - set(ipywidgets.DOMWidget.class_traits()) if name[0] != "_"
            }
            assert names | SHARED_TRAITS == own | SHARED_TRAITS, widget
