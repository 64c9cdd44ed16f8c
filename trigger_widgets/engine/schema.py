"""The tables, as a list of migrations: the database's `user_version` is how many it has seen."""

from __future__ import annotations

import sqlite3

MIGRATIONS = (
    """
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE runs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL,
        status TEXT NOT NULL,
        execution TEXT NOT NULL,
        snapshot TEXT NOT NULL,
        snapshot_at INTEGER NOT NULL,
        description TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        queued_at INTEGER,
        started_at INTEGER,
        executed_at INTEGER,
        delay_until INTEGER,
        expired_at INTEGER,
        completed_at INTEGER,
        due_at INTEGER,
        ttl TEXT,
        payload_type TEXT NOT NULL,
        metadata TEXT,
        metadata_type TEXT NOT NULL,
        output TEXT,
        output_type TEXT NOT NULL,
        error TEXT,
        tags TEXT NOT NULL,
        streams TEXT NOT NULL,
        is_test INTEGER NOT NULL,
        usage_ms INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        max_attempts INTEGER,
        max_duration INTEGER,
        queue TEXT NOT NULL,
        concurrency_key TEXT,
        idempotency_key TEXT,
        priority REAL,
        machine TEXT,
        region TEXT,
        origin TEXT,
        version TEXT,
        worker TEXT,
        process TEXT,
        parent TEXT,
        root TEXT,
        depth INTEGER NOT NULL,
        batch TEXT,
        streams_version TEXT NOT NULL
    );
    CREATE INDEX runs_due ON runs (due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX runs_pending ON runs (queued_at) WHERE status = 'PENDING';
    CREATE INDEX runs_waiting ON runs (task, origin) WHERE execution = 'QUEUED';
    CREATE INDEX runs_held ON runs (queue, concurrency_key) WHERE process IS NOT NULL;
    CREATE INDEX runs_children ON runs (parent) WHERE parent IS NOT NULL;
    CREATE TABLE payloads (run TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE idempotency_keys (
        task TEXT NOT NULL,
        key TEXT NOT NULL,
        run TEXT NOT NULL,
        expires_at INTEGER,
        PRIMARY KEY (task, key)
    ) WITHOUT ROWID;
    CREATE TABLE used_tokens (digest TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE queues (name TEXT PRIMARY KEY, concurrency_limit INTEGER) WITHOUT ROWID;
    CREATE TABLE workers (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        version TEXT NOT NULL UNIQUE,
        content_hash TEXT NOT NULL,
        process TEXT NOT NULL,
        origin TEXT NOT NULL,
        label TEXT NOT NULL,
        pid INTEGER,
        started TEXT,
        runtime TEXT NOT NULL,
        tasks TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        gone INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX workers_present ON workers (process) WHERE NOT gone;
    CREATE TABLE logs (
        run TEXT NOT NULL,
        seq INTEGER NOT NULL,
        time INTEGER NOT NULL,
        stream TEXT NOT NULL,
        level TEXT,
        text TEXT NOT NULL,
        PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE waitpoints (
        id TEXT PRIMARY KEY,
        type TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        due_at INTEGER,
        completed_at INTEGER,
        output TEXT,
        output_type TEXT NOT NULL,
        output_is_error INTEGER NOT NULL,
        idempotency_key TEXT NOT NULL,
        has_own_key INTEGER NOT NULL,
        key_expires_at INTEGER,
        tags TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX waitpoints_due ON waitpoints (due_at)
        WHERE due_at IS NOT NULL AND completed_at IS NULL;
    CREATE INDEX waitpoints_keys ON waitpoints (idempotency_key);
    CREATE TABLE waits (
        run TEXT NOT NULL,
        waitpoint TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        snapshot TEXT,
        PRIMARY KEY (run, waitpoint)
    ) WITHOUT ROWID;
    CREATE INDEX waits_of_waitpoint ON waits (waitpoint) WHERE snapshot IS NULL;
    """,
    """
    CREATE TABLE stream_parts (
        run TEXT NOT NULL,
        stream TEXT NOT NULL,
        seq INTEGER NOT NULL,
        time INTEGER NOT NULL,
        part TEXT,
        body TEXT NOT NULL,
        PRIMARY KEY (run, stream, seq)
    ) WITHOUT ROWID;
    CREATE INDEX stream_parts_ids ON stream_parts (run, stream, part) WHERE part IS NOT NULL;
    CREATE TABLE stream_writers (
        run TEXT NOT NULL,
        stream TEXT NOT NULL,
        client TEXT NOT NULL,
        following INTEGER NOT NULL,
        PRIMARY KEY (run, stream, client)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE batches (
        id TEXT PRIMARY KEY,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        run_count INTEGER NOT NULL,
        sealed_at INTEGER,
        idempotency_key TEXT,
        parent TEXT,
        creator TEXT
    ) WITHOUT ROWID;
    CREATE INDEX batches_keys ON batches (idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE TABLE batch_items (
        batch TEXT NOT NULL,
        item INTEGER NOT NULL,
        run TEXT,
        line TEXT,
        PRIMARY KEY (batch, item)
    ) WITHOUT ROWID;
    CREATE INDEX batch_items_runs ON batch_items (run, batch) WHERE run IS NOT NULL;
    CREATE TABLE run_tags (
        tag TEXT NOT NULL,
        run TEXT NOT NULL,
        PRIMARY KEY (tag, run)
    ) WITHOUT ROWID;
    INSERT OR IGNORE INTO run_tags SELECT value, runs.id FROM runs, json_each(runs.tags);
    ALTER TABLE runs ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN born INTEGER NOT NULL DEFAULT 0;
    UPDATE runs SET change = seq, born = seq;
    CREATE INDEX runs_changed ON runs (change);
    """,
    """
    CREATE TABLE trigger_requests (
        key TEXT PRIMARY KEY,
        run TEXT NOT NULL,
        cached INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    """
    CREATE INDEX runs_unfinished ON runs (root) WHERE execution != 'FINISHED';
    CREATE INDEX trigger_requests_runs ON trigger_requests (run);
    DROP INDEX waits_of_waitpoint;
    CREATE INDEX waits_of_waitpoint ON waits (waitpoint);
    """,
    """
    ALTER TABLE runs ADD COLUMN seed_metadata TEXT;
    ALTER TABLE runs ADD COLUMN own_key TEXT;
    CREATE TABLE debounces (
        task TEXT NOT NULL,
        key TEXT NOT NULL,
        run TEXT NOT NULL,
        PRIMARY KEY (task, key)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE input_waits (
        run TEXT NOT NULL,
        stream TEXT NOT NULL,
        waitpoint TEXT NOT NULL,
        PRIMARY KEY (run, stream)
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE logs ADD COLUMN properties TEXT;
    """,
    """
    ALTER TABLE used_tokens ADD COLUMN expires_at INTEGER;
    """,
)


class NewerDatabaseError(Exception):
    """The database was written by a later version."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date; `NewerDatabaseError` if they are ahead of this code."""
    (seen,) = connection.execute("PRAGMA user_version").fetchone()
    if seen > len(MIGRATIONS):
        raise NewerDatabaseError
    if seen == len(MIGRATIONS):
        return
    # one transaction, and so one wait for the disk; executescript would commit half of it
    connection.execute("BEGIN IMMEDIATE")
    for script in MIGRATIONS[seen:]:
        for statement in script.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")
