"""A task is started from a form in the notebook, and its run is watched below it."""

import re

from playwright.sync_api import expect

CARD = "article.tw-trigger"


def test_a_json_payload_is_submitted_and_the_run_is_kept(open_notebook, page):
    notebook = open_notebook(
        """
from trigger_widgets import TriggerWidget, task

@task(id="doubles")
def doubles(payload):
    return {"doubled": payload["n"] * 2}

w = TriggerWidget(doubles, payload={"n": 21})
w""",
        "print(w.run_id)",
    )
    notebook.run(0)
    box = page.locator(f"{CARD} textarea")
    expect(box).to_have_value(re.compile(r'"n": 21'))
    box.fill('{"n": }')
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(CARD)).to_contain_text("Line 1, column 7")
    box.fill('{"n": 4}')
    page.get_by_role("button", name="Run", exact=True).click()
    run = page.locator('article.tw-run[data-status="COMPLETED"]')
    expect(run).to_contain_text("8")
    expect(run).to_have_attribute("data-run", re.compile(notebook.run(1).strip()))

    notebook.save()
    notebook.reload()
    expect(page.locator(CARD)).to_contain_text("doubles")
    expect(run).to_contain_text("8")


def test_a_form_is_made_from_the_tasks_model(open_notebook, page):
    notebook = open_notebook(
        """
from pydantic import BaseModel, Field
from trigger_widgets import TriggerWidget, task

class Fit(BaseModel):
    column: str = Field(description="what to fit")
    folds: int = Field(default=5, ge=2)

@task(id="fits")
def fits(payload: Fit):
    return f"{payload.column} in {payload.folds} folds"

TriggerWidget(fits)"""
    )
    notebook.run(0)
    form = page.locator(CARD)
    form.get_by_label(re.compile("Column")).fill("price")
    form.get_by_label(re.compile("Folds")).fill("1")
    form.get_by_role("button", name="Run", exact=True).click()
    expect(form.get_by_label(re.compile("Folds"))).to_have_attribute("aria-invalid", "true")
    expect(page.locator("article.tw-run")).to_have_count(0)
    form.get_by_label(re.compile("Folds")).fill("3")
    form.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator('article.tw-run[data-status="COMPLETED"]')).to_contain_text(
        "price in 3 folds"
    )


def test_options_earlier_runs_and_drafts(open_notebook, page):
    notebook = open_notebook(
        """
from pydantic import BaseModel
from trigger_widgets import TriggerWidget, task

class Point(BaseModel):
    x: float

class Walk(BaseModel):
    points: list[Point]
    name: str = "home"

@task(id="walks")
def walks(payload: Walk):
    return sum(point.x for point in payload.points)

w = TriggerWidget(walks, payload={"points": [{"x": 1}]})
w""",
        "print(w.runs[0].run.tags, w.runs[1].run.payload)",
    )
    notebook.run(0)
    form = page.locator(CARD)
    finished = page.locator('article.tw-run[data-status="COMPLETED"]')
    form.get_by_role("button", name="Run", exact=True).click()
    finished.wait_for()
    form.get_by_role("button", name="Add to Points").click()
    form.get_by_label("X", exact=True).nth(1).fill("41")
    form.get_by_role("button", name="Options").click()
    form.get_by_label(re.compile("Tags")).fill("a, b")
    notebook.save()
    notebook.reload()
    expect(form.get_by_label("X", exact=True).nth(1)).to_have_value("41")
    form.get_by_label("X", exact=True).nth(1).press("Control+Enter")
    finished.filter(has_text="42").wait_for()
    expect(form.get_by_role("listitem")).to_have_count(2)
    assert notebook.run(1).strip() == "['a', 'b'] {'points': [{'x': 1}], 'name': 'home'}"
    form.get_by_role("listitem").nth(1).get_by_role("button", name="Completed").click()
    expect(finished).to_contain_text("Output1")
    form.get_by_role("button", name=re.compile("Use the payload")).nth(1).click()
    expect(form.get_by_label("X", exact=True)).to_have_count(1)
