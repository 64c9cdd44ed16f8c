"""Tasks of a notebook, in a real kernel: what they print is in no cell."""

import pytest
from kernels import execute

CELLS = [
    """
import logging, sys, time
from trigger_widgets import default_client, logger, metadata, task
logging.basicConfig(level=logging.INFO)
logging.getLogger("httpx").setLevel(logging.WARNING)

@task
def noisy(payload):
    for i in range(8):
        print("LEAK", i)
        sys.stderr.write("LEAK\\n")
        logging.info("LEAK")
        logger.info("LEAK")
        metadata.set("progress", i)
        time.sleep(0.05)
    return "quiet"

run = noisy.trigger({})
""",
    """
for i in range(4):
    time.sleep(0.1)
    print("tick", i)
logging.info("of the cell")
""",
    """
print(run.result(timeout=60))
print(len(default_client().runs.logs(run).records))
""",
    """
@task
def noisy(payload):
    y = payload["missing"]

again = noisy.trigger({})
try:
    again.result(timeout=60)
except Exception as e:
    print(e.run.error.stack_trace)
    print(default_client().runs.retrieve(again).attempt_count)
""",
]


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIGGER_WIDGETS_DATA_DIR", str(tmp_path / "data"))
    notebook = execute(*CELLS, cwd=str(tmp_path))
    from trigger_widgets.cli import stop_engine

    stop_engine(tmp_path / "data")
    return [(text(cell, "stdout"), text(cell, "stderr")) for cell in notebook.cells]


def text(cell, stream):
    return "".join(output.text for output in cell.outputs if output.get("name") == stream)


def test_what_a_task_prints_is_in_its_run_and_in_no_cell(outputs):
    first, second, third, (fourth, errors) = outputs
    assert first == ("", "")
    assert second == ("tick 0\ntick 1\ntick 2\ntick 3\n", "INFO:root:of the cell\n")
    assert third == ("quiet\n32\n", "")
    assert fourth.startswith("Traceback (most recent call last):\n")
    assert 'y = payload["missing"]' in fourth
    assert fourth.count("File ") == 1
    assert fourth.endswith("KeyError: 'missing'\n\n1\n")
    assert errors == ""
