"""Real kernels, as Jupyter starts them."""

import os
import signal

from kernels import READY_SECONDS, start_kernel


class Kernel:
    """A kernel that executes cells; what they print is the answer."""

    def __init__(self, data_dir, cwd):
        environ = {k: v for k, v in os.environ.items() if not k.startswith("TRIGGER_")}
        environ["TRIGGER_WIDGETS_DATA_DIR"] = str(data_dir)
        self._manager, self._client = start_kernel(env=environ, cwd=str(cwd))
        self.pid = self._manager.provisioner.pid

    def run(self, code, timeout=READY_SECONDS):
        """Execute a cell and give what it printed; its exception fails the test."""
        printed = []

        def hear(message):
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self._client.execute_interactive(code, output_hook=hear, timeout=timeout)
        content = reply["content"]
        assert content["status"] == "ok", "\n".join(content.get("traceback", []))
        return "".join(printed).strip()

    def begin(self, code):
        """Execute a cell and do not wait for it."""
        self._client.execute(code)

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)

    def restart(self):
        """As the button does: another process with the kernel's old name and connection."""
        self._manager.restart_kernel(now=True)
        self._client.wait_for_ready(timeout=READY_SECONDS)
        self.pid = self._manager.provisioner.pid

    def stop(self):
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()
