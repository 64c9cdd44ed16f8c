"""What a notebook goes through: the engine dies, the kernel restarts, a token expires."""

import json
import os
import signal

import pytest
from browser.lab import Notebook
from playwright.sync_api import expect

from trigger_widgets.engine_file import EngineFile

pytestmark = pytest.mark.browser

DEFINE = """
import time
from trigger_widgets import (
    ApprovalWidget, BatchWidget, RunWidget, StreamWidget, TaggedRunsWidget, batch_trigger,
    default_client, metadata, streams, task, wait,
)
words = streams.define("words", str)

@task(id="agent")
def agent(payload):
    for i in range(20):
        words.append(f"w{i} ")
        metadata.set("step", i)
        time.sleep(0.05)
    answer = wait.for_token("go").unwrap()
    words.append("the end")
    return answer
"""
SHOW = [
    'run = agent.trigger({}, tags=["trouble"])\nRunWidget(run)',
    'StreamWidget(run, "words")',
    'ApprovalWidget(run, "go", prompt="Go on?")',
    'TaggedRunsWidget("trouble")',
]
RUN, STREAM, APPROVAL, TABLE = (f"article.tw-{n}" for n in ("run", "streaming", "approval", "runs"))


def play(notebook):
    for cell in range(1 + len(SHOW)):
        notebook.run(cell)
    expect(notebook.cell(2).locator(STREAM)).to_contain_text("w3", timeout=30_000)


def finish(notebook, page):
    """Approve, and see that every card has the end of its story."""
    page.get_by_role("button", name="Approve").click(timeout=60_000)
    expect(notebook.cell(1).locator(RUN)).to_have_attribute(
        "data-status", "COMPLETED", timeout=60_000
    )
    expect(notebook.cell(2).locator(STREAM)).to_have_attribute("data-phase", "over", timeout=60_000)
    text = notebook.cell(2).locator(STREAM).inner_text()
    assert [text.count(f"w{i} ") for i in range(20)] == [1] * 20, text
    assert text.count("the end") == 1
    expect(notebook.cell(3).locator(APPROVAL)).to_have_attribute(
        "data-phase", "accepted", timeout=60_000
    )
    expect(notebook.cell(4).locator(TABLE)).to_contain_text("Completed", timeout=60_000)


def test_the_engine_is_killed_while_cards_are_live(open_notebook, data_dir, page):
    notebook = open_notebook(DEFINE, *SHOW)
    play(notebook)
    os.kill(EngineFile.read(data_dir).pid, signal.SIGKILL)
    finish(notebook, page)


@pytest.mark.slow
def test_the_kernel_restarts_and_a_rerun_finds_the_run_again(open_notebook, page):
    notebook = open_notebook(
        DEFINE.replace('id="agent"', 'id="agent", retry={"max_attempts": 3}'),
        *SHOW,
        "print(run.id)",
    )
    play(notebook)
    run_id = notebook.run(5).strip()
    notebook.restart_kernel()
    # what was last known stays to be read
    expect(notebook.cell(1).locator(RUN)).to_contain_text("agent")
    notebook.server.write(
        "found-again.ipynb",
        [
            DEFINE.replace('id="agent"', 'id="agent", retry={"max_attempts": 3}'),
            f'RunWidget("{run_id}")',
            f'StreamWidget("{run_id}", "words")',
            f'ApprovalWidget("{run_id}", "go", prompt="Go on?")',
        ],
    )
    again = Notebook(page, notebook.server, "found-again.ipynb")
    for cell in range(4):
        again.run(cell)
    expect(again.cell(1).locator(RUN)).to_have_attribute("data-run", run_id)
    expect(again.cell(2).locator(STREAM)).to_contain_text("w3", timeout=60_000)


@pytest.mark.slow
def test_a_token_that_expires_says_so_and_the_card_keeps_what_it_knew(open_notebook, page):
    notebook = open_notebook(
        DEFINE,
        """run = agent.trigger({})
token = default_client().auth.create_public_token(
    scopes={"read": {"runs": [run.id]}}, expiration_time="3s"
)
card = RunWidget(run.id, access_token=token)
card""",
        "print(card.connection, type(card.error).__name__)",
    )
    notebook.run(0)
    notebook.run(1)
    expect(notebook.cell(1).locator(RUN)).to_contain_text("agent")
    expect(notebook.cell(1).get_by_role("alert")).to_contain_text("expired", timeout=60_000)
    expect(notebook.cell(1).locator(RUN)).to_contain_text("step")
    assert "failed AuthenticationError" in notebook.run(2)


@pytest.mark.slow
def test_a_saved_notebook_with_twenty_widgets_stays_small(open_notebook, page):
    """Under 300 KB, the front end's code included."""
    shows = [
        f"run{n} = agent.trigger({{}})\nrun{n}" if n % 4 == 0 else
        f'StreamWidget(run{n - n % 4}, "words")' if n % 4 == 1 else
        f'ApprovalWidget(run{n - n % 4}, "go", prompt="Go on?")' if n % 4 == 2 else
        'TaggedRunsWidget("trouble")'
        for n in range(20)
    ]  # fmt: skip
    notebook = open_notebook(DEFINE, *shows)
    for cell in range(21):
        notebook.run(cell)
    for n in (2, 6, 10, 14, 18):
        expect(notebook.cell(n).locator(STREAM)).to_contain_text("w19", timeout=60_000)
    notebook.save()
    page.wait_for_function("() => !window.notebookPanel.context.model.dirty")
    saved = notebook.saved()
    state = saved["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert sum("_kind" in each["state"] for each in state.values()) == 20
    assert len(json.dumps(saved)) < 300_000
