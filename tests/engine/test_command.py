"""`trigger-widgets engine status | stop | reset`."""

import io
import subprocess
import sys
from types import SimpleNamespace

import pytest
from patience import PATIENCE

from tests.engine.conftest import Engine
from trigger_widgets import cli
from trigger_widgets.engine.__main__ import main


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """The command in this process; tests/worker/test_dev.py has it in its own."""
    monkeypatch.setenv("TRIGGER_WIDGETS_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments, answer=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        code = cli.main(["engine", *arguments])
        said = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=said.out, stderr=said.err)

    return run


@pytest.fixture
def engine(tmp_path):
    engine = Engine(tmp_path / "data")
    yield engine
    if engine.process.poll() is None:
        engine.kill()
    engine.process.stderr.close()


def test_status_and_stop(engine, command):
    assert f"{engine.process.pid}" in command("status").stdout
    stopped = command("stop")
    assert (stopped.returncode, engine.process.wait(PATIENCE)) == (0, 0)
    assert "has stopped" in stopped.stdout
    assert "No engine is running" in command("status").stdout
    assert "No engine is running" in command("stop").stdout


@pytest.mark.parametrize("answer", ["", "n\n", "yess\n"])
def test_reset_asks_and_does_nothing_without_a_yes(engine, command, answer):
    run = engine.trigger("t")
    asked = command("reset", answer=answer)
    assert asked.returncode == 1
    assert "trigger.db" in asked.stdout
    assert str(engine.data_dir) in asked.stdout
    assert f"pid {engine.process.pid}" in asked.stdout
    assert asked.stdout.endswith("Nothing was deleted.\n")
    assert engine.status(run) == "PENDING_VERSION"


@pytest.mark.parametrize(("arguments", "answer"), [(["--yes"], ""), ([], "y\n")])
def test_reset_deletes_the_data_and_the_key(engine, command, arguments, answer):
    run, key = engine.trigger("t"), engine.key
    done = command("reset", *arguments, answer=answer)
    assert (done.returncode, done.stderr) == (0, "")
    assert key not in done.stdout
    engine._end()
    assert engine.process.returncode == 0
    left = {path.name for path in engine.data_dir.iterdir()}
    assert left == {"engine.lock", "engine.stopped"}  # a notebook that reconnects leaves it so
    assert "nothing to delete" in command("reset").stdout
    engine.start()
    assert engine.key != key
    assert engine.http.get(f"/api/v3/runs/{run}").status_code == 404


def test_reset_without_any_data(command):
    done = command("reset")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to delete" in done.stdout


def test_an_engine_in_the_way_is_not_deleted_from_under_itself(engine):
    refused = subprocess.run(
        [sys.executable, "-m", "trigger_widgets.engine", "--data-dir", engine.data_dir, "--reset"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 3
    assert "stop it first" in refused.stderr
    assert engine.trigger("t")


@pytest.mark.parametrize("days", ["-1", "many", "nan", "inf"])
def test_days_that_are_none(tmp_path, monkeypatch, capsys, days):
    given = ["engine", "--data-dir", str(tmp_path), f"--keep-days={days}"]
    monkeypatch.setattr("sys.argv", given)
    with pytest.raises(SystemExit) as refused:
        main()
    assert refused.value.code == 2
    assert f'"{days}" is no number of days' in capsys.readouterr().err
