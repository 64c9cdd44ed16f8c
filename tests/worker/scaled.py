"""An engine whose patience is short, so that silence can be tested without waiting minutes."""

import subprocess
import sys

from patience import until

from trigger_widgets.engine_file import EngineFile, mark_stopped

SOURCE = """
import sys
from trigger_widgets.engine import lifecycle, timers
lifecycle.START_GRACE_MS = {start}
lifecycle.HEARTBEAT_LIMIT_MS = {beat}
timers._LONGEST_SLEEP, timers._FROZEN_MS, timers._GRACE_MS = 0.1, 1_000, {grace}
from trigger_widgets.engine.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


class ImpatientEngine:
    """`start`, `beat` and `grace` are milliseconds: of 30, 300 and 60 seconds."""

    def __init__(self, data_dir, *, start=30_000, beat=300_000, grace=60_000):
        source = SOURCE.format(start=start, beat=beat, grace=grace)
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [sys.executable, "-c", source, "--data-dir", str(data_dir)], start_new_session=True
        )
        until(self._is_ready, "the engine")

    def _is_ready(self):
        file = EngineFile.read(self.data_dir)
        return file is not None and file.pid == self.process.pid

    def locate(self):
        return EngineFile.read(self.data_dir).endpoint

    def stop(self):
        mark_stopped(self.data_dir)  # or a kernel that lives starts one that nobody ends
        self.process.kill()
        self.process.wait()
