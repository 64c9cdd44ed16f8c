import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trigger_widgets.engine import feed_rows
from trigger_widgets.engine.records import RunRecord
from trigger_widgets.engine.snapshots import Execution
from trigger_widgets.engine.statuses import Status

RECORDED = json.loads((Path(__file__).parent / "recorded" / "feed_rows.json").read_text())


def ms(text):
    return text and round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def tags(literal):
    """A Postgres array literal whose elements are all quoted is JSON in other brackets."""
    return tuple(json.loads(f"[{literal[1:-1]}]")) if literal else ()


def record(row):
    """The record that this row must have been made of."""
    return RunRecord(
        id=row["id"],
        task=row["taskIdentifier"],
        status=Status(row["status"]),
        execution=Execution.QUEUED,
        snapshot="s",
        snapshot_at=0,
        description="",
        created_at=ms(row["createdAt"]),
        updated_at=ms(row["updatedAt"]),
        started_at=ms(row["startedAt"]),
        delay_until=ms(row["delayUntil"]),
        queued_at=ms(row["queuedAt"]),
        expired_at=ms(row["expiredAt"]),
        completed_at=ms(row["completedAt"]),
        is_test=row["isTest"] == "t",
        usage_ms=int(row["usageDurationMs"]),
        ttl=row["ttl"],
        payload=row["payload"],
        payload_type=row["payloadType"],
        metadata=row["metadata"],
        output=row["output"],
        output_type=row["outputType"],
        tags=tags(row["runTags"]),
        error=row["error"],
    )


@pytest.mark.parametrize("entry", RECORDED["rows"], ids=lambda entry: entry["from"])
def test_a_row_is_what_a_real_server_sent(entry):
    message = entry["message"]
    made = feed_rows.change(
        record(message["value"]),
        message["headers"]["operation"],
        skip=frozenset(),
        api_version=entry["api_version"],
    )
    assert made == message
    assert list(made["value"]) == list(message["value"])  # in the same order, too


def test_the_schema_header_is_what_a_real_server_sent():
    assert feed_rows.schema_header(frozenset()) == RECORDED["electric-schema"]


def test_the_body_ends_with_up_to_date():
    assert feed_rows.body([]) == b'[{"headers":{"control":"up-to-date"}}]'


def test_some_columns_cannot_be_skipped_and_unknown_ones_are_ignored():
    """raw-12 0015 and 0016."""
    row = record(RECORDED["rows"][0]["message"]["value"])
    skip = feed_rows.skipped("payload,output,metadata,error,runTags,id,status,nope")
    left = feed_rows.row(row, skip=skip)
    assert {"id", "status"} <= set(left)
    assert not {"payload", "output", "metadata", "error", "runTags"} & set(left)
    assert len(left) == 21


def test_an_old_client_is_not_told_of_dequeued():
    (dequeued,) = (
        entry for entry in RECORDED["rows"] if entry["message"]["value"]["status"] == "DEQUEUED"
    )
    run = record(dequeued["message"]["value"])
    assert feed_rows.row(run, api_version="2025-07-16")["status"] == "DEQUEUED"
    assert feed_rows.row(run, api_version=None)["status"] == "EXECUTING"


def test_errors_are_printed_as_postgres_prints_jsonb():
    from trigger_widgets.engine.lifecycle import error_text

    for entry in RECORDED["rows"]:
        text = entry["message"]["value"]["error"]
        if text:
            shuffled = dict(sorted(json.loads(text).items()))
            assert error_text(shuffled) == text
