"""The driver: sharing, cuts, refusals, and who is told what. Against a scripted server."""

import gc

import httpx
import pytest
from patience import PATIENCE, until
from pydantic import SecretStr
from realtime.support import watch

from trigger_widgets.config import Endpoint
from trigger_widgets.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    EngineStoppedError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    TriggerError,
    UnsupportedError,
)
from trigger_widgets.realtime import driver, feed
from trigger_widgets.realtime.feed import Source
from trigger_widgets.realtime.hub import current_hub
from trigger_widgets.realtime.runs import run_source
from trigger_widgets.realtime.subscription import Subscription, Watch

ENDPOINT = Endpoint("http://trigger.test", SecretStr("tr_dev_secret"))
REFUSED = httpx.ConnectError("refused")


def test_a_watch_sees_each_state_and_the_end(wire):
    script = wire.Script(
        wire.answer(wire.row("PENDING"), offset="1_1"),
        wire.answer(wire.row("EXECUTING", second=1), offset="2_2"),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=2), offset="3_3"),
    )
    watcher = wire.Watcher()
    watch(wire.fake_server(script), watcher)
    watcher.wait(lambda w: "closed" in w.states)
    assert watcher.statuses == ["QUEUED", "EXECUTING", "COMPLETED"]
    assert watcher.states == ["connecting", "live", "closed"]
    assert len(script.requests) == 3  # nothing is asked after the end
    until(lambda: current_hub()[1].feeds == 0)


def test_the_requests_are_what_the_server_expects(wire):
    script = wire.Script(wire.answer(wire.row(), offset="1_1", cursor=""))
    endpoint = Endpoint("http://trigger.test", SecretStr("tr_dev_secret"), "my-branch")
    watching = watch(wire.fake_server(script, endpoint=endpoint), wire.Watcher())
    script.wait_for_requests(2)
    first, second = script.requests
    assert str(first.url) == "http://trigger.test/realtime/v1/runs/run_1?log=full&offset=-1"
    assert str(second.url).endswith("?cursor=&handle=h&live=true&log=full&offset=1_1")
    assert first.headers["authorization"] == "Bearer tr_dev_secret"
    assert first.headers["x-trigger-electric-version"] == "1.0.0-beta.1"
    assert first.headers["x-trigger-api-version"] == "2025-07-16"
    assert first.headers["x-trigger-branch"] == "my-branch"
    watching.stop()


def test_readers_of_a_run_share_one_connection_and_a_late_one_sees_the_latest(wire):
    script = wire.Script(wire.answer(wire.row("EXECUTING")))
    server = wire.fake_server(script)
    first, second, other = wire.Watcher(), wire.Watcher(), wire.Watcher()
    watches = [watch(server, first)]
    script.wait_for_requests(2)
    watches.append(watch(wire.fake_server(script), second))  # another client, the same server
    second.wait(lambda w: w.statuses == ["EXECUTING"])
    assert second.states == ["live"]
    assert (script.held, current_hub()[1].feeds) == (1, 1)
    watches.append(watch(server, other, run="run_2"))
    until(lambda: script.held == 2)
    watches[0].stop()
    assert current_hub()[1].feeds == 2
    watches[1].stop()
    watches[2].stop()
    until(lambda: current_hub()[1].feeds == 0 and script.held == 0)


def test_a_reader_may_stay_after_the_end(wire):
    script = wire.Script(
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY"), offset="1_1"),
    )
    server = wire.fake_server(script)
    stays, leaves = wire.Watcher(), wire.Watcher()
    staying = watch(server, stays, stop_on_completion=False)
    script.wait_for_requests(2)
    watch(server, leaves)
    leaves.wait(lambda w: w.states == ["live", "closed"])
    assert leaves.statuses == ["COMPLETED"]
    script.push(wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=1, metadata='{"a":1}')))
    assert script.held == 1
    staying.stop()


def test_a_cut_is_visible_and_nothing_is_lost(wire):
    script = wire.Script(
        wire.answer(wire.row("EXECUTING"), offset="1_1"),
        httpx.ReadError("cut"),
        httpx.Response(502, text="bad gateway"),
        httpx.ReadTimeout("late"),
        wire.answer(wire.row("EXECUTING", second=1, metadata='{"progress":5}'), offset="2_2"),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=2), offset="3_3"),
    )
    watcher = wire.Watcher()
    watch(wire.fake_server(script), watcher)
    watcher.wait(lambda w: "closed" in w.states)
    assert watcher.states == [
        "connecting", "live", "retrying", "retrying", "retrying", "live", "closed",
    ]  # fmt: skip
    reasons = [c.reason for c in watcher.seen["connections"] if c.state == "retrying"]
    assert "the connection was cut" in reasons[0]
    assert "bad gateway" in reasons[1]
    assert "within 40 s" in reasons[2]
    assert [run.metadata for run in watcher.seen["runs"]] == [{}, {"progress": 5}, {}]
    # after a cut the poll is not held, so that the state is true at once
    assert [("live" in r.url.params) for r in script.requests] == [
        False, True, False, False, False, True,
    ]  # fmt: skip


def test_an_older_snapshot_does_not_turn_back_the_clock(wire):
    script = wire.Script(
        wire.answer(wire.row("EXECUTING", second=5), offset="5_1"),
        httpx.ReadError("cut"),
        wire.answer(wire.row("PENDING", second=1), offset="1_1"),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=6), offset="6_1"),
    )
    watcher = wire.Watcher()
    watch(wire.fake_server(script), watcher)
    watcher.wait(lambda w: "closed" in w.states)
    assert watcher.statuses == ["EXECUTING", "COMPLETED"]


def test_wake_retries_at_once(wire, monkeypatch):
    monkeypatch.setattr(driver.Backoff, "wait", lambda self: 3600.0)
    script = wire.Script(REFUSED, wire.answer(wire.row("COMPLETED_SUCCESSFULLY")))
    watcher = wire.Watcher()
    watching = watch(wire.fake_server(script), watcher)
    watcher.wait(lambda w: "retrying" in w.states)
    watching.wake()
    watcher.wait(lambda w: "closed" in w.states)


def test_a_new_reader_does_not_wait_for_the_backoff_of_the_others(wire, monkeypatch):
    monkeypatch.setattr(driver.Backoff, "wait", lambda self: 3600.0)
    script = wire.Script(REFUSED, wire.answer(wire.row("COMPLETED_SUCCESSFULLY")))
    server, first, second = wire.fake_server(script), wire.Watcher(), wire.Watcher()
    watch(server, first)
    first.wait(lambda w: "retrying" in w.states)
    watch(server, second)
    for watcher in (first, second):
        watcher.wait(lambda w: "closed" in w.states)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (400, {"error": "bad shape"}, APIStatusError, "bad shape"),
        (401, {"error": "Invalid API key"}, AuthenticationError, "TRIGGER_SECRET_KEY"),
        (403, {"error": "Unauthorized"}, PermissionDeniedError, "scopes"),
        (404, {"error": "Not found"}, NotFoundError, "run run_1"),
        (501, {"error": "not implemented"}, UnsupportedError, "not implemented"),
        (302, {}, APIStatusError, "redirects to elsewhere.test"),
    ],
)
def test_what_retrying_cannot_change_is_final_at_once(wire, status, body, error, words):
    location = {"location": "https://elsewhere.test/x"} if status == 302 else {}
    script = wire.Script(httpx.Response(status, json=body, headers=location))
    server = wire.fake_server(script)
    watcher = wire.Watcher()
    watch(server, watcher)
    watcher.wait(lambda w: w.states == ["connecting", "failed"])
    (failed,) = [c for c in watcher.seen["connections"] if c.state == "failed"]
    assert words in failed.reason
    assert isinstance(failed.error, error)
    assert "tr_dev_secret" not in repr(failed)
    assert len(script.requests) == 1

    script.push(httpx.Response(status, json=body, headers=location))
    with pytest.raises(error, match=words):
        list(Subscription(run_source("run_1"), server))
    assert len(script.requests) == 2  # a failed feed is tried anew by a new reader


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_what_passes_is_retried(wire, status):
    script = wire.Script(
        httpx.Response(status, headers={"retry-after": "0"}),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY")),
    )
    (run,) = Subscription(run_source("run_1"), wire.fake_server(script), timeout=PATIENCE)
    assert run.is_terminal


def test_an_empty_feed_is_waited_for(wire):
    """A server whose replica lags knows the run a moment later."""
    script = wire.Script(
        wire.answer(offset="0_1"), wire.answer(wire.row("COMPLETED_SUCCESSFULLY"), offset="1_1")
    )
    (run,) = Subscription(run_source("run_1"), wire.fake_server(script), timeout=PATIENCE)
    assert run.id == "run_1"


def test_a_server_that_never_holds_is_not_asked_in_a_loop(wire, monkeypatch):
    waits, wait = [], driver.Backoff.wait
    monkeypatch.setattr(driver.Backoff, "wait", lambda self: waits.append(wait(self)) or 0.0)
    monkeypatch.setattr(feed, "_HASTY", 30.0)  # however slow the machine is

    def hasty(request):
        script.push(hasty)
        return wire.answer(wire.row(), offset="1_1")

    script = wire.Script(hasty)
    watching = watch(wire.fake_server(script), wire.Watcher())
    script.wait_for_requests(12)
    watching.stop()
    assert len(waits) >= 10 - 1  # all but the first two, which moved
    assert waits[8] > waits[0]


@pytest.mark.parametrize(
    ("item", "error", "patience"),
    [
        (REFUSED, APIConnectionError, "UNREACHABLE_PATIENCE"),
        (lambda _: httpx.Response(503), ServerError, "FAILING_PATIENCE"),
    ],
)
def test_a_loop_gives_up_on_a_server_that_was_never_there_and_a_widget_does_not(
    wire, monkeypatch, item, error, patience
):
    monkeypatch.setattr(driver, patience, 0.3)
    script = wire.Script(*[item] * 50)
    server = wire.fake_server(script)
    watcher = wire.Watcher()
    watching = watch(server, watcher)
    with pytest.raises(error, match=r"trigger\.test"):
        list(Subscription(run_source("run_1"), server, timeout=PATIENCE))
    assert watcher.states[-1] == "retrying"
    watching.stop()


def test_an_engine_that_moved_is_located_again(wire):
    endpoints = iter(
        [Endpoint(f"http://engine{n}.test", SecretStr("tr_dev_secret")) for n in (1, 2)]
    )
    script = wire.Script(
        wire.answer(wire.row(), offset="1_1"),
        REFUSED,
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=1), offset="2_1"),
    )
    server = wire.fake_server(script, embedded=True)
    server._locate = lambda: next(endpoints)
    list(Subscription(run_source("run_1"), server, timeout=PATIENCE))
    assert [r.url.host for r in script.requests] == ["engine1.test"] * 2 + ["engine2.test"]


def test_an_engine_that_was_stopped_is_waited_for_until_somebody_starts_it(wire, quick):
    """As a widget does: it never starts one that a person has stopped."""
    places = iter(
        [ENDPOINT, EngineStoppedError("stopped"), EngineStoppedError("stopped"), ENDPOINT]
    )

    def locate():
        place = next(places)
        if isinstance(place, Exception):
            raise place
        return place

    script = wire.Script(
        wire.answer(wire.row(), offset="1_1"),
        REFUSED,
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=1), offset="2_1"),
    )
    server = wire.fake_server(script, embedded=True)
    server._locate = locate
    watcher = wire.Watcher()
    watch(server, watcher)
    watcher.wait(lambda w: "closed" in w.states)
    assert watcher.statuses == ["EXECUTING", "COMPLETED"]
    assert [c.reason for c in watcher.seen["connections"]].count("stopped") == 1


def test_an_engine_that_cannot_be_located_fails_the_feed(wire):
    def locate():
        raise TriggerError("no engine here")

    server = wire.fake_server(wire.Script(), embedded=True)
    server._locate = locate
    with pytest.raises(TriggerError, match="no engine here"):
        list(Subscription(run_source("run_1"), server, timeout=PATIENCE))


def test_a_fault_of_ours_ends_the_readers_too(wire, caplog):
    def decode(rows):
        raise KeyError("a bug")

    source = Source(
        path="/x", decode=decode, supersedes=lambda a, b: True, is_final=lambda v: False,
        doing="read x", subject="x",
    )  # fmt: skip
    server = wire.fake_server(wire.Script(wire.answer(wire.row())))
    with pytest.raises(TriggerError, match="the feed of x failed"):
        list(Subscription(source, server, timeout=PATIENCE))
    assert "the feed of x failed" in caplog.text


def test_a_callback_that_raises_ends_nothing(wire, caplog):
    script = wire.Script(
        wire.answer(wire.row(), offset="1_1"),
        wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=1), offset="2_1"),
    )
    watcher = wire.Watcher()

    def on_run(run):
        watcher.on_run(run)
        raise RuntimeError("theirs")

    Watch(
        run_source("run_1"), wire.fake_server(script), on_value=on_run,
        on_connection=watcher.on_connection,
    )  # fmt: skip
    watcher.wait(lambda w: "closed" in w.states)
    assert watcher.statuses == ["EXECUTING", "COMPLETED"]
    assert "theirs" in caplog.text


def test_no_callback_after_stop(wire):
    script = wire.Script(wire.answer(wire.row()))
    watcher = wire.Watcher()
    watching = Watch(run_source("run_1"), wire.fake_server(script), on_value=watcher.on_run)
    script.wait_for_requests(2)
    watching.stop()
    watching.value(None)
    watching.stop()
    until(lambda: script.held == 0)
    watching.wake()
    assert len(watcher.seen["runs"]) == 1


def test_a_forgotten_subscription_disconnects(wire):
    script = wire.Script(wire.answer(wire.row()))
    for _run in Subscription(run_source("run_1"), wire.fake_server(script)):
        break
    gc.collect()
    until(lambda: current_hub()[1].feeds == 0 and script.held == 0)
