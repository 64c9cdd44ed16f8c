"""The widgets elsewhere than in JupyterLab: Notebook 7 and marimo (`make test-all`)."""

import socket
import subprocess
import sys
import time

import httpx
import pytest
from browser.lab import Notebook
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.browser]

DEFINE = """
from trigger_widgets import ApprovalWidget, RunWidget, metadata, streams, task, wait

@task(id="asks")
def asks(payload):
    metadata.set("progress", 50)
    streams.append("words", "to be")
    return wait.for_token("go", timeout="10m").unwrap()
"""
MARIMO = """
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    from trigger_widgets import ApprovalWidget, RunWidget, StreamWidget
    from trigger_widgets import metadata, streams, task, wait

    @task(id="asks")
    def asks(payload):
        metadata.set("progress", 50)
        streams.append("words", "to be")
        return wait.for_token("go", timeout="10m").unwrap()

    run = asks.trigger({})
    widgets = RunWidget(run), StreamWidget(run, "words"), ApprovalWidget(run, "go", prompt="Go?")
    mo.vstack([mo.ui.anywidget(widget) for widget in widgets])
    return


if __name__ == "__main__":
    app.run()
"""


def test_a_run_is_watched_and_approved_in_notebook_7(start_lab, page):
    server = start_lab(save_state=True, app="notebook")
    shows = "run = asks.trigger({})\nApprovalWidget(run, 'go', prompt='Go?')"
    server.write("seven.ipynb", [DEFINE, shows, "run", "run.result()"])
    notebook = Notebook(page, server, "seven.ipynb")
    for cell in range(3):
        notebook.run(cell)
    notebook.start(3)
    page.get_by_role("button", name="Approve").click()
    notebook.wait(3)
    assert "'approved': True" in notebook.text(3)
    expect(page.locator("article.tw-run")).to_contain_text("Completed")
    notebook.save()
    notebook.reload()
    expect(page.locator("article.tw-run")).to_contain_text("Completed")


@pytest.fixture
def marimo(tmp_path, environ):
    """Serves an app of marimo; gives its address."""
    (tmp_path / "app.py").write_text(MARIMO)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = ("-m", "marimo", "run", "app.py", "--headless", "--host", "127.0.0.1", "--no-token")
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, *serve, "--port", str(port)],
        cwd=tmp_path, env=environ, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    while True:
        assert process.poll() is None, (tmp_path / "log").read_text()
        try:
            httpx.get(f"{url}/health").raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait()
    log.close()


def test_a_run_is_watched_and_approved_in_marimo(marimo, page):
    page.set_default_timeout(60_000)
    page.goto(marimo)
    page.get_by_role("button", name="Approve").click()
    card = page.locator("article.tw-run")
    expect(card).to_contain_text("Completed")
    expect(page.locator("article.tw-streaming")).to_contain_text("to be")
