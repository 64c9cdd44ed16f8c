"""What an engine of any earlier version has left is taken up by this one."""

import hashlib
import sqlite3
import time

import pytest

from tests.engine.conftest import Engine
from trigger_widgets.engine import schema

SHIPPED = (
    "d694ae44196b", "4661a62c242d", "fad2d0a73cab", "55a5fa01beed", "689eafec0745",
)  # fmt: skip
"""Digests of the migrations that databases on people's disks have seen."""

NOW = int(time.time() * 1000)
RUN = {
    "task": "t", "snapshot_at": NOW, "description": "", "created_at": NOW, "updated_at": NOW,
    "payload_type": "application/json", "metadata_type": "application/json",
    "output_type": "application/json", "tags": "[]", "streams": "[]", "is_test": 0, "usage_ms": 0,
    "attempt": 0, "queue": "", "depth": 0, "streams_version": "v1",
}  # fmt: skip


def run(name, status, execution, **more):
    return {
        **RUN,
        "id": name,
        "snapshot": f"s{name}",
        "status": status,
        "execution": execution,
    } | more


ROWS = {
    "runs": [
        run("queued", "PENDING_VERSION", "QUEUED", queued_at=NOW, tags='["a", "b"]',
            metadata='{"p":1}'),
        run("delayed", "DELAYED", "DELAYED", delay_until=NOW, due_at=NOW, idempotency_key="k"),
        run("held", "EXECUTING", "EXECUTING", process="gone", worker="w", attempt=1,
            due_at=NOW + 10**9),
        run("done", "COMPLETED_SUCCESSFULLY", "FINISHED", output='"kept"', completed_at=NOW,
            batch="b", streams='["s"]'),
    ],
    "payloads": [{"run": "queued", "data": '{"n":1}'}],
    "idempotency_keys": [{"task": "t", "key": "k", "run": "delayed"}],
    "logs": [{"run": "done", "seq": 0, "time": NOW, "stream": "stdout", "text": "said"}],
    "waitpoints": [
        {"id": "w", "type": "MANUAL", "created_at": NOW, "due_at": NOW, "idempotency_key": "x",
         "output_type": "application/json", "output_is_error": 0, "has_own_key": 0, "tags": "[]"}
    ],
    "stream_parts": [
        {"run": "done", "stream": "s", "seq": i, "time": NOW, "body": f'"{i}"'} for i in range(3)
    ],
    "batches": [
        {"id": "b", "created_at": NOW, "updated_at": NOW, "run_count": 1, "sealed_at": NOW}
    ],
    "run_tags": [{"tag": tag, "run": "queued"} for tag in ("a", "b")],
    "batch_items": [{"batch": "b", "item": 0, "run": "done"}],
}  # fmt: skip


def make(path, version):
    """A database of an earlier version, with a row of everything that it knew."""
    connection = sqlite3.connect(path, isolation_level=None)
    for number, script in enumerate(schema.MIGRATIONS[:version], start=1):
        connection.executescript(script)
        connection.execute(f"PRAGMA user_version = {number}")
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    for table in ROWS.keys() & tables:
        for row in ROWS[table]:
            marks = ", ".join("?" * len(row))
            sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
            connection.execute(sql, list(row.values()))
    connection.close()
    return tables


def test_migrations_are_added_and_never_altered():
    found = [hashlib.sha256(script.encode()).hexdigest()[:12] for script in schema.MIGRATIONS]
    assert tuple(found[: len(SHIPPED)]) == SHIPPED


LATEST = len(schema.MIGRATIONS)
VERSIONS = [  # the first sees every migration, the last but one the newest alone
    pytest.param(version, marks=() if version in (1, LATEST - 1) else pytest.mark.slow)
    for version in range(1, LATEST + 1)
]


@pytest.mark.parametrize("version", VERSIONS)
def test_its_runs_go_on(tmp_path, version):
    tables = make(tmp_path / "trigger.db", version)
    engine = Engine(tmp_path)
    try:
        queued = engine.retrieve("run_queued")
        assert (queued["payload"], queued["metadata"], queued["tags"]) == (
            {"n": 1}, {"p": 1}, ["a", "b"],
        )  # fmt: skip
        assert engine.until("run_held", "CRASHED")["error"]["message"].startswith("The worker")
        assert engine.trigger("t", idempotencyKey="k") == "run_delayed"
        worker = engine.worker("t")
        assert {worker.execute().run for _ in range(2)} == {"run_queued", "run_delayed"}
        assert engine.retrieve("run_done")["output"] == "kept"
        tagged = engine.http.get("/realtime/v1/runs?tags=a&offset=-1").json()
        assert [item["value"]["friendlyId"] for item in tagged if "value" in item] == ["run_queued"]
        logs = engine.http.get("/api/v1/runs/run_done/logs").json()["records"]
        assert [record["text"] for record in logs] == ["said"]
        if "waitpoints" in tables:
            token = engine.http.get("/api/v1/waitpoints/tokens/waitpoint_w").json()
            assert token["status"] == "TIMED_OUT"
        if "stream_parts" in tables:
            stream = engine.client(engine.key, **{"timeout-seconds": "1"})
            text = stream.get("/realtime/v1/streams/run_done/s").text
            assert [line for line in text.splitlines() if line.startswith("data")] == [
                f'data: "{i}"' for i in range(3)
            ]
        if "batches" in tables:
            assert engine.http.get("/api/v2/batches/batch_b").json()["status"] == "COMPLETED"
    finally:
        engine.stop()
