"""Ctrl-C in `result()`: a real process, a real signal, and the run goes on."""

import signal
import subprocess
import sys

CODE = """
import signal, sys
from trigger_widgets.client import Trigger
signal.signal(signal.SIGINT, signal.default_int_handler)
client = Trigger()
handle = client.tasks.trigger("nobody")
try:
    client.watch_run(handle, on_run=lambda run: print(run.id, flush=True))
    handle.result()
except KeyboardInterrupt:
    print(client.runs.retrieve(handle).status, flush=True)
"""


def test_ctrl_c_ends_result_and_leaves_nothing(engine):
    at = engine.endpoint
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", CODE],  # not -X dev, which tells of slow machines
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            "TRIGGER_API_URL": at.api_url,
            "TRIGGER_SECRET_KEY": at.access_token.get_secret_value(),
        },
    )
    with process:
        assert process.stdout.readline().startswith("run_")
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "PENDING_VERSION\n"
        assert process.stderr.read() == ""
    assert process.returncode == 0
