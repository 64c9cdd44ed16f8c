"""The driver against what a server of shapes may answer: ElectricSQL's ways and their faults."""

import httpx
import pytest
from patience import PATIENCE
from realtime.support import watch

from trigger_widgets.errors import ProtocolError, TriggerError
from trigger_widgets.realtime.runs import run_source
from trigger_widgets.realtime.subscription import Subscription


def test_409_starts_over_with_the_new_handle(wire):
    script = wire.Script(
        wire.answer(wire.row(metadata='{"a":1}'), offset="1_1", handle="old"),
        httpx.Response(409, headers={"electric-handle": "new"}, json=[]),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=2), offset="1_1", handle="new"),
    )
    runs = list(Subscription(run_source("run_1"), wire.fake_server(script), timeout=PATIENCE))
    assert runs[-1].status == "COMPLETED"
    assert script.requests[2].url.params["handle"] == "new"
    assert script.requests[2].url.params["offset"] == "-1"


def test_electric_sends_only_the_columns_that_changed(wire):
    change = {
        "id": "cuid1",
        "status": "COMPLETED_SUCCESSFULLY",
        "output": '{"json":7}',
        "outputType": "application/super+json",
        "updatedAt": "2026-11-23 18:45:00",
    }
    script = wire.Script(
        wire.answer(wire.row(payload='{"x":1}'), offset="0_0", up_to_date=False),
        wire.answer(offset="0_inf"),
        wire.answer(change, offset="1_1", operation="update"),
    )
    runs = list(Subscription(run_source("run_1"), wire.fake_server(script), timeout=PATIENCE))
    assert runs[-1].output == 7
    assert runs[-1].payload == {"x": 1}
    assert [r.url.params.get("live") for r in script.requests] == [None, None, "true"]


def test_a_server_that_wants_it_read_anew_for_ever_is_seen_to(wire):
    script = wire.Script(
        *[httpx.Response(409, headers={"electric-handle": "same"}) for _ in range(4)],
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=2), handle="same"),
    )
    watcher = wire.Watcher()
    watch(wire.fake_server(script), watcher)
    watcher.wait(lambda w: "closed" in w.states)
    assert any("read anew" in (c.reason or "") for c in watcher.seen["connections"])
    questions = [str(request.url) for request in script.requests]
    assert len(set(questions)) == len(questions)  # else a cache could say 409 for ever


def test_a_poll_in_which_nothing_happened_may_be_a_204(wire):
    headers = {"electric-handle": "h", "electric-offset": "1_1", "electric-cursor": "2"}
    script = wire.Script(
        wire.answer(wire.row(), offset="1_1"),
        httpx.Response(204, headers=headers),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=2), offset="2_2"),
    )
    watcher = wire.Watcher()
    watch(wire.fake_server(script), watcher)
    watcher.wait(lambda w: "closed" in w.states)
    assert watcher.states == ["connecting", "live", "closed"]
    assert script.requests[2].url.params["live"] == "true"


def test_a_body_that_cannot_be_decompressed_is_a_cut(wire):
    script = wire.Script(
        httpx.DecodingError("incorrect data check"),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=2)),
    )
    watcher = wire.Watcher()
    watch(wire.fake_server(script), watcher)
    watcher.wait(lambda w: "closed" in w.states)
    assert watcher.statuses == ["COMPLETED"]


def test_a_must_refetch_in_an_answer_starts_over(wire):
    headers = {"electric-handle": "h", "electric-offset": "2_2"}
    script = wire.Script(
        wire.answer(wire.row(), offset="1_1"),
        httpx.Response(200, headers=headers, json=[{"headers": {"control": "must-refetch"}}]),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=2), handle="new"),
    )
    watcher = wire.Watcher()
    watch(wire.fake_server(script), watcher)
    watcher.wait(lambda w: "closed" in w.states)
    assert script.requests[2].url.params["offset"] == "-1"
    assert watcher.statuses == ["EXECUTING", "COMPLETED"]


def test_a_cache_that_is_outdated_is_named_and_passed(wire):
    script = wire.Script(
        wire.answer(wire.row(), handle="old"),
        httpx.Response(409, headers={"electric-handle": "new"}),
        wire.answer(wire.row("PENDING"), handle="old"),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=2), handle="new"),
    )
    watcher = wire.Watcher()
    watch(wire.fake_server(script), watcher)
    watcher.wait(lambda w: "closed" in w.states)
    assert watcher.statuses == ["EXECUTING", "COMPLETED"]
    assert any("cache" in (c.reason or "") for c in watcher.seen["connections"])
    assert script.requests[3].url.params["cache-buster"] == "2"


def test_a_malformed_answer_is_tried_again_and_then_final(wire):
    script = wire.Script(*[httpx.Response(200, text="<html>") for _ in range(3)])
    with pytest.raises(ProtocolError):
        list(Subscription(run_source("run_1"), wire.fake_server(script), timeout=PATIENCE))
    script = wire.Script(
        httpx.Response(200, text="<html>"), wire.answer(wire.row("COMPLETED_SUCCESSFULLY"))
    )
    assert (
        len(list(Subscription(run_source("run_1"), wire.fake_server(script), timeout=PATIENCE)))
        == 1
    )


def test_skip_columns_are_named_as_in_a_run(wire):
    params = run_source("run_1", ["payload", "started_at", "tags"]).params
    assert params == {"skipColumns": "payload,runTags,startedAt"}
    assert run_source("run_1", "output").params == {"skipColumns": "output"}
    with pytest.raises(TriggerError, match='did you mean "payload"'):
        run_source("run_1", ["paylod"])
    assert run_source("run_1").params == {}
