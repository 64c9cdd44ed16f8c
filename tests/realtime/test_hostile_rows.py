"""Rows and packets of any kind: a run, or a `ProtocolError`; never anything else."""

import json
import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from trigger_widgets.errors import ProtocolError
from trigger_widgets.models import Run
from trigger_widgets.realtime.rows import decode_run
from trigger_widgets.realtime.run_lists import RunList

ROW = {
    "id": "cuid",
    "friendlyId": "run_1",
    "taskIdentifier": "task",
    "status": "EXECUTING",
    "createdAt": "2026-11-23T18:44:08.156",
    "updatedAt": "2026-11-23T18:44:08.156",
    "startedAt": None,
    "usageDurationMs": "5",
    "costInCents": "0.1",
    "payload": '{"a":1}',
    "payloadType": "application/json",
    "output": '{"json":{"d":"2026-11-23T18:44:08.156Z"},"meta":{"values":{"d":["Date"]}}}',
    "outputType": "application/super+json",
    "metadata": "{}",
    "metadataType": "application/json",
    "runTags": '{"a","b"}',
    "realtimeStreams": "{}",
    "error": '{"type":"BUILT_IN_ERROR","name":"E","message":"m","stackTrace":"s"}',
    "isTest": "f",
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
# what superjson, errors and arrays are made of, in any order
WORDS = st.sampled_from([
    "json", "meta", "values", "referentialEqualities", "Date", "bigint", "map", "set", "regexp",
    "undefined", "type", "raw", "message", "code", "INTERNAL_ERROR", "STRING_ERROR", "a.b", "0",
])  # fmt: skip
PACKETS = st.recursive(
    WORDS | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
TEXTS = (
    st.text(max_size=20)
    | JSON.map(json.dumps)
    | PACKETS.map(json.dumps)
    | PACKETS.map(lambda meta: json.dumps({"json": {"a": ["1", {}]}, "meta": meta}))
    | st.lists(st.sampled_from(['"', "\\", ",", "{", "}", "a"])).map("".join)
    | st.sampled_from(["[" * 5000, "9" * 5000, "1e999", "0001-01-01T00:00:00+23:59", "NaN"])
)
KINDS = st.sampled_from(
    ["application/json", "application/super+json", "text/plain", "application/store", "x", 5]
)


@settings(max_examples=120)
@given(
    columns=st.dictionaries(st.sampled_from(sorted(ROW)), TEXTS | JSON, max_size=4),
    kinds=st.dictionaries(st.sampled_from(["payloadType", "outputType", "metadataType"]), KINDS),
    missing=st.sets(st.sampled_from(sorted(ROW)), max_size=3),
)
@example(columns={"costInCents": "NaN"}, kinds={}, missing=set())
def test_any_row_is_a_run_or_a_protocol_error(columns, kinds, missing):
    row = {k: v for k, v in {**ROW, **columns, **kinds}.items() if k not in missing}
    runs = RunList("some runs")
    try:
        run = decode_run(row)
        assert math.isfinite(run.cost_in_cents)
    except ProtocolError:
        assert runs({"bad": row, "good": ROW}) == [decode_run(ROW)]
        assert runs.malformed == 1
        return
    assert isinstance(run, Run)
    assert repr(runs({"k": row})) == repr([run])  # as no NaN of a payload equals itself
