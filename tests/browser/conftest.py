"""One JupyterLab for all browser tests, and an engine's data.

The kernels of these tests share one engine, as those of a user do.
"""

import os
import subprocess
import sys
import zlib
from contextlib import suppress

import pytest
from browser.lab import LabServer, Notebook
from playwright.sync_api import Error

from trigger_widgets import Trigger
from trigger_widgets.engine_file import EngineFile

CELLS = """() => [...document.querySelectorAll('.jp-Notebook .jp-Cell')].map((cell, i) => {
  const cards = [...cell.querySelectorAll('article')];
  const state = cards.map((card) => JSON.stringify({...card.dataset, busy: card.ariaBusy}));
  const text = cell.innerText.replace(/\\s*\\n\\s*/g, ' · ').slice(-600);
  return [`cell ${i}`, ...state, text].join('\\n');
})"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that fails says what its page showed: that is gone when somebody reads of it."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and call.when == "call" and page is not None:
        with suppress(Error):  # it may be closed, or what failed
            report.sections.append(("What the page showed", "\n".join(page.evaluate(CELLS))))
    return report


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="session")
def environ(data_dir):
    environ = {k: v for k, v in os.environ.items() if not k.startswith("TRIGGER_")}
    environ["TRIGGER_WIDGETS_DATA_DIR"] = str(data_dir)
    yield environ
    subprocess.run(
        [sys.executable, "-m", "trigger_widgets.cli", "engine", "stop"],
        env=environ,
        check=False,
        stdout=subprocess.DEVNULL,
    )


@pytest.fixture(scope="session")
def start_lab(tmp_path_factory, environ):
    """Starts a JupyterLab; all of them end with the session."""
    servers = []

    def start(**options):
        root, home = (tmp_path_factory.mktemp(name) for name in ("notebooks", "jupyter"))
        servers.append(LabServer(root, home, environ, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def lab(start_lab):
    """A JupyterLab that saves the state of widgets, which is not its default."""
    return start_lab(save_state=True)


@pytest.fixture(scope="session")
def default_lab(start_lab):
    """A JupyterLab as it comes: it saves no widget state."""
    return start_lab(save_state=False)


@pytest.fixture
def page(context):
    page = context.new_page()
    yield page
    page.close()


@pytest.fixture
def open_notebook(lab, page, request):
    """Opens a notebook made of the given cells."""

    def open_(*cells: str) -> Notebook:
        # in the list of files it is a button: one that no test looks for by a word of its name
        name = f"{zlib.crc32(request.node.name.encode()):08x}.ipynb"
        lab.write(name, list(cells))
        return Notebook(page, lab, name)

    return open_


@pytest.fixture
def api_of(data_dir):
    """Gives a client of the engine that the kernels use; there is one once a cell has run."""
    clients = []

    def connect() -> Trigger:
        file = EngineFile.read(data_dir)
        clients.append(Trigger(api_url=file.endpoint.api_url, access_token=file.secret_key))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()
