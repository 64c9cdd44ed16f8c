"""Tomorrow: the notebook is opened again, and the kernel that made it is gone."""

import json
import re

import pytest
from browser.lab import Notebook, snapshots
from playwright.sync_api import expect

SCENES = """
from trigger_widgets import (
    ApprovalWidget, BatchWidget, RunWidget, StreamWidget, TaggedRunsWidget, TriggerWidget,
    batch_trigger, streams, task, wait,
)
words = streams.define("words", str)

@task(id="everything")
def everything(payload):
    words.append("streamed words")
    return {"answer": wait.for_token("go").unwrap()["comment"]}

@task(id="tenfold")
def tenfold(row):
    return row["n"] * 10
"""
SHOW = [
    'run = everything.trigger({}, tags=["kept"])\nRunWidget(run)',
    'StreamWidget(run, "words")',
    'approval = ApprovalWidget(run, "go", title="Go on?", prompt="Shall it?")\napproval',
    "batch = batch_trigger(tenfold, [{'n': n} for n in range(4)])\nBatchWidget(batch)",
    'TaggedRunsWidget("kept")',
    'form = TriggerWidget(tenfold, payload={"n": 4})\nform',
    """import time
while approval.token_id is None: time.sleep(0.05)
approval.approve("fine by me")
form.submit({"n": 7}).result(), run.result(), batch.result()""",
]
SEEN = {
    1: "fine by me",
    2: "streamed words",
    3: "Go on?",
    4: "tenfold",
    5: "fine by me",
    6: "70",
}
CARDS = {1: "tw-run", 2: "tw-streaming", 3: "tw-approval", 4: "tw-runs", 5: "tw-runs", 6: "tw-run"}


def play(server, page, name):
    server.write(name, [SCENES, *SHOW])
    notebook = Notebook(page, server, name)
    for cell in range(1 + len(SHOW)):
        notebook.run(cell)
    for cell, words in SEEN.items():
        expect(notebook.cell(cell).locator(f"article.{CARDS[cell]}")).to_contain_text(words)
    expect(notebook.cell(1).locator("article")).to_have_attribute("data-status", "COMPLETED")
    expect(notebook.cell(2).locator("article")).to_have_attribute("data-phase", "over")
    expect(notebook.cell(3).locator("article")).to_have_attribute("data-phase", "accepted")
    notebook.save_when(is_whole)
    server.end_kernels()
    return notebook


def is_whole(saved):
    """Whether the copies in the file, of both sorts, have the ends of the runs."""
    copies = {cell: json.dumps(saved["cells"][cell]["outputs"]) for cell in SEEN}
    return (
        all(words in copies[cell] for cell, words in SEEN.items())
        and all(re.search("Completed|done|approved", copy) for copy in copies.values())
        and all(map(has_ended, snapshots(saved)))
    )


def has_ended(snapshot):
    kind, state = snapshot
    if kind == "runs":
        return state["counts"].keys() == {"COMPLETED"}
    return kind != "run" or state["status"] == "COMPLETED"


def test_with_saved_widget_state_the_cards_are_there(lab, page):
    notebook = play(lab, page, "kept-state.ipynb").open_tomorrow()
    for cell, words in SEEN.items():
        expect(notebook.cell(cell).locator(f"article.{CARDS[cell]}")).to_contain_text(words)
        expect(notebook.cell(cell).locator(".tw-static")).to_be_hidden()


@pytest.mark.slow
def test_without_it_a_static_copy_is_there(default_lab, page):
    play(default_lab, page, "no-state.ipynb")
    notebook = Notebook(page, default_lab, "no-state.ipynb")
    assert "widgets" not in notebook.saved()["metadata"]
    for cell, words in SEEN.items():
        expect(notebook.cell(cell).locator(".tw-static")).to_contain_text(words)
        expect(notebook.cell(cell).locator(".jp-OutputArea-child").nth(1)).to_be_hidden()


@pytest.mark.slow
def test_nbconvert_shows_the_final_state_offline(default_lab, page, tmp_path):
    """In the HTML of a report, without any network."""
    import subprocess
    import sys

    play(default_lab, page, "report.ipynb")
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path),
         str(default_lab.root / "report.ipynb")],
        check=True, capture_output=True,
    )  # fmt: skip
    page.context.set_offline(offline=True)
    try:
        page.goto(f"file://{tmp_path}/report.html", wait_until="domcontentloaded")
        for words in SEEN.values():
            expect(page.locator(".tw-static", has_text=words).first).to_be_visible()
    finally:
        page.context.set_offline(offline=False)
