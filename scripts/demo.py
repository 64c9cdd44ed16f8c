"""`make demo`: JupyterLab on the notebooks; with --check, one of them executed without a person."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import webbrowser
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CHECKED = "01-trigger-and-watch.ipynb"


def open_lab() -> None:
    """Open JupyterLab in a browser; without one it prints the address to open."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={NOTEBOOKS}"]
    command.append(f"--LabApp.default_url=/lab/tree/{CHECKED}")
    if os.geteuid() == 0:
        command.append("--allow-root")
    try:
        webbrowser.get()
    except webbrowser.Error:
        command.append("--no-browser")
        print("There is no browser here: open the address below yourself.", flush=True)
    os.execv(sys.executable, command)  # noqa: S606 - nothing is left to do here


def check() -> int:
    """Execute the first notebook in a kernel and an engine of its own; report its runs."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    from trigger_widgets import Trigger, TriggerError
    from trigger_widgets.engine_file import EngineFile

    notebook = nbformat.read(NOTEBOOKS / CHECKED, as_version=4)
    with tempfile.TemporaryDirectory(prefix="trigger-widgets-") as data_dir:
        os.environ["TRIGGER_WIDGETS_DATA_DIR"] = data_dir
        client = NotebookClient(
            notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOKS)}}
        )
        try:
            client.execute()
        except CellExecutionError as e:
            print(e)
        engine = EngineFile.read(Path(data_dir))
        if engine is None:
            print("The notebook triggered nothing.")
            return 1
        try:
            with Trigger(
                api_url=engine.endpoint.api_url, access_token=engine.secret_key
            ) as trigger:
                runs = [trigger.runs.retrieve(run_id) for run_id in _run_ids(notebook)]
        except TriggerError as e:
            print(e)
            return 1
        finally:
            stop = [sys.executable, "-m", "trigger_widgets.cli", "engine", "stop"]
            subprocess.run(stop, check=False, stdout=subprocess.DEVNULL)  # noqa: S603
    for run in runs:
        print(f"{run.id}  {run.task_identifier}  {run.status}  {_short(run.output)}")
    completed = [run for run in runs if run.status == "COMPLETED"]
    print(f"{len(completed)} of {len(runs)} runs completed.")
    return 0 if runs and len(completed) == len(runs) else 1


def _run_ids(notebook: object) -> list[str]:
    """The ids of the runs that the notebook's outputs name, in order."""
    import re

    import nbformat

    return list(dict.fromkeys(re.findall(r"\brun_[a-z0-9]{20,}", nbformat.writes(notebook))))


def _short(value: object, limit: int = 300) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def main() -> int:
    """Without the TRIGGER_* of whoever runs this: the demo needs no account."""
    for name in [name for name in os.environ if name.startswith("TRIGGER_")]:
        del os.environ[name]
    if "--check" in sys.argv[1:]:
        return check()
    open_lab()
    return 0


if __name__ == "__main__":
    sys.exit(main())
