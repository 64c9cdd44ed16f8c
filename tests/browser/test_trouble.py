"""What a notebook goes through, with every widget in it: the engine dies, the page is loaded again,
there is a second view, the kernel restarts, a token expires.
"""

import json
import os
import signal

import pytest
from browser.lab import Notebook, snapshots
from browser.scenes import BATCH, DEFINE, RUN, SHOW, STREAM, ended, finish, play
from playwright.sync_api import expect

from trigger_widgets.engine_file import EngineFile

pytestmark = pytest.mark.browser


def test_the_engine_is_killed_while_cards_are_live(open_notebook, data_dir):
    notebook = open_notebook(DEFINE, *SHOW)
    play(notebook)
    os.kill(EngineFile.read(data_dir).pid, signal.SIGKILL)
    finish(notebook)


@pytest.mark.slow
def test_the_page_is_loaded_again_before_and_after_the_end(open_notebook):
    notebook = open_notebook(DEFINE, *SHOW)
    play(notebook)
    notebook.save()
    notebook.reload()
    finish(notebook)
    notebook.save()
    notebook.reload()
    ended(notebook)


@pytest.mark.slow
def test_a_second_view_of_each_tells_the_same(open_notebook):
    named = [f"{setup}\nw{n} = {card}\nw{n}" for n, (setup, card) in enumerate(map(split, SHOW))]
    notebook = open_notebook(DEFINE, *named, *(f"w{n}" for n in range(len(SHOW))))
    play(notebook)
    for n in range(len(SHOW)):
        notebook.run(1 + len(SHOW) + n)
    finish(notebook)
    ended(Shifted(notebook, len(SHOW)))


def split(source):
    """What a cell does before it shows its card, and the card."""
    setup, _, card = source.rpartition("\n")
    return setup, card


class Shifted:
    """The cells of the second views, by the numbers of the first."""

    def __init__(self, notebook, by):
        self._notebook, self._by = notebook, by

    def cell(self, index):
        return self._notebook.cell(index + self._by)


@pytest.mark.slow
def test_the_kernel_restarts_and_a_rerun_finds_everything_again(open_notebook, page):
    """A restart cancels what the kernel was executing, as stopping a worker does."""
    notebook = open_notebook(DEFINE, *SHOW, "print(run.id, batch.id)")
    play(notebook)
    expect(notebook.cell(5).locator(BATCH)).to_contain_text("4 / 4 finished")
    run, batch = notebook.run(1 + len(SHOW)).split()
    notebook.restart_kernel()
    # what was last known stays to be read
    expect(notebook.cell(1).locator(RUN)).to_contain_text("agent")
    expect(notebook.cell(2).locator(STREAM)).to_contain_text("w3")
    expect(notebook.cell(5).locator(BATCH)).to_contain_text("4 / 4 finished")
    again = {
        f'RunWidget("{run}")': "Canceled",
        f'StreamWidget("{run}", "words")': "w3",
        f'ApprovalWidget("{run}", "go", prompt="Go on?")': "Go on?",
        SHOW[3]: "Canceled",
        f'BatchWidget("{batch}")': "4 / 4 finished",
        f'InputWidget("{run}", "chat")': "The run has ended (canceled)",
        SHOW[6]: "piece",
    }
    notebook.server.write("found-again.ipynb", [DEFINE, *again])
    found = Notebook(page, notebook.server, "found-again.ipynb")
    for cell, says in enumerate([None, *again.values()]):
        assert "Error" not in found.run(cell)
        if says:
            expect(found.cell(cell).locator("article").first).to_contain_text(says)
    found.cell(7).get_by_role("button", name="Run", exact=True).click()
    expect(found.cell(7).locator(f'{RUN}[data-status="COMPLETED"]')).to_have_count(1)


@pytest.mark.slow
def test_tokens_that_expire_are_named_and_the_cards_keep_what_they_knew(open_notebook):
    mint = """
run = agent.trigger({}, tags=["expires"])
batch = batch_trigger(piece, range(4))
key = default_client().auth.create_public_token(scopes={"read": {
    "runs": [run.id], "tags": ["expires"], "batch": [batch.id]}}, expiration_time="20s")
"""
    shows = [
        "RunWidget(run.id, access_token=key)",
        'StreamWidget(run.id, "words", access_token=key)',
        'TaggedRunsWidget("expires", access_token=key)',
        "BatchWidget(batch.id, access_token=key)",
    ]
    named = [f"w{n} = {card}\nw{n}" for n, card in enumerate(shows)]
    says = "for w in (w0, w1, w2): print(w.connection, type(w.error).__name__)"
    notebook = open_notebook(DEFINE, mint, *named, says)
    for cell in range(2 + len(shows)):
        notebook.run(cell)
    knew = ["agent", "w19", "run_", "4 / 4 finished"]
    for n, known in enumerate(knew):
        expect(notebook.cell(2 + n).locator("article")).to_contain_text(known)
    for n, known in enumerate(knew[:3]):  # the batch is over: nobody asks for it any more
        alert = notebook.cell(2 + n).get_by_role("alert")
        expect(alert).to_contain_text("expired")
        expect(notebook.cell(2 + n).locator("article")).to_contain_text(known)
    assert notebook.run(2 + len(shows)).splitlines() == ["failed AuthenticationError"] * 3


@pytest.mark.slow
def test_a_token_that_is_asked_for_again_outlives_its_expiry(open_notebook):
    mint = """
asked = []
def key():
    asked.append(1)
    everything = {"read": {"runs": True, "tags": True, "batch": True, "inputStreams": True}}
    return default_client().auth.create_public_token(scopes=everything, expiration_time="2s")
run = agent.trigger({}, tags=["again"])
"""
    shows = [
        "RunWidget(run.id, access_token=key)",
        'StreamWidget(run.id, "words", access_token=key)',
    ]
    notebook = open_notebook(
        DEFINE,
        mint,
        *shows,
        "time.sleep(5)",
        SHOW[2],
        SHOW[5],
        "print(run.result(), len(asked) > 2)",
    )
    for cell in range(7):
        notebook.run(cell)
    notebook.cell(5).get_by_role("button", name="Approve").click()
    notebook.cell(6).get_by_label("Message to chat").fill("south")
    notebook.cell(6).get_by_label("Message to chat").press("Enter")
    assert notebook.run(7).strip() == "[True, 'south'] True"
    expect(notebook.cell(2).locator(RUN)).to_have_attribute("data-status", "COMPLETED")
    expect(notebook.cell(3).locator(STREAM)).to_contain_text("the end")


@pytest.mark.slow
def test_a_saved_notebook_with_twenty_widgets_stays_small(open_notebook):
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
        expect(notebook.cell(n).locator(STREAM)).to_contain_text("w19")
    notebook.save()
    saved = notebook.saved()
    assert len(snapshots(saved)) == 20
    assert len(json.dumps(saved)) < 300_000
