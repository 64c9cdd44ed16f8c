"""The main job: a Python task, triggered in a cell and watched live, in real JupyterLab."""

import json
import re

import pytest
from browser.lab import snapshots
from playwright.sync_api import expect

DEFINE = """
import time
from trigger_widgets import RunWidget, metadata, task, trigger

@task(id="count")
def count(payload):
    for i in range(payload["steps"]):
        metadata.set("progress", {"current": i + 1, "total": payload["steps"]})
        time.sleep(payload["seconds"] / payload["steps"])
    return {"counted": payload["steps"], "word": "done"}
"""
TRIGGER = 'run = trigger("count", {"steps": 40, "seconds": 4})\nrun'
SHOW_ID = "print(run.id)"
CARD = "article.tw-run"
WATCH_PROGRESS = """() => {
  window.progressSeen = [];
  const look = () => {
    const bar = document.querySelector('article.tw-run [role=progressbar]');
    const now = bar && bar.getAttribute('aria-valuenow');
    if (now !== null && now !== window.progressSeen.at(-1)) window.progressSeen.push(now);
  };
  new MutationObserver(look).observe(document.body, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['aria-valuenow'],
  });
}"""


def card(page, status):
    return page.locator(f'article.tw-run[data-status="{status}"]')


def test_a_run_is_triggered_watched_reloaded_and_found_again(open_notebook, api_of, page):
    again = "from trigger_widgets import RunWidget\nRunWidget(open('run-id.txt').read())"
    notebook = open_notebook(DEFINE, TRIGGER, SHOW_ID, "print(run.result())", again)
    page.evaluate(WATCH_PROGRESS)
    notebook.run(0)
    notebook.run(1)
    expect(page.locator(CARD)).to_be_visible()
    expect(page.locator(".tw-static")).to_be_hidden()
    run_id = notebook.run(2).strip()
    card(page, "COMPLETED").wait_for()

    grown = [int(value) for value in page.evaluate("() => window.progressSeen")]
    assert len(set(grown)) > 3, f"progress was seen as {grown}"
    assert grown == sorted(grown)

    run = api_of().runs.retrieve(run_id)
    shown = card(page, "COMPLETED").inner_text()
    for key, value in run.output.items():
        assert re.search(rf"{key}\W+{value}", shown), shown
    assert notebook.run(3).strip() == str(run.output)

    notebook.save()
    notebook.reload()
    expect(card(page, "COMPLETED")).to_have_attribute("data-run", run_id)
    expect(page.locator(CARD)).to_have_count(1)

    notebook.restart_kernel()
    (notebook.server.root / "run-id.txt").write_text(run_id)
    notebook.run(4)
    expect(page.locator(CARD)).to_have_count(2)
    expect(notebook.cell(4).locator(CARD)).to_have_attribute("data-run", run_id)
    expect(notebook.cell(4).locator(CARD)).to_have_attribute("data-status", "COMPLETED")
    assert notebook.cell(4).locator(CARD).inner_text().count("done") == 1


def test_two_views_of_one_run_show_the_same(open_notebook, page):
    notebook = open_notebook(DEFINE, TRIGGER, "run")
    for cell in range(3):
        notebook.run(cell)
    expect(card(page, "COMPLETED")).to_have_count(2)
    first, second = (card(page, "COMPLETED").nth(i).inner_text() for i in range(2))
    assert first == second


def test_cancel_asks_first_and_then_cancels(open_notebook, api_of, page):
    notebook = open_notebook(DEFINE, TRIGGER.replace('"seconds": 4', '"seconds": 400'), SHOW_ID)
    for cell in range(3):
        notebook.run(cell)
    card(page, "EXECUTING").wait_for()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Keep running").click()
    expect(card(page, "EXECUTING")).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Yes, cancel").click()
    card(page, "CANCELED").wait_for()
    assert api_of().runs.retrieve(notebook.text(2).strip()).status == "CANCELED"


def test_a_click_is_handled_while_the_cell_waits_for_the_result(open_notebook, page):
    notebook = open_notebook(
        DEFINE, TRIGGER.replace('"seconds": 4', '"seconds": 400'), "run.result()", "1 + 1"
    )
    notebook.run(0)
    notebook.run(1)
    card(page, "EXECUTING").wait_for()
    notebook.start(2)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Yes, cancel").click()
    notebook.wait(2)
    assert "RunCanceledError" in notebook.text(2)
    assert notebook.run(3) == "2"


def test_ctrl_c_ends_the_wait_and_leaves_the_run(open_notebook, page):
    notebook = open_notebook(
        DEFINE,
        TRIGGER.replace('"seconds": 4', '"seconds": 400'),
        "print('waiting')\nrun.result()",
        "run.cancel()",
    )
    notebook.run(0)
    notebook.run(1)
    card(page, "EXECUTING").wait_for()
    notebook.start(2)
    notebook.until_prints(2, "waiting")
    notebook.interrupt()
    notebook.wait(2)
    assert "KeyboardInterrupt" in notebook.text(2)
    expect(card(page, "EXECUTING")).to_be_visible()
    notebook.run(3)
    card(page, "CANCELED").wait_for()


def test_what_a_task_prints_is_in_no_cell(open_notebook, page):
    notebook = open_notebook(
        """
import logging, time
from trigger_widgets import task

@task(id="talks")
def talks(payload):
    for i in range(20):
        print("printed by the task", i)
        logging.getLogger("noisy").warning("logged by the task")
        time.sleep(0.05)
    return "quiet"
""",
        "run = talks.trigger({})\nrun",
        "print('mine'); run.result()",
    )
    notebook.run(0)
    notebook.run(1)
    said = notebook.run(2)
    assert "mine" in said
    assert "quiet" in said
    # it is the run's own log, which its card has, and nothing that a cell has printed
    printed = [
        output
        for cell in range(3)
        for output in notebook.outputs(cell)
        if output["output_type"] == "stream"
    ]
    assert "mine" in json.dumps(printed)
    assert "by the task" not in json.dumps(printed)


def test_a_task_that_raises_shows_its_own_traceback(open_notebook, page):
    notebook = open_notebook(
        """
from trigger_widgets import task

def inner(values):
    return sum(values) / len(values)

@task(id="mean")
def mean(payload):
    return inner(payload["values"])
""",
        "run = mean.trigger({'values': []})\nrun",
        "run.result()",
    )
    notebook.run(0)
    notebook.run(1)
    failed = card(page, "FAILED")
    failed.wait_for()
    text = failed.inner_text()
    assert "ZeroDivisionError" in text
    assert "return sum(values) / len(values)" in text
    assert "trigger_widgets/worker" not in text
    assert "RunFailedError" in notebook.run(2)


def test_mistakes_get_one_sentence(open_notebook, page):
    notebook = open_notebook(
        "from trigger_widgets import RunWidget, trigger",
        'trigger("count", {"steps": object()})',
        'trigger("count", {}, tag="a")',
        'RunWidget("run_doesnotexist0000000000")',
        'RunWidget("run_x", titel="a")',
        'trigger("no-such-task", {})',
    )
    for cell in range(6):
        notebook.run(cell)
    assert "UnserializableError" in notebook.text(1)
    assert '"tag"' in notebook.text(2)
    assert "tags" in notebook.text(2)
    assert '"titel"' in notebook.text(4)
    expect(notebook.cell(3).get_by_role("alert")).to_contain_text("run_doesnotexist0000000000")
    expect(notebook.cell(5).locator(CARD)).to_contain_text("run the cell that defines it")


def test_it_is_observed_linked_and_composed_like_any_widget(open_notebook, page):
    notebook = open_notebook(
        DEFINE,
        """
import ipywidgets
run = RunWidget(trigger("count", {"steps": 40, "seconds": 4}))
seen = []
run.observe(lambda change: seen.append(change["new"]), "status")
bar, word = ipywidgets.FloatProgress(), ipywidgets.Label()
ipywidgets.jsdlink((run, "status"), (word, "value"))
ipywidgets.dlink((run, "progress"), (bar, "value"), lambda percent: percent or 0)
ipywidgets.VBox([word, bar, run])""",
        "run.wait() if hasattr(run, 'wait') else None; print(seen[-1], bar.value)",
    )
    notebook.run(0)
    notebook.run(1)
    card(page, "COMPLETED").wait_for()
    expect(page.locator(".widget-label", has_text="COMPLETED")).to_be_visible()
    assert notebook.run(2).strip().endswith("COMPLETED 100.0")


@pytest.mark.slow
def test_one_card_shows_a_whole_agent_run_and_keeps_it(open_notebook, page):
    notebook = open_notebook(
        """
from trigger_widgets import RunWidget, streams, task, trigger, wait
words = streams.define("words", str)

@task(id="editor")
def editor(payload):
    print("drafting")
    words.pipe(["# Report", " on rates"])
    return wait.for_token("publish", timeout="10m").unwrap()["approved"]
""",
        "RunWidget(trigger('editor', {'draft': 7}), streams=True, approvals=True)",
    )
    notebook.run(0)
    notebook.run(1)
    run = page.locator("article.tw-run")
    expect(run.get_by_role("heading", name="Report on rates")).to_be_visible()
    run.get_by_role("button", name="Approve").click()
    card(page, "COMPLETED").wait_for()
    run.get_by_role("button", name="Payload").click()
    expect(run).to_contain_text("draft: 7")
    run.get_by_role("button", name=re.compile("^Log")).click()
    expect(run).to_contain_text("drafting")
    expect(run).to_contain_text("Approved")

    def shows_everything():
        card(page, "COMPLETED").wait_for()
        for words in ("Report on rates", "Approved", "true"):
            expect(run).to_contain_text(words)

    def is_whole(saved):
        states, static = dict(snapshots(saved)), json.dumps(saved["cells"][1]["outputs"])
        return (
            states["run"].get("status") == "COMPLETED"
            and states["approval"].get("phase") == "accepted"
            and all(
                words in static
                for words in ("Completed", "# Report on rates", "approved by", "drafting")
            )
        )

    notebook.save_when(is_whole)
    notebook.reload()
    shows_everything()
    notebook.open_tomorrow()
    shows_everything()
