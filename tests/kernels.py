"""Kernels as Jupyter starts them, but on sockets that are files.

Jupyter looks for free TCP ports before the kernel binds them; where many tests run at once another
process may have taken one by then, and the kernel dies.
"""

import secrets
import tempfile
from pathlib import Path

import nbformat
import traitlets
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import AsyncKernelManager, KernelManager
from nbclient import NotebookClient

READY_SECONDS = 60


class _OnFiles(traitlets.HasTraits):
    @traitlets.default("transport")
    def _transport_default(self) -> str:
        return "ipc"

    @traitlets.default("ip")
    def _ip_default(self) -> str:
        # tmp_path is too long for a socket
        return str(Path(tempfile.gettempdir()) / f"kernel-{secrets.token_hex(8)}")


class _Manager(_OnFiles, KernelManager):
    pass


class _AsyncManager(_OnFiles, AsyncKernelManager):
    pass


def start_kernel(**launched) -> tuple[KernelManager, BlockingKernelClient]:
    """A kernel that is ready, started with these options of a process."""
    manager = _Manager(kernel_name="python3")
    manager.start_kernel(**launched)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=READY_SECONDS)
    return manager, client


def execute(*cells: str, **options) -> nbformat.NotebookNode:
    """A notebook of these cells after nbclient has executed it, as papermill does."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(
        notebook, kernel_name="python3", kernel_manager_class=_AsyncManager, timeout=READY_SECONDS
    ).execute(**options)
    return notebook
