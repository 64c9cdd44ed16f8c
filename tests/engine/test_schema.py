import sqlite3

import pytest

from trigger_widgets.engine import run_sets, run_table, schema
from trigger_widgets.engine.ids import first_id
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.snapshots import Execution
from trigger_widgets.engine.statuses import Status

BEFORE_TAGS = 3


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


def test_runs_of_before_are_found_by_their_tags(connection, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:BEFORE_TAGS])
        schema.migrate(connection)
    for i, tags in enumerate((("a", "b"), (), ("b",))):
        run = RunRecord(
            id=f"{first_id(1)}{i}", task="t", status=Status.PENDING,
            execution=Execution.QUEUED, snapshot="s", snapshot_at=1,
            description="", created_at=1, updated_at=1, tags=tags,
        )  # fmt: skip
        columns = [row["name"] for row in connection.execute("PRAGMA table_info(runs)")][1:]
        cells = {name: run_table._cell(getattr(run, name)) for name in columns}
        marks = ", ".join("?" * len(cells))
        sql = f"INSERT INTO runs ({', '.join(cells)}) VALUES ({marks})"
        connection.execute(sql, list(cells.values()))
    schema.migrate(connection)
    tagged = run_sets.tagged(["b"], 0)
    for found in (run_sets.snapshot(connection, tagged), run_sets.changes(connection, tagged, 0)):
        assert [run.tags for run in found.runs] == [("a", "b"), ("b",)]
        assert found.position == 3


def test_a_newer_database_is_refused(connection):
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(schema.NewerDatabaseError):
        schema.migrate(connection)
