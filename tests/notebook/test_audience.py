"""Where nobody can click, a wait for a click is refused instead of hanging."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from kernels import execute
from nbclient.exceptions import CellExecutionError

from trigger_widgets.notebook import audience, install
from trigger_widgets.realtime.waiting import install_audience, nobody_can_click

ASKS = """
from trigger_widgets import ApprovalWidget, default_client, task, wait

@task(id="asks")
def asks(payload):
    return wait.for_token("go", timeout="10m").unwrap()

run = asks.trigger({})
"""


@pytest.fixture
def own_engine():
    """The engine that a first trigger starts ends with the test."""
    yield
    subprocess.run(
        [sys.executable, "-m", "trigger_widgets.cli", "engine", "stop"],
        check=False,
        stdout=subprocess.DEVNULL,
        env=os.environ,
    )


@pytest.mark.usefixtures("own_engine")
@pytest.mark.parametrize("wait", ["run.result()", "await run", 'ApprovalWidget(run, "go").wait()'])
def test_a_wait_for_a_click_raises_under_nbclient(wait):
    with pytest.raises(CellExecutionError, match=r"NobodyCanClickError.*nobody can click"):
        execute(ASKS, wait)


@pytest.mark.usefixtures("own_engine")
def test_a_decision_by_api_is_no_click():
    """The token is completed in a cell before: nothing is left to wait for."""
    notebook = execute(
        ASKS,
        """
import threading
tokens = default_client().wait
found = None
while found is None:
    found = next(iter(tokens.list_tokens(idempotency_key=f"{run.id}:go")), None)
tokens.complete_token(found, {"approved": True})
""",
        "run.result(timeout=30)",
    )
    assert "True" in notebook.cells[2].outputs[0].data["text/plain"]


def test_where_nothing_is_known_nothing_is_refused():
    install_audience(None)
    assert not nobody_can_click(blocking=True)


def test_in_marimo_a_call_that_blocks_is_refused_and_an_await_is_not(monkeypatch):
    """marimo handles a click after the cell that blocks (measured); it has no IPython shell."""
    marimo = SimpleNamespace(running_in_notebook=lambda: True)
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    install()
    try:
        assert nobody_can_click(blocking=True)
        assert not nobody_can_click(blocking=False)
    finally:
        install_audience(None)


def test_a_marimo_that_is_only_installed_says_nothing(monkeypatch):
    marimo = SimpleNamespace(running_in_notebook=lambda: False)
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    assert not audience.nobody_can_click(blocking=True)
