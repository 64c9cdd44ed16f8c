"""JupyterLab in Chromium on an engine, and a page with the official React hooks beside it."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .servers import Dev

# what drives JupyterLab and the hooks is the tests'
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if TYPE_CHECKING:
    from browser.lab import Notebook
    from interop.page import Hooks


LONG_TASKS = """() => {
  window.longTasks = [];
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.longTasks.push(entry.duration);
  }).observe({ type: 'longtask' });
}"""
"""Keeps how long the long tasks of a page were in `window.longTasks`."""


class Stage:
    """A browser with a JupyterLab whose kernels use the engine."""

    def __init__(self, server: Dev, folder: Path) -> None:
        from browser.lab import LabServer, browser

        self._server = server
        self._exits = contextlib.ExitStack()
        environ = {k: v for k, v in os.environ.items() if not k.startswith("TRIGGER_")}
        environ |= {"TRIGGER_API_URL": server.api_url, "TRIGGER_SECRET_KEY": server.secret_key}
        for name in ("notebooks", "jupyter", "page", "profile"):
            (folder / name).mkdir()
        self._folder = folder
        self._lab = LabServer(folder / "notebooks", folder / "jupyter", environ, save_state=False)
        self._exits.callback(self._lab.stop)
        self._context = self._exits.enter_context(browser(folder / "profile"))
        self._address: str | None = None
        self._opened = 0

    def notebook(self, *cells: str) -> Notebook:
        """A notebook of these cells in a page of its own, its kernel idle."""
        from browser.lab import Notebook

        self._opened += 1
        name = f"benchmark-{self._opened}.ipynb"
        self._lab.write(name, list(cells))
        return Notebook(self._context.new_page(), self._lab, name)

    def hooks(self) -> Hooks:
        """The page of the official hooks."""
        from interop.page import Hooks, serve

        if self._address is None:
            self._address = self._exits.enter_context(serve(self._folder / "page"))
        return Hooks(self._context.new_page(), self._address, self._server.api_url)

    def close(self) -> None:
        """End it all."""
        self._exits.close()


@contextlib.contextmanager
def stage(server: Dev) -> Iterator[Stage]:
    """A stage, and its end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        opened = Stage(server, Path(folder))
        try:
            yield opened
        finally:
            opened.close()


def seconds_to(page: Any, start: str, done: str, limit: float = 120) -> float:
    """Seconds from the JavaScript `start` until the expression `done` is true in the DOM.

    It is looked at after each change of the DOM, so that looking costs the page little.
    """
    return float(
        page.evaluate(
            f"""() => new Promise((resolve, reject) => {{
              setTimeout(() => reject(new Error("not within {limit} s")), {limit * 1000});
              const began = performance.now();
              const look = () => {{
                if (!({done})) return;
                watcher.disconnect();
                resolve((performance.now() - began) / 1000);
              }};
              const watcher = new MutationObserver(look);
              watcher.observe(document.body, {{
                subtree: true, childList: true, characterData: true, attributes: true,
              }});
              {start};
              look();
            }})"""
        )
    )


def rest(page: Any) -> None:
    """Wait until a page has nothing left to do: what was shown before is not to be paid for now."""
    page.evaluate("() => new Promise(done => requestIdleCallback(() => requestIdleCallback(done)))")


def cpu(pid: int) -> float:
    """Seconds of a core that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
