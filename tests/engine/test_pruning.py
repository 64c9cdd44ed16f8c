"""Old data is deleted, and never what is unfinished, waited for or referred to."""

import sqlite3
import time
from contextlib import closing

import pytest
from patience import until

from tests.engine.conftest import Engine

OF_A_RUN = {
    "payloads", "idempotency_keys", "logs", "waits", "stream_parts", "stream_writers",
    "batch_items", "run_tags", "debounces",
}  # fmt: skip
ANSWERS = {"trigger_requests", "input_waits"}  # old ones go by themselves
KEEP_SECONDS = 1.0


class Aging:
    """An engine that keeps everything, until `prune` starts it again as one that does not."""

    def __init__(self, data_dir):
        self.engine = Engine(data_dir, "--keep-days", "0")
        self.worker = self.engine.worker("t")

    def execute(self, run):
        attempt = self.worker.execute()
        assert attempt.run == run
        return attempt

    def ended(self, **options):
        """A run that has ended, with a row in every table."""
        run = self.engine.trigger("t", {"n": 1}, **options)
        attempt = self.execute(run)
        http = self.engine.http
        lines = {"x-client-id": "c", "x-resume-from-chunk": "0"}
        stream = f"/realtime/v1/streams/{run}/self/s"
        assert http.post(stream, content='"part"\n' * 10, headers=lines).is_success
        records = [{"time": 1, "stream": "log", "text": "said"}] * 10
        assert http.post(f"/engine/v1/runs/{run}/logs", json={"records": records}).is_success
        self.wait(run, self.token(complete=True))
        attempt.snapshot = self.latest(run)
        attempt.complete()
        return run

    def latest(self, run):
        answer = self.engine.http.get(f"/engine/v1/dev/runs/{run}/snapshots/latest")
        return answer.json()["execution"]["snapshot"]["friendlyId"]

    def token(self, *, complete, **body):
        token = self.engine.http.post("/api/v1/waitpoints/tokens", json=body).json()["id"]
        if complete:
            path = f"/api/v1/waitpoints/tokens/{token}/complete"
            assert self.engine.http.post(path, json={}).is_success
        return token

    def wait(self, run, token):
        path = f"/engine/v1/runs/{run}/waitpoints/tokens/{token}/wait"
        assert self.engine.http.post(path, json={}).is_success

    def prune(self):
        """Everything so far is old now; the run that changed last always stays."""
        self.engine.trigger("t")
        time.sleep(KEEP_SECONDS + 0.1)  # it has to become old
        self.engine.stop()
        self.engine.arguments = ("--keep-days", str(KEEP_SECONDS / 86400))
        self.engine.start()
        log = self.engine.data_dir / "engine.log"
        until(lambda: "had ended" in log.read_text())

    def has(self, run):
        return self.engine.http.get(f"/api/v3/runs/{run}").status_code == 200

    def tables(self):
        """How many rows each table has."""
        path = self.engine.data_dir / "trigger.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            tables = database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            ).fetchall()
            return {
                name: database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]
                for (name,) in tables
            }


@pytest.fixture
def aging(tmp_path):
    made = Aging(tmp_path / "data")
    yield made
    made.engine.kill()


def test_a_run_goes_with_everything_that_hangs_on_it(aging):
    http = aging.engine.http
    body = {"items": [{"task": "t", "payload": 1}]}
    batch = http.post("/api/v2/tasks/batch", json=body).json()["id"]
    aging.worker.execute().complete()
    aging.ended(tags=["a", "b"], idempotencyKey="k", idempotencyKeyTTL="1s")
    aging.ended(debounce={"key": "d", "delay": "1s"})
    before = aging.tables()
    assert all(before[table] for table in OF_A_RUN | {"waitpoints", "batches"})
    aging.prune()
    gone = {*OF_A_RUN, "waitpoints", "batches"} - {"payloads"}
    until(lambda: not any(aging.tables()[table] for table in gone))
    assert (aging.tables()["runs"], aging.tables()["payloads"]) == (1, 1)
    assert aging.engine.http.get(f"/api/v2/batches/{batch}").status_code == 404


def test_every_table_that_belongs_to_runs_is_known_here(aging):
    """A new table must be pruned, too."""
    with closing(sqlite3.connect(aging.engine.data_dir / "trigger.db")) as database:
        tables = {
            table
            for table in aging.tables()
            if any(row[1] == "run" for row in database.execute(f"PRAGMA table_info({table})"))
        }
    assert tables == OF_A_RUN | ANSWERS


def test_what_is_needed_stays(aging):
    engine = aging.engine
    parent = engine.trigger("t")
    executing = aging.execute(parent)
    child = aging.ended(parentRunId=parent)
    grandchild = aging.ended(parentRunId=child)
    waiting = engine.trigger("t")
    aging.execute(waiting)
    decided, open_, alone = (aging.token(complete=done) for done in (True, False, False))
    aging.wait(waiting, decided)
    aging.wait(waiting, open_)
    kept_key = aging.ended(idempotencyKey="k", idempotencyKeyTTL="1h")
    body = {"items": [{"task": "t", "payload": 1}, {"task": "elsewhere", "payload": 1}]}
    batch = engine.http.post("/api/v2/tasks/batch", json=body).json()["id"]
    in_batch = aging.worker.execute()
    in_batch.complete()
    delayed = engine.trigger("t", delay="1h")
    old_parent = aging.ended()
    young_child = engine.trigger("elsewhere", parentRunId=old_parent)
    goes = aging.ended()
    aging.prune()
    assert not aging.has(goes)
    for run in (
        parent, child, grandchild, waiting, kept_key, in_batch.run, delayed, old_parent,
        young_child,
    ):  # fmt: skip
        assert aging.has(run), run
    for token in (decided, open_, alone):
        assert engine.http.get(f"/api/v1/waitpoints/tokens/{token}").is_success
    assert engine.http.get(f"/api/v2/batches/{batch}").json()["runCount"] == 2
    assert engine.trigger("t", idempotencyKey="k") == kept_key
    assert executing.complete() == "RUN_FINISHED"


def test_many_parts_go_a_little_at_a_time_and_triggers_go_on(aging):
    run = aging.engine.trigger("t")
    attempt = aging.execute(run)
    for i in range(5):
        headers = {"x-client-id": "c", "x-resume-from-chunk": str(i * 2000)}
        stream = f"/realtime/v1/streams/{run}/self/s"
        assert aging.engine.http.post(stream, content="1\n" * 2000, headers=headers).is_success
    attempt.complete()
    aging.prune()
    assert aging.tables()["stream_parts"] == 0
    assert not aging.has(run)


def test_feeds_go_on_after_the_newest_runs_were_deleted(aging):
    runs = [aging.ended() for _ in range(3)]
    aging.prune()
    feed = "/realtime/v1/runs"
    answer = aging.engine.http.get(feed, params={"offset": "-1"})
    assert all(not aging.has(run) for run in runs)
    query = {
        "offset": answer.headers["electric-chunk-last-offset"],
        "handle": answer.headers["electric-shape-id"],
        "live": "true",
    }
    new = aging.engine.trigger("elsewhere")
    found = aging.engine.http.get(feed, params=query).json()
    assert [item["value"]["friendlyId"] for item in found if "value" in item] == [new]


def test_gone_workers_and_old_answers_go(aging):
    aging.engine.stop()
    with closing(sqlite3.connect(aging.engine.data_dir / "trigger.db")) as database, database:
        database.execute("UPDATE workers SET gone = 1, created_at = 0")
        database.execute("INSERT INTO trigger_requests VALUES ('k', 'c00000000', 0)")
        for digest, expires_at in (("old", 1), ("young", 2**40), ("endless", None)):
            database.execute("INSERT INTO used_tokens VALUES (?, ?)", (digest, expires_at))
    aging.engine.start()
    aging.worker = aging.engine.worker("t")
    aging.ended()
    aging.prune()
    until(lambda: aging.tables()["workers"] == 1)
    until(lambda: aging.tables()["used_tokens"] == 2)
    until(lambda: aging.tables()["trigger_requests"] == 0)
