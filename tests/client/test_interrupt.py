"""Ctrl-C in `result()`: a real process, a real signal, and the run goes on; and at any moment."""

import asyncio
import contextlib
import itertools
import signal
import subprocess
import sys

from interrupts import Moment
from patience import PATIENCE

from trigger_widgets.realtime.loop import background_loop

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


def test_ctrl_c_at_any_moment_of_result_holds_up_nobody(owner, hand, task):
    handle = owner.tasks.trigger(task)
    hand.succeed(*hand.start(), '"done"', "application/json")
    for nth in itertools.count(1):
        with contextlib.suppress(KeyboardInterrupt), Moment(nth) as moment:
            handle.result()
        background_loop().submit(asyncio.sleep(0)).result(PATIENCE)
        if not moment.has_come:
            break
    assert handle.result() == "done"
