"""All widgets in one notebook, about one agent: begun, and brought to the end of their story."""

from playwright.sync_api import expect

DEFINE = """
import time
from trigger_widgets import (
    ApprovalWidget, BatchWidget, InputWidget, RunWidget, StreamWidget, TaggedRunsWidget,
    TriggerWidget, batch_trigger, default_client, metadata, streams, task, wait,
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
    return [answer["approved"], streams.input("chat").wait(timeout="5m").unwrap()]

@task(id="piece")
def piece(n):
    time.sleep(0.5)
    return n
"""
SHOW = [
    'run = agent.trigger({}, tags=["trouble"])\nRunWidget(run)',
    'StreamWidget(run, "words")',
    'ApprovalWidget(run, "go", prompt="Go on?")',
    'TaggedRunsWidget("trouble")',
    "batch = batch_trigger(piece, range(4))\nBatchWidget(batch)",
    'InputWidget(run, "chat")',
    "TriggerWidget(piece, payload=1)",
]
RUN, STREAM, APPROVAL, TABLE, BATCH, INPUT, TRIGGER = (
    f"article.tw-{name}"
    for name in ("run", "streaming", "approval", "runs", "runs", "telling", "trigger")
)


def play(notebook):
    """Run every cell, until the agent is at work."""
    for cell in range(1 + len(SHOW)):
        assert "Error" not in notebook.run(cell)
    expect(notebook.cell(2).locator(STREAM)).to_contain_text("w3")


def finish(notebook):
    """Do what a person has to do, and see that every card has the end of its story.

    With keys, which a card above that grows meanwhile cannot move away from under the pointer.
    """
    notebook.cell(3).get_by_role("button", name="Approve").press("Enter")
    box = notebook.cell(6).get_by_label("Message to chat")
    box.fill("north")
    box.press("Enter")
    notebook.cell(7).get_by_role("button", name="Run", exact=True).press("Enter")
    ended(notebook)


def ended(notebook):
    """Every card tells how it ended."""

    def of(cell, card, attribute, value):
        expect(notebook.cell(cell).locator(card)).to_have_attribute(attribute, value)

    of(1, RUN, "data-status", "COMPLETED")
    expect(notebook.cell(1).locator(RUN)).to_contain_text("north")
    of(2, STREAM, "data-phase", "over")
    expect(notebook.cell(2).locator(STREAM)).to_contain_text("the end")
    text = notebook.cell(2).locator(STREAM).inner_text()
    assert [text.count(f"w{i} ") for i in range(20)] == [1] * 20, text
    assert text.count("the end") == 1, text
    of(3, APPROVAL, "data-phase", "accepted")
    expect(notebook.cell(4).locator(TABLE)).to_contain_text("Completed")
    expect(notebook.cell(5).locator(BATCH)).to_contain_text("4 / 4 finished")
    expect(notebook.cell(6).locator('li[data-state="sent"]')).to_contain_text("north")
    of(6, INPUT, "data-phase", "over")
    expect(notebook.cell(7).locator(f'{RUN}[data-status="COMPLETED"]')).to_have_count(1)
