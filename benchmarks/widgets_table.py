"""A table of 10,000 runs: its first paint, and 500 row updates a second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .jupyter import LONG_TASKS, rest, seconds_to, stage
from .registry import benchmark
from .report import Row
from .servers import dev

_RUNS = 10_000
_SECONDS = 5
_RATE = 500
_TRIGGER = f"""
import threading, time
from trigger_widgets import BatchWidget, RunStatus, batch_trigger
batch = batch_trigger("holds", ({{"n": n}} for n in range({_RUNS})), delay="1h")
"""
_SHOW = "widget = BatchWidget(batch)\nwidget"
# the feed's own way into the widget, without a server that would need the machine for itself
_UPDATE = f"""
def update():
    time.sleep(1)  # what the page does to run a cell is not ours
    everything = {{run.id: run for run in widget.runs}}
    ids = list(everything)
    began = time.monotonic()
    for first in range(0, {_RATE * _SECONDS}, 8):
        changed = [
            everything[run].model_copy(update={{"status": RunStatus.COMPLETED, "output": first}})
            for run in ids[first : min(first + 8, {_RATE * _SECONDS})]
        ]
        everything |= {{run.id: run for run in changed}}
        widget._see_runs(changed, everything)
        time.sleep(max(0, began + first / {_RATE} - time.monotonic()))

threading.Thread(target=update).start()
"""
_RUN_SHOW = (
    "window.notebookPanel.content.activeCellIndex = 1;"
    "window.jupyterapp.commands.execute('notebook:run-cell')"
)
_WORDS = "document.querySelector('article.tw-runs')?.textContent"


@benchmark
def ten_thousand_rows() -> Iterator[Row]:
    """From the call to the first row, and what 500 row updates a second do to the page."""
    with dev(Path(__file__).with_name("tasks.py")) as server, stage(server) as opened:
        notebook = opened.notebook(_TRIGGER, _SHOW, _UPDATE)
        page = notebook.page
        notebook.run(0)
        row = "document.querySelector('article.tw-runs [role=row] .tw-badge')"
        paint = seconds_to(page, _RUN_SHOW, row)
        yield Row("10,000-row table, call to first row", paint, "s", target="ours < 0.7")
        page.wait_for_function(f"() => {_WORDS}.includes('{_RUNS:,} runs')", timeout=120_000)
        # the static copy is a page's first text/html, for which JupyterLab loads its MathJax once
        page.wait_for_selector(".tw-static", state="attached")
        notebook.run(2)
        rest(page)
        page.evaluate(LONG_TASKS)
        begun = rf"{_WORDS}.match(/([1-9]\d*) \/ {_RUNS:,} finished/)"
        seconds_to(page, "", begun)
        before = int(page.evaluate(f"() => {begun}[1]"))
        done = f"{_RATE * _SECONDS:,} / {_RUNS:,} finished"
        taken = seconds_to(page, "", f"{_WORDS}.includes('{done}')")
        long = page.evaluate("() => window.longTasks")
        yield Row(
            "row updates in the DOM, none missing", (_RATE * _SECONDS - before) / taken, "1/s"
        )
        yield Row("longest task meanwhile", max(long, default=0.0), "ms", target="ours <= 50")
        yield Row("tasks over 50 ms meanwhile", len(long), "in 5 s")
