"""One worker of ours with an engine of its own, for all of these tests, and both clients of it."""

import json
import os
import subprocess
import sys

import pytest
from interop.support import HERE, Official

from trigger_widgets.client import Trigger


@pytest.fixture(scope="session")
def dev(tmp_path_factory):
    """What `trigger-widgets dev tasks.py --json` says when it is ready."""
    data_dir = tmp_path_factory.mktemp("interop")
    command = [sys.executable, "-m", "trigger_widgets.cli", "dev", HERE / "tasks.py", "--json"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--data-dir", data_dir],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if "TRIGGER_" not in name},
    )
    with process:
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture
def official(dev):
    return Official(dev["api_url"], dev["secret_key"])


@pytest.fixture
def client(dev):
    with Trigger(api_url=dev["api_url"], access_token=dev["secret_key"]) as client:
        yield client
