"""The notebooks that ship, executed from top to bottom in real JupyterLab; a browser clicks."""

import shutil
from pathlib import Path

import pytest
from browser.lab import Notebook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def approve(notebook):
    notebook.page.locator("article.tw-approval").get_by_role("button", name="Approve").click()


CLICKS = {"04-approvals.ipynb": approve, "05-one-agent.ipynb": approve}


# `make test` sees their scenes in the tests of the widgets
SLOW = {"01-trigger-and-watch.ipynb", "02-many-runs.ipynb", "06-your-own-server.ipynb"}
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NAMES]
)
def test_it_runs_from_top_to_bottom(name, lab, page):
    if not (lab.root / "data").exists():
        shutil.copytree(NOTEBOOKS / "data", lab.root / "data")
    shutil.copy(NOTEBOOKS / name, lab.root / name)
    notebook = Notebook(page, lab, name, timeout=120)
    for index in notebook.code_cells():
        notebook.start(index)
        if "run.result()" in notebook.source(index) and name in CLICKS:
            CLICKS[name](notebook)
        notebook.wait(index)
        wrong = [out for out in notebook.outputs(index) if out["output_type"] == "error"]
        assert not wrong, wrong[0]["evalue"]
    page.wait_for_function(
        """() => !document.querySelector(
          'article.tw-run[data-phase=during], article.tw-run[data-status=FAILED]'
        )"""
    )
