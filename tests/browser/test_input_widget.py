"""Talking to a run that listens: what is written in the notebook arrives, in order."""

from playwright.sync_api import expect

DEFINE = """
from trigger_widgets import InputWidget, streams, task

@task(id="listens-in-lab")
def listens(payload):
    chat = streams.input("chat", str)
    heard = []
    while len(heard) < 2:
        heard.append(chat.wait(timeout="2m").unwrap())
    return heard
"""


def test_what_is_written_reaches_the_run_and_says_so(open_notebook, page):
    notebook = open_notebook(
        DEFINE,
        'run = listens.trigger({})\nbox = InputWidget(run, "chat", schema=str)\nbox',
        "run.result()",
        "box.sent",
    )
    notebook.run(0)
    assert "Error" not in notebook.run(1)
    card = notebook.cell(1).locator("article.tw-telling")
    box = card.get_by_role("textbox")
    box.fill("look at the north")
    box.press("Enter")
    expect(box).to_have_value("")
    expect(card.locator('li[data-state="sent"]')).to_have_count(1)
    notebook.start(2)  # the kernel is busy with waiting for the run that waits for the words
    box.fill("<b>and</b>")
    box.press("Shift+Enter")
    box.press_sequentially("stop")
    card.get_by_role("button", name="Send").click()
    notebook.wait(2)
    assert notebook.text(2) == "['look at the north', '<b>and</b>\\nstop']"
    expect(card.locator('li[data-state="sent"]')).to_have_count(2)
    expect(card.locator("li").nth(1)).to_contain_text("<b>and</b>")
    expect(card).to_have_attribute("data-phase", "over")
    assert notebook.run(3) == notebook.text(2)
    notebook.save()
    notebook.reload()
    expect(notebook.cell(1).locator("li")).to_have_count(2)
