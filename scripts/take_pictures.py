"""The pictures of the docs: every widget in real JupyterLab, light and dark.

`.venv/bin/python scripts/take_pictures.py` writes them to docs/images; names of scenes after it
take only those.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser.lab import LabServer, Notebook, browser  # noqa: E402 - the tests' own driver

IMAGES = ROOT / "docs" / "images"

TASKS = """
import re, time
from pathlib import Path
import numpy as np
from pydantic import BaseModel, Field
from trigger_widgets import (
    ApprovalWidget, BatchWidget, InputWidget, RunWidget, StreamWidget, TriggerWidget, batch_trigger,
    metadata, streams, task, wait,
)

ai_output = streams.define("ai-output", str)

@task(id="bootstrap-prices")
def bootstrap(payload):
    metadata.set("stage", "resampling")
    metadata.set("best", {"r2": 0.8713, "lag": 3})
    for i in range(2_000):
        metadata.set("progress", {"current": i + 1, "total": 2_000, "label": "refits"})
        time.sleep(0.004)

@task(id="bootstrap-columns")
def fails(payload):
    values = np.array([1.0, np.nan, 3.0])
    missing = int(np.isnan(values).sum())
    if missing:
        raise ValueError(f"column {payload['column']!r} has {missing} missing value")

@task(id="score-rows")
def score(row):
    time.sleep(0.02)
    if row["n"] % 31 == 7:
        raise ValueError("bad row")
    return {"score": round(0.9 - row["n"] / 1000, 3)}

@task(id="write-report")
def write(payload):
    for token in re.findall(r"\\s*\\S{1,6}", Path("report.md").read_text()):
        ai_output.append(token)
        time.sleep(0.004)

@task(id="publish-report")
def publish(payload):
    return wait.for_token("publish", timeout="24h").unwrap()

@task(id="editor")
def edit(payload):
    words = Path("report.md").read_text().split("\\n\\n")[:2]
    ai_output.pipe(re.findall(r"\\s*\\S{1,6}", "\\n\\n".join(words)))
    token = wait.create_token(timeout="24h")
    metadata.set("publish", {"token": token.id, "prompt": "Send it to **1,284 readers**?"})
    return wait.for_token(token.id).unwrap()

@task(id="research-agent")
def research(payload):
    chat = streams.input("chat")
    while True:
        metadata.append("told", chat.wait(timeout="5m").unwrap())

class Fit(BaseModel):
    column: str = Field(default="price", description="what to fit")
    folds: int = Field(default=5, ge=2)
    robust: bool = False

@task(id="fit-model")
def fit(payload: Fit):
    return {"column": payload.column, "r2": 0.871}
"""


def percent(card: str) -> str:
    """Any of the numbers that a bar shows on its way through the fifties."""
    return ", ".join(f"{card} [aria-valuenow='{number}']" for number in range(50, 60))


QUESTION = """Goes to **1,284 readers**. The model flagged two figures as uncertain:

- churn
- ARPU"""
ASK = f"ApprovalWidget(publish.trigger({{}}), 'publish', title='Publish?', prompt={QUESTION!r})"
BATCH = "BatchWidget(batch_trigger(score, [{'n': n} for n in range(200)]))"
CHAT = """chat = InputWidget(research.trigger({}), "chat")
chat.send("Look at the northern region first.")
chat.send("And leave out the trial accounts: they are counted twice in ARPU.")
chat"""
AGENT = "RunWidget(edit.trigger({'quarter': 'Q3'}), streams=True, approvals=True)"
# name: the cell, and what has to be there before the picture is taken
SCENES = {
    "run": ("bootstrap.trigger({})", percent("article.tw-run")),
    "run-failed": ("fails.trigger({'column': 'price'})", "article.tw-run[data-status=FAILED]"),
    "agent": (AGENT, "article.tw-run article.tw-approval button:text('Approve')"),
    "runs": (BATCH, "article.tw-runs :text-matches('^1[0-3][0-9]$')"),
    "stream": ("StreamWidget(write.trigger({}), 'ai-output')", ".tw-streaming td:text('24.5')"),
    "approval": (ASK, "article.tw-approval[data-token] button:text('Approve')"),
    "trigger": ("TriggerWidget(fit)", "article.tw-trigger button:text('Run')"),
    "input": (CHAT, "article[data-stream=chat] li + li[data-state=sent]"),
}


def main() -> None:
    """Take them all, in both themes."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        root, home = Path(folder, "notebooks"), Path(folder, "jupyter")
        root.mkdir()
        home.mkdir()
        (root / "report.md").write_text((ROOT / "notebooks/data/cars-report.md").read_text())
        environ = {k: v for k, v in os.environ.items() if not k.startswith("TRIGGER_")}
        environ["TRIGGER_WIDGETS_DATA_DIR"] = str(Path(folder, "engine"))
        server = LabServer(root, home, environ, save_state=False)
        try:
            with browser(Path(folder, "profile"), device_scale_factor=1.5) as context:
                for theme in ("Light", "Dark"):
                    for name in sys.argv[1:] or SCENES:
                        take(server, context.new_page(), theme, name)
        finally:
            server.stop()
            stop = [sys.executable, "-m", "trigger_widgets.cli", "engine", "stop"]
            subprocess.run(stop, env=environ, check=False)  # noqa: S603


def take(server: LabServer, page: Page, theme: str, name: str) -> None:
    """One picture of one card."""
    cell, there = SCENES[name]
    server.write(f"{name}-{theme}.ipynb", [TASKS, cell])
    page.set_viewport_size({"width": 1000, "height": 1100})
    notebook = Notebook(page, server, f"{name}-{theme}.ipynb")
    notebook.theme(f"JupyterLab {theme}")
    notebook.run(0)
    notebook.start(1)
    page.locator(there).first.wait_for()
    page.locator("article.tw-card").first.screenshot(path=IMAGES / f"{name}-{theme.lower()}.png")
    page.close()


if __name__ == "__main__":
    main()
