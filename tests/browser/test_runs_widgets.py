"""Many runs as one live table, by batch and by tag."""

import re

import pytest
from playwright.sync_api import expect

DEFINE = """
import time
import pandas as pd
from trigger_widgets import BatchWidget, TaggedRunsWidget, batch_trigger, task

@task(id="score")
def score(row):
    if row["n"] % 10 == 3:
        raise ValueError(f"row {row['n']} is odd")
    return {"square": row["n"] ** 2}

rows = pd.DataFrame({"name": [f"row-{n}" for n in range(60)], "n": range(60)})
"""
CARD = "article.tw-runs"


@pytest.mark.slow
def test_a_data_frame_is_a_batch_and_comes_back_in_row_order(open_notebook, page):
    notebook = open_notebook(
        DEFINE,
        'batch = batch_trigger(score, rows, key="name", tags=["table-test"])\n'
        "w = BatchWidget(batch)\nw",
        """results = batch.result(timeout=60)
print([r.output["square"] if r.ok else None for r in results] ==
      [None if n % 10 == 3 else n * n for n in range(60)], [r.key for r in results][:2])""",
        "print(len(w.wait(timeout=60)), w.counts, list(w.to_pandas().columns)[:3])",
        'TaggedRunsWidget("table-test", created_at="1h")',
    )
    for cell in range(2):
        notebook.run(cell)
    expect(page.locator(CARD)).to_be_visible()
    assert notebook.run(2).strip() == "True ['row-0', 'row-1']"
    text = notebook.run(3)
    assert text.startswith("60 ")
    assert "'FAILED': 6" in text
    assert "'COMPLETED': 54" in text
    expect(page.locator(CARD)).to_contain_text("row-0")
    expect(page.get_by_role("button", name=re.compile(r"Completed\W+54"))).to_be_visible()
    notebook.run(4)
    expect(notebook.cell(4).locator(CARD)).to_contain_text("54")
    page.get_by_role("button", name=re.compile(r"Failed\W+6")).first.click()
    expect(notebook.cell(1).locator(CARD)).to_contain_text("ValueError: row 3 is odd")
    notebook.save()
    notebook.reload()
    expect(page.locator(CARD)).to_have_count(2)
    expect(page.locator(CARD).first).to_contain_text("row-0")


def test_a_new_run_with_the_tag_appears_by_itself(open_notebook, page):
    notebook = open_notebook(
        DEFINE,
        'TaggedRunsWidget("lonely-tag", created_at="1h")',
        'run = score.trigger({"n": 5}, tags=["lonely-tag", "other"])\nrun.result()',
    )
    notebook.run(0)
    notebook.run(1)
    expect(page.locator(CARD)).to_be_visible()
    assert "25" in notebook.run(2)
    expect(page.locator(CARD)).to_contain_text("Completed")


def test_a_row_opens_its_run_and_what_was_chosen_is_there_after_a_reload(open_notebook, page):
    notebook = open_notebook(
        DEFINE,
        "batch = score.batch_trigger(rows.head(12))\nw = BatchWidget(batch)\nw",
        "w.wait(timeout=60)\nprint(w.counts)",
        "while not w.selected: time.sleep(0.01)  # the click was before, but on another thread\n"
        "print(len(w.selected), w.run.run_id == w.selected[0], w.run.status)",
        "print(w.close_run(), w.cancel([]))",
    )
    for cell in range(3):
        notebook.run(cell)
    table = notebook.cell(1).locator(CARD)
    expect(table.locator(".tw-thead")).to_contain_text("square")
    table.get_by_role("button", name="square").click()
    table.get_by_role("button", name="square").click()
    first = table.locator(".tw-tbody [role=row]").first
    expect(first).to_contain_text("121")
    first.get_by_role("checkbox").click()
    first.click(position={"x": 200, "y": 10})
    opened = table.locator(".tw-open article")
    expect(opened).to_contain_text("Completed")
    expect(table.locator(".tw-foot").first).to_contain_text("1 selected")
    assert notebook.run(3).strip() == "1 True COMPLETED"
    table.get_by_role("button", name="View").click()
    table.get_by_role("button", name="name", exact=True).click()
    expect(table.locator(".tw-thead")).to_contain_text("name")
    notebook.save()
    notebook.reload()
    table = notebook.cell(1).locator(CARD)
    expect(table.locator('[aria-sort="descending"]')).to_contain_text("square")
    expect(table.locator(".tw-thead")).to_contain_text("name")
    expect(table.locator(".tw-open article")).to_contain_text("Completed")
    assert notebook.run(4).strip() == "None None"
    expect(table.locator(".tw-open")).to_have_count(0)
