"""One JupyterLab for all browser tests, and an engine's data.

The kernels of these tests share one engine, as those of a user do.
"""

import os
import subprocess
import sys

import pytest
from browser.lab import LabServer, Notebook

from trigger_widgets import Trigger
from trigger_widgets.engine_file import EngineFile


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
        name = f"{request.node.name.replace('[', '-').replace(']', '')}.ipynb"
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
