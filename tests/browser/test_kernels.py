"""The click that ends a cell's wait, on every ipykernel that is supported, with and without
JupyterLab's subshells (`make test-all`; scripts/install_kernels.py brings the versions).
"""

import contextlib
import sys
from pathlib import Path

import ipykernel
import pytest
from browser.lab import Notebook
from playwright.sync_api import TimeoutError, expect  # noqa: A004 - its own

pytestmark = [pytest.mark.slow, pytest.mark.browser]

INSTALLED = Path(sys.prefix) / "kernels"
VERSIONS = ("6.31.0", "7.1.0", "7.3.0", ipykernel.__version__)
DEFINE = """
import asyncio, ipykernel
from trigger_widgets import ApprovalWidget, task, trigger, wait

@task(id="asks")
def asks(payload):
    return wait.for_token("go", timeout="10m").unwrap()

print(ipykernel.__version__)
"""
ASK = "run = asks.trigger({})\nApprovalWidget(run, 'go', prompt='Go?')"
WAITS = {
    "result": "print('waiting')\nrun.result()",
    "await": "await run",
    "gather": "await asyncio.gather(run)",
}


CONNECT_ANEW = """() => {
  for (const panel of window.jupyterapp?.shell.widgets('main') ?? []) {
    void panel.sessionContext?.session?.kernel?.reconnect();
  }
}"""


class Overlooking(Notebook):
    """One whose kernel may overlook a request that comes while it sends an answer, until there is
    another connection: ipykernel 7.0 to 7.3 do (ipykernel#1554), mostly with the first ones.
    """

    def until(self, condition, arg=None, patience=None):
        for _ in range(3):
            with contextlib.suppress(TimeoutError):
                return super().until(condition, arg, patience=15)
            self.page.evaluate(CONNECT_ANEW)
        return super().until(condition, arg, patience)


@pytest.fixture(scope="module", params=["perCommTarget", "disabled"])
def any_lab(request, start_lab):
    """JupyterLab with its subshells for widgets as they come, and without them."""
    return start_lab(save_state=True, subshells=request.param)


@pytest.fixture(params=VERSIONS)
def notebook(request, any_lab, page):
    version = request.param
    kernel = "python3"
    if version != ipykernel.__version__:
        path = INSTALLED / version
        assert path.exists(), f"no ipykernel {version} in {INSTALLED}: run `make test-all`."
        kernel = f"ipykernel-{version}"
        any_lab.add_kernel(kernel, path)
    name = f"kernel-{version}.ipynb"
    any_lab.write(
        name,
        [DEFINE, *(cell for wait in WAITS.values() for cell in (ASK, wait, "6 * 7"))],
        kernel=kernel,
    )
    opened = Overlooking(page, any_lab, name)
    assert version in opened.run(0)
    yield opened
    any_lab.end_kernels()


def test_a_click_ends_the_wait_and_a_cell_after_it_runs(notebook, page):
    for at, kind in enumerate(WAITS):
        ask, waits, after = (1 + 3 * at + n for n in range(3))
        notebook.run(ask)
        button = notebook.cell(ask).get_by_role("button", name="Approve")
        expect(button).to_be_visible()
        notebook.start(waits)
        notebook.start(after)  # in line behind it
        notebook.until_busy()
        button.click()
        notebook.wait(waits)
        assert "'approved': True" in notebook.text(waits), kind
        notebook.wait(after)
        assert notebook.text(after) == "42", kind


def test_an_interrupt_ends_the_wait_and_the_kernel_lives(notebook, page):
    notebook.run(1)
    notebook.start(2)
    notebook.until_prints(2, "waiting")
    notebook.interrupt()
    notebook.wait(2)
    assert "KeyboardInterrupt" in notebook.text(2)
    assert notebook.run(3) == "42"
