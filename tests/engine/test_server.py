"""The process: durable, alone, quick to stop, and discreet."""

import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from patience import PATIENCE, at_once, until

from tests.engine.conftest import Engine
from trigger_widgets.engine_file import EngineFile


def run_engine(*arguments, seconds=PATIENCE):
    return subprocess.run(
        [sys.executable, "-m", "trigger_widgets.engine", *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_its_file_says_where_it_is_and_only_the_user_can_read_it(own_engine):
    file = EngineFile.read(own_engine.data_dir)
    assert file.endpoint.api_url == own_engine.url
    assert file.is_running()
    for name in ("engine.json", "trigger.db", "engine.log", "engine.lock"):
        assert stat.S_IMODE((own_engine.data_dir / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(own_engine.data_dir.stat().st_mode) == 0o700
    assert len(own_engine.key.removeprefix("tr_dev_")) * 4 == 256
    assert httpx.get(f"{own_engine.url}/healthcheck").json() == {
        "ok": True,
        "version": file.version,
    }


def test_a_second_engine_is_refused(own_engine):
    second = run_engine("--data-dir", str(own_engine.data_dir), "--port", "0")
    assert second.returncode == 3
    assert str(own_engine.process.pid) in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert own_engine.file()["pid"] == own_engine.process.pid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_although_requests_are_held(tmp_path, number):
    engine = Engine(tmp_path / "data")
    worker = engine.worker("t")
    run = engine.trigger("other")
    offset = engine.http.get(f"/realtime/v1/runs/{run}?offset=-1").headers[
        "electric-chunk-last-offset"
    ]
    feed = f"/realtime/v1/runs/{run}?offset={offset}&handle=h&live=true"
    latest = engine.http.get(f"/engine/v1/dev/runs/{run}/snapshots/latest").json()
    snapshot = latest["execution"]["snapshot"]["friendlyId"]
    held = f"/engine/v1/dev/runs/{run}/snapshots/latest?after={snapshot}&wait=30"

    def connections():
        return len(list(Path(f"/proc/{engine.process.pid}/fd").iterdir()))

    before = connections()
    with ThreadPoolExecutor() as pool:
        waiting = [
            pool.submit(worker.dequeue, 30),
            pool.submit(engine.http.get, feed),
            pool.submit(engine.http.get, held),
        ]
        until(lambda: connections() >= before + 2)  # one was open
        with at_once():
            engine.process.send_signal(number)
            empty, unchanged, same = (found.result() for found in waiting)
            assert engine.process.wait(PATIENCE) == 0
    assert empty is None
    assert unchanged.json() == [{"headers": {"control": "up-to-date"}}]
    assert same.json() == latest
    engine._end()


def test_an_idle_connection_does_not_keep_it(own_engine):
    own_engine.http.get("/healthcheck")
    with at_once():  # it would be kept for 75 s
        own_engine.stop()
    assert own_engine.process.returncode == 0


def test_what_was_acknowledged_survives_kill_9(own_engine):
    engine = own_engine
    worker = engine.worker("t")
    done = engine.trigger("t", {"n": 1})
    worker.execute().complete('{"json":"kept"}')
    executing = engine.trigger("t")
    attempt = worker.execute()
    engine.http.put(f"/api/v1/runs/{executing}/metadata", json={"metadata": {"progress": 50}})
    queued = engine.trigger("t", tags=["a"], idempotencyKey="k")
    delayed = engine.trigger("t", delay="1500ms")
    token, key, url = engine.mint(f"read:runs:{done}"), engine.key, engine.url
    engine.kill()
    engine.start()
    assert (engine.key, engine.url) == (key, url)
    assert engine.retrieve(done)["output"] == "kept"
    assert engine.client(token).get(f"/api/v3/runs/{done}").status_code == 200
    assert engine.retrieve(executing)["metadata"] == {"progress": 50}
    assert engine.trigger("t", idempotencyKey="k") == queued
    # the worker lives on and does not notice more than a broken connection
    assert attempt.complete() == "RUN_FINISHED"
    assert worker.dequeue().run == queued
    assert worker.dequeue().run == delayed


def test_kill_9_in_the_middle_of_triggers_loses_none_that_was_acknowledged(own_engine):
    engine = own_engine
    acknowledged = []

    def trigger_on():
        with httpx.Client(base_url=engine.url, headers=engine.http.headers) as client:
            while True:
                try:
                    answer = client.post("/api/v1/tasks/t/trigger", json={"payload": 1})
                except httpx.HTTPError:
                    return
                acknowledged.append(answer.json()["id"])

    with ThreadPoolExecutor() as pool:
        for _ in range(4):
            pool.submit(trigger_on)
        until(lambda: len(acknowledged) > 100)
        engine.process.kill()
    engine._end()
    engine.start()
    assert all(engine.status(run) == "PENDING_VERSION" for run in acknowledged)


def test_a_worker_that_died_with_the_engine_is_noticed_after_the_restart(own_engine, sleeper):
    process = sleeper()
    worker = own_engine.worker("t", process=process)
    run = own_engine.trigger("t")
    worker.execute()
    own_engine.kill()
    process.kill()
    process.wait()
    own_engine.start()
    assert "died" in own_engine.until(run, "CRASHED")["error"]["message"]


def test_it_keeps_its_port_unless_told_otherwise(own_engine):
    url = own_engine.url
    own_engine.stop()
    own_engine.start()
    assert own_engine.url == url


def test_a_port_that_is_taken(shared_engine, tmp_path):
    port = shared_engine.url.rpartition(":")[2]
    found = run_engine("--data-dir", str(tmp_path / "data"), "--port", port)
    assert found.returncode == 1
    assert found.stderr == (
        f"port {port} of 127.0.0.1 is taken by another program; choose another one, or 0 for any "
        "that is free.\n"
    )


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "engine.json").write_text('{"secret_key":"tr_dev_secret"')
    found = run_engine("--data-dir", str(tmp_path))
    assert found.returncode == 1
    assert "engine.json is damaged" in found.stderr
    assert "tr_dev_secret" not in found.stderr


def test_data_of_a_newer_version_is_left_alone(own_engine):
    import sqlite3

    own_engine.stop()
    database = sqlite3.connect(own_engine.data_dir / "trigger.db")
    database.execute("PRAGMA user_version = 999")
    database.close()
    found = run_engine("--data-dir", str(own_engine.data_dir))
    assert found.returncode == 1
    assert "newer" in found.stderr


@pytest.mark.slow
def test_it_ends_when_nobody_needs_it_and_not_before(tmp_path, sleeper):
    engine = Engine(tmp_path / "data", "--idle-minutes", "0.02")
    process = sleeper()
    engine.worker("t", process=process)
    with pytest.raises(subprocess.TimeoutExpired):
        engine.process.wait(2)
    run = engine.trigger("t")
    process.kill()
    process.wait()
    with pytest.raises(subprocess.TimeoutExpired):  # a queued run keeps it, too
        engine.process.wait(3)
    engine.http.post(f"/api/v2/runs/{run}/cancel")
    assert engine.process.wait(PATIENCE) == 0
    engine._end()


def test_no_secret_is_logged_or_said(tmp_path):
    engine = Engine(tmp_path / "data")
    token = engine.mint("admin")
    run = engine.trigger("t", {"password": "hunter2"})
    engine.client(token).get(f"/api/v3/runs/{run}")
    engine.client("tr_dev_wrong").get(f"/api/v3/runs/{run}")
    engine.http.post("/api/v1/tasks/t/trigger", content=b"{")
    engine.process.send_signal(signal.SIGTERM)
    engine.process.wait(PATIENCE)
    said = engine.process.stderr.read().decode()
    log = (engine.data_dir / "engine.log").read_text()
    assert "listens on port" in log
    for secret in (engine.key, token, "tr_dev_", "hunter2", "eyJ"):
        assert secret not in log + said
    engine._end()


def test_a_token_that_will_time_out_keeps_it(tmp_path):
    engine = Engine(tmp_path / "data", "--idle-minutes", "0.01")
    before = time.monotonic()
    answer = engine.http.post("/api/v1/waitpoints/tokens", json={"timeout": "3s"})
    assert answer.status_code == 200
    engine.process.wait(PATIENCE)
    assert time.monotonic() - before >= 3
    engine.kill()
