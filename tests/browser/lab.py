"""A real JupyterLab in a real Chromium, driven by its own `window.jupyterapp`."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import nbformat
from patience import PATIENCE
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

# No background traffic (there may be no network), and no GPU or sandbox (there may be no display).
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
TOKEN = "a-token-for-tests"
expect.set_options(timeout=PATIENCE * 1000)
SETTINGS = {
    # every cell stays in the DOM
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}
# what shows `window.jupyterapp`, and where a notebook is opened
_APPS = {
    "jupyterlab": ("LabApp", "lab/tree"),
    "notebook": ("JupyterNotebookApp", "notebooks"),
}
READY = """() => {
  const app = window.jupyterapp;
  for (const panel of app ? app.shell.widgets('main') : []) {
    const kernel = panel.sessionContext?.session?.kernel;
    if (!panel.content?.widgets || !panel.sessionContext.isReady) continue;
    if (kernel?.status === 'idle' && kernel.connectionStatus === 'connected') {
      window.notebookPanel = panel;
      return true;
    }
  }
  return false;
}"""


# what the widget manager shows where it found no model, and never looks again
LOST = "Error displaying widget: model not found"
RESTORED = f"""() => {{
  const text = document.querySelector('.jp-Notebook').textContent;
  const cards = document.querySelectorAll('.jp-Notebook article.tw-card').length;
  return !text.includes('Loading widget') && (cards > 0 || text.includes('{LOST}'));
}}"""
_OPENINGS = 6


def chromium() -> str | None:
    """An installed Chromium or Chrome; None means Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


class LabServer:
    """JupyterLab, or Notebook 7, on a port of the system's choice, with directories of its own."""

    def __init__(
        self,
        root: Path,
        home: Path,
        env: Mapping[str, str],
        *,
        save_state: bool,
        subshells: str | None = None,
        app: str = "jupyterlab",
    ) -> None:
        self.root = root
        exposes, self.page = _APPS[app]
        self._kernels = home / "data" / "kernels"
        self._log_path = home / "server.log"
        settings = dict(SETTINGS)
        settings["@jupyter-widgets/jupyterlab-manager:plugin"] = {"saveState": save_state}
        if subshells is not None:
            kernels = "@jupyterlab/apputils-extension:kernels-settings"
            settings[kernels] = {"commsOverSubshells": subshells}
        overrides = home / "config" / "labconfig" / "default_setting_overrides.json"
        overrides.parent.mkdir(parents=True)
        overrides.write_text(json.dumps(settings))
        runtime = home / "runtime"
        runtime.mkdir()
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    app,
                    "--no-browser",
                    "--allow-root",
                    "--ip=127.0.0.1",
                    "--ServerApp.port=0",
                    f"--IdentityProvider.token={TOKEN}",
                    f"--ServerApp.root_dir={root}",
                    f"--{exposes}.expose_app_in_browser=True",
                ],
                env={
                    **env,
                    "JUPYTER_CONFIG_DIR": str(home / "config"),
                    "JUPYTER_RUNTIME_DIR": str(runtime),
                    "JUPYTER_DATA_DIR": str(home / "data"),
                    "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
                    "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
                    "IPYTHONDIR": str(home / "ipython"),
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = self._wait_until_ready(runtime / f"jpserver-{self._process.pid}.json")

    def _wait_until_ready(self, info: Path, patience: float = PATIENCE) -> str:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended:\n{self._log_path.read_text()[-3000:]}")
            try:
                url = f"http://127.0.0.1:{json.loads(info.read_text())['port']}/"
                httpx.get(f"{url}api/status?token={TOKEN}").raise_for_status()
            except (OSError, ValueError, httpx.HTTPError):
                time.sleep(0.05)
            else:
                return url
        raise RuntimeError(f"JupyterLab was not up in {patience} s.")

    def stop(self) -> None:
        self.end_kernels()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def end_kernels(self) -> None:
        """End every kernel and session, as if it were tomorrow."""
        with httpx.Client(base_url=self.url, params={"token": TOKEN}, timeout=PATIENCE) as api:
            for session in api.get("api/sessions").json():
                api.delete(f"api/sessions/{session['id']}")
            for kernel in api.get("api/kernels").json():
                api.delete(f"api/kernels/{kernel['id']}")

    def add_kernel(self, name: str, path: Path) -> None:
        """A kernel spec whose modules come from `path` first."""
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": name,
            "language": "python",
            "env": {"PYTHONPATH": str(path)},
        }
        folder = self._kernels / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kernel.json").write_text(json.dumps(spec))

    def write(self, name: str, cells: list[str], *, kernel: str = "python3") -> None:
        """A notebook of code cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel}},
        )
        nbformat.write(notebook, self.root / name)


@contextmanager
def browser(profile: Path, **options: Any) -> Iterator[BrowserContext]:
    """A Chromium with a profile of its own."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(),
            headless=True,
            args=CHROMIUM_FLAGS,
            viewport={"width": 1280, "height": 1400},
            **options,
        )
        yield context
        context.close()


def snapshots(saved: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What a saved notebook keeps of our widgets: the kind and the state of each."""
    widgets = saved["metadata"].get("widgets", {})
    models = widgets.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    states = [model["state"] for model in models.values()]
    return [(state["_kind"], state["_snapshot"]["state"]) for state in states if "_kind" in state]


class Notebook:
    """One notebook that is open in JupyterLab."""

    def __init__(
        self, page: Page, server: LabServer, path: str, *, timeout: float = PATIENCE
    ) -> None:
        self.page, self.server, self.path = page, server, path
        page.set_default_timeout(timeout * 1000)
        page.goto(f"{server.url}{server.page}/{path}?token={TOKEN}&reset")
        self.until(READY)

    def until(self, condition: str, arg: Any = None, patience: float | None = None) -> None:
        """Wait until JavaScript says so; the page's patience if there is none, in seconds."""
        timeout = None if patience is None else patience * 1000
        self.page.wait_for_function(condition, arg=arg, timeout=timeout)

    def open_tomorrow(self) -> Notebook:
        """The same notebook from its file, without the kernel that made it.

        JupyterLab takes all models for restored once its kernel is connected, which happens now
        and then before those in the file are read; views made in between find no model. The static
        copies stand in for them until the notebook is opened anew, and this opens it anew.
        """
        for _ in range(_OPENINGS):
            self.server.end_kernels()
            opened = Notebook(self.page, self.server, self.path)
            self.page.wait_for_function(RESTORED)
            if not self.page.get_by_text(LOST).count():
                return opened
            for copy in self.page.locator(".tw-static").all():
                expect(copy).to_be_visible()
        raise AssertionError(f"JupyterLab lost the models of {self.path} {_OPENINGS} times.")

    def until_busy(self) -> None:
        """Wait until the kernel executes a cell."""
        self.until("() => window.notebookPanel.sessionContext.session.kernel.status === 'busy'")

    def until_prints(self, index: int, words: str) -> None:
        """Wait until a cell's own code is at work, where an interrupt is its own."""
        self.until(
            """([i, words]) => document.querySelectorAll('.jp-Notebook .jp-Cell')[i]
              .querySelector('.jp-Cell-outputArea')?.textContent.includes(words)""",
            [index, words],
        )

    def start(self, index: int) -> None:
        """Run a cell and do not wait for it."""
        self.page.evaluate(
            """index => {
              const notebook = window.notebookPanel.content;
              notebook.activeCellIndex = index;
              notebook.deselectAll();
              (window.cellsDone ??= {})[index] = false;
              window.jupyterapp.commands.execute('notebook:run-cell')
                .then(() => { window.cellsDone[index] = true; });
            }""",
            index,
        )

    def wait(self, index: int) -> None:
        """Until a cell that was started is done."""
        self.until("index => window.cellsDone?.[index] === true", index)

    def run(self, index: int) -> str:
        """Run a cell to its end; gives its text output."""
        self.start(index)
        self.wait(index)
        return self.text(index)

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of a cell as the notebook's model holds them."""
        return self.page.evaluate(
            "i => window.notebookPanel.content.widgets[i].model.toJSON().outputs ?? []", index
        )

    def code_cells(self) -> list[int]:
        """The indexes of the cells that can be run."""
        types = self.page.evaluate(
            "() => window.notebookPanel.content.widgets.map(cell => cell.model.type)"
        )
        return [index for index, kind in enumerate(types) if kind == "code"]

    def source(self, index: int) -> str:
        return self.page.evaluate(
            "i => window.notebookPanel.content.widgets[i].model.sharedModel.getSource()", index
        )

    def text(self, index: int) -> str:
        parts = []
        for output in self.outputs(index):
            if "ename" in output:
                parts.append(f"{output['ename']}: {output['evalue']}")
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            parts.append(text if isinstance(text, str) else "".join(text))
        return "".join(parts)

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def save(self) -> None:
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def save_when(
        self, holds: Callable[[dict[str, Any]], bool], patience: float = PATIENCE
    ) -> None:
        """Save until the file holds it: a thread of the kernel brings the copies up to date."""
        deadline = time.monotonic() + patience
        while True:
            self.save()
            if holds(self.saved()):
                return
            assert time.monotonic() < deadline, f"{self.path} was not up to date in {patience} s"

    def saved(self) -> dict[str, Any]:
        """The notebook as it is on disk."""
        return json.loads((self.server.root / self.path).read_text())

    def reload(self) -> None:
        self.page.reload()
        self.until(READY)

    def restart_kernel(self) -> None:
        self.page.evaluate("() => window.notebookPanel.sessionContext.session.kernel.restart()")
        self.until(READY)

    def interrupt(self) -> None:
        self.page.evaluate("() => window.notebookPanel.sessionContext.session.kernel.interrupt()")

    def theme(self, name: str) -> None:
        """`JupyterLab Light` or `JupyterLab Dark`."""
        self.page.evaluate(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})",
            name,
        )
        light = str(name.endswith("Light")).lower()
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")
