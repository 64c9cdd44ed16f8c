"""Rows of the feed, the recorded ones and hostile ones."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trigger_widgets.errors import ProtocolError
from trigger_widgets.models import Run
from trigger_widgets.realtime.rows import _array, decode_run


def first_row(exchange):
    return json.loads(exchange["response"])[0]["value"]


def test_a_recorded_row(wire):
    run = decode_run(first_row(wire.recorded("run-progress")[1]))
    assert run.id == "run_cmwtm74nq000l2n7dn9dht800"
    assert run.task_identifier == "progress"
    assert run.status == "QUEUED"
    assert run.created_at == datetime(2026, 11, 23, 18, 44, 8, 156_000, tzinfo=UTC)
    assert run.ttl == "10m"
    assert run.payload == {"steps": 10, "stepMs": 500}
    assert run.tags == ["feed:prog"]
    assert run.metadata == {}
    assert (run.output, run.error, run.started_at, run.streams) == (None, None, None, [])


def test_special_characters_tests_and_metadata_encoded_twice(wire):
    run = decode_run(first_row(wire.recorded("shape-encodings")[1]))
    sent = json.loads(wire.recorded("shape-encodings")[0]["body"])
    assert run.tags == sent["options"]["tags"]
    assert run.is_test is True
    assert run.metadata == {"k": "v"}
    assert run.payload["u"] == "日本語"


def test_skipped_columns_keep_their_defaults(wire):
    skipped = [
        e for e in wire.recorded("run-public-token-and-versions") if "skipColumns=" in e["path"]
    ]
    run = decode_run(first_row(skipped[0]))
    assert (run.payload, run.output, run.metadata) == (None, None, {})


def test_every_recorded_row_of_every_version_is_a_run(wire):
    count = 0
    for name in (
        "run-progress",
        "run-failed",
        "run-public-token-and-versions",
        "run-canceled",
        "shape-encodings",
        "run-endings",
        "handle-loss",
    ):
        for exchange in wire.recorded(name):
            if exchange["path"].startswith("/realtime"):
                for message in json.loads(exchange["response"]):
                    if "value" in message:
                        assert isinstance(decode_run(message["value"]), Run)
                        count += 1
    assert count > 50


def test_electric_writes_timestamps_its_own_way(wire):
    run = decode_run(wire.row(startedAt="2026-11-23 18:44:08.156", completedAt=None))
    assert run.started_at == datetime(2026, 11, 23, 18, 44, 8, 156_000, tzinfo=UTC)
    offset = decode_run(wire.row(startedAt="2026-11-23 19:44:08+01"))
    assert offset.started_at == datetime(2026, 11, 23, 18, 44, 8, tzinfo=UTC)


def test_a_value_in_the_object_store_is_named_and_the_rest_is_there(wire):
    run = decode_run(
        wire.row("COMPLETED_SUCCESSFULLY", output="packets/1", outputType="application/store")
    )
    assert run.status == "COMPLETED"
    assert run.large == {"output"}
    with pytest.raises(ProtocolError, match="512 KB"):
        run.unwrap()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"type": "BUILT_IN_ERROR", "name": "E", "message": "m", "stackTrace": "s"}, "E: m"),
        ({"type": "STRING_ERROR", "raw": "Canceled by user"}, "Canceled by user"),
        ({"type": "CUSTOM_ERROR", "raw": '{"a":1}'}, '{"a":1}'),
        ({"type": "INTERNAL_ERROR", "code": "C", "message": "m"}, "C: m"),
        ({"type": "INTERNAL_ERROR", "code": "C"}, "C: the server gave no reason"),
        ({"type": "SOMETHING_NEW", "message": "m"}, "m"),
        ("text", "text"),
    ],
)
def test_errors_of_every_kind(wire, error, text):
    run = decode_run(wire.row("COMPLETED_WITH_ERRORS", error=json.dumps(error)))
    assert str(run.error) == text


def test_a_status_nobody_knows_is_not_an_end(wire):
    assert not decode_run(wire.row("SOMETHING_NEW")).is_terminal


@pytest.mark.parametrize(
    ("literal", "items"),
    [
        (None, []),
        ("{}", []),
        ("{a}", ["a"]),
        ("{a,b c}", ["a", "b c"]),
        (r'{"a","with \"quotes\" and \\"}', ["a", 'with "quotes" and \\']),
        ('{"a,b","{c}",""}', ["a,b", "{c}", ""]),
        (["a"], ["a"]),
    ],
)
def test_postgres_arrays(literal, items):
    assert _array(literal) == items


@given(st.lists(st.text()))
def test_postgres_arrays_round_trip(items):
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    assert _array("{" + ",".join(f'"{item}"' for item in quoted) + "}") == items


@pytest.mark.parametrize("literal", ["", "a", "{", '{"a', '{"a}', '{"a\\}', '{"a"b}', '{"a\\', 5])
def test_what_is_not_an_array_is_refused(literal):
    with pytest.raises((ValueError, ProtocolError)):
        _array(literal)


@pytest.mark.parametrize(
    "columns",
    [
        {"friendlyId": None},
        {"createdAt": "yesterday"},
        {"createdAt": 5},
        {"payload": "{", "payloadType": "application/json"},
        {"runTags": "a"},
        {"usageDurationMs": "many"},
        {"error": "{"},
        {"error": '{"message": 5}'},
        {"metadata": "[" * 100_000},
        {"output": "[]", "outputType": "application/super+json"},
    ],
)
def test_malformed_rows_are_protocol_errors_that_quote_nothing(wire, columns):
    with pytest.raises(ProtocolError) as raised:
        decode_run(wire.row(**columns))
    assert len(str(raised.value)) < 200


COLUMNS = st.sampled_from(
    ["friendlyId", "status", "createdAt", "updatedAt", "payload", "payloadType", "metadata",
     "metadataType", "output", "outputType", "runTags", "error", "isTest", "ttl", "startedAt",
     "usageDurationMs", "realtimeStreams", "taskIdentifier", "costInCents"]
)  # fmt: skip
PACKETS = st.sampled_from(
    ['{"json":1}', '{"json":{"a":[1]},"meta":{"values":{"a.0":["Date"]}}}', '{"meta":[]}',
     '{"json":[],"meta":{"values":{"-1":["set"],"":["map"]}}}',
     '{"json":1,"meta":{"values":[[1]]}}', '{"json":1,"meta":[1]}',
     "application/super+json", "application/json", "text/plain", "application/store", "null"]
)  # fmt: skip


@settings(max_examples=200)
@given(st.dictionaries(COLUMNS, st.none() | st.text() | PACKETS | st.integers() | st.booleans()))
def test_no_row_breaks_the_decoder(columns):
    base = {
        "friendlyId": "run_1",
        "taskIdentifier": "t",
        "status": "EXECUTING",
        "createdAt": "2026-11-23T18:44:08.156",
        "updatedAt": "2026-11-23T18:44:08.156",
    }
    try:
        run = decode_run({**base, **columns})
    except ProtocolError:
        return
    assert isinstance(run, Run)


def test_an_error_may_be_an_object_already(wire):
    run = decode_run(wire.row("CRASHED", error={"type": "INTERNAL_ERROR", "code": "C"}))
    assert run.error.name == "C"
    with pytest.raises(ProtocolError):
        decode_run(wire.row(runTags='{"a"x'))
