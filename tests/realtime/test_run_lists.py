"""The feeds of many runs: what is asked, what changes, and when a batch has ended."""

import asyncio
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from patience import PATIENCE, until

from trigger_widgets.errors import ConfigurationError, UnknownOptionError
from trigger_widgets.models import Batch
from trigger_widgets.realtime.hub import current_hub
from trigger_widgets.realtime.run_lists import RunList, RunsWatch, batch_source, tag_source
from trigger_widgets.realtime.subscription import Subscription


def many(wire, *statuses, second=1):
    """Rows of run_0, run_1, …; None for one that is not there yet."""
    return [
        wire.row(status, second=second, id=f"cuid{n}", friendlyId=f"run_{n}", number=str(n))
        for n, status in enumerate(statuses)
        if status
    ]


def test_what_is_asked_for():
    source = tag_source(["a", "user:1"], "1h", skip_columns="payload")
    assert source.path == "/realtime/v1/runs"
    assert source.params == {"tags": "a,user:1", "createdAt": "1h", "skipColumns": "payload"}
    assert tag_source("a", timedelta(minutes=90)).params["createdAt"] == "1h30m"
    assert tag_source("a").params == {"tags": "a"}
    assert batch_source("batch_1/x").path == "/realtime/v1/batches/batch_1%2Fx"
    for wrong in ([], "", "a,b", [""]):
        with pytest.raises(ConfigurationError):
            tag_source(wrong)
    with pytest.raises(ConfigurationError, match="is not a batch"):
        batch_source("run_1")
    with pytest.raises(ConfigurationError, match="not a duration"):
        tag_source("a", "soon")
    with pytest.raises(UnknownOptionError):
        tag_source("a", skip_columns="paylod")


def test_a_tag_feed_shows_runs_as_they_come_and_change(wire):
    script = wire.Script(
        wire.answer(offset="0_1"),
        wire.answer(*many(wire, "PENDING"), offset="1_1"),
        wire.answer(*many(wire, None, "PENDING"), offset="2_1"),
        wire.answer(
            *many(wire, "COMPLETED_SUCCESSFULLY", second=2), offset="3_1", operation="update"
        ),
    )
    seen = []
    watch = RunsWatch(
        [tag_source("a")],
        [wire.fake_server(script)],
        on_runs=lambda changed, runs: seen.append(([r.id for r in changed], sorted(runs))),
    )
    script.wait_for_requests(5)
    assert seen == [
        ([], []),
        (["run_0"], ["run_0"]),
        (["run_1"], ["run_0", "run_1"]),
        (["run_0"], ["run_0", "run_1"]),
    ]
    watch.wake()
    watch.stop()
    until(lambda: current_hub()[1].feeds == 0)


def test_a_run_that_left_the_feed_is_gone(wire):
    gone = httpx.Response(
        200,
        headers={"electric-handle": "h", "electric-offset": "2_1"},
        json=[
            {"key": "cuid0", "headers": {"operation": "delete"}},
            {"headers": {"control": "up-to-date"}},
        ],
    )
    script = wire.Script(wire.answer(*many(wire, "PENDING", "PENDING"), offset="1_1"), gone)
    seen = []
    watch = RunsWatch(
        [tag_source("a")],
        [wire.fake_server(script)],
        on_runs=lambda changed, runs: seen.append((len(changed), sorted(runs))),
    )
    until(lambda: seen == [(2, ["run_0", "run_1"]), (0, ["run_1"])])
    watch.stop()


def test_a_batch_ends_when_all_of_its_runs_have(wire):
    script = wire.Script(
        wire.answer(*many(wire, "COMPLETED_SUCCESSFULLY"), offset="1_1"),
        wire.answer(*many(wire, None, "EXECUTING"), offset="2_1"),
        wire.answer(*many(wire, None, "CANCELED", second=2), offset="3_1"),
    )
    source = batch_source("batch_1", run_count=2)
    *_, last = Subscription(source, wire.fake_server(script), timeout=PATIENCE)
    assert [str(run.status) for run in last] == ["COMPLETED", "CANCELED"]
    assert not script.held


def test_a_batch_says_itself_how_many_runs_it_has():
    moment = "2026-11-23T18:44:00Z"
    batch = Batch(id="batch_1", status="PENDING", run_count=3, created_at=moment, updated_at=moment)
    assert batch_source(batch).variant == 3
    assert batch_source("batch_1").variant is None
    assert not batch_source("batch_1").is_final([])


def test_readers_who_know_the_count_and_those_who_do_not_are_no_trouble_to_each_other(wire):
    async def handler(request):
        if "live" in request.url.params:
            await asyncio.Event().wait()
        return wire.answer(*many(wire, "COMPLETED_SUCCESSFULLY"))

    server = wire.fake_server(handler)
    endless = iter(Subscription(batch_source("batch_1"), server, timeout=PATIENCE))
    assert len(next(endless)) == 1
    assert (
        len(list(Subscription(batch_source("batch_1", run_count=1), server, timeout=PATIENCE))) == 1
    )
    endless.stop()


def test_several_feeds_as_one_are_as_well_off_as_the_worst(wire):
    async def handler(request):
        n = request.url.path[-1]
        if n == "2" and not tries:
            tries.append(n)
            return httpx.Response(503, headers={"retry-after": "0"})
        row = wire.row("COMPLETED_SUCCESSFULLY", id=f"cuid{n}", friendlyId=f"run_{n}")
        return wire.answer(row)

    tries, states, each, seen = [], [], [], []
    watch = RunsWatch(
        [batch_source(f"batch_{n}", run_count=1) for n in (1, 2)],
        [wire.fake_server(handler)] * 2,
        on_runs=lambda changed, runs: seen.append(sorted(runs)),
        on_connection=lambda connection: states.append(connection.state),
        on_each=lambda n, runs: each.append((n, runs[0].id)),
    )
    until(lambda: states[-1:] == ["closed"])
    assert seen[-1] == ["run_1", "run_2"]
    assert sorted(each) == [(0, "run_1"), (1, "run_2")]
    assert "retrying" in states
    watch.stop()


def test_the_first_of_several_feeds_is_not_held_up_by_the_others(wire):
    async def handler(request):
        asked.append(request.url.path[-1])
        if "live" in request.url.params:
            await asyncio.Event().wait()
        return wire.answer(wire.row("PENDING", id=asked[-1], friendlyId=f"run_{asked[-1]}"))

    asked, seen = [], []
    watch = RunsWatch(
        [batch_source(f"batch_{n}") for n in range(4)],
        [wire.fake_server(handler)] * 4,
        on_runs=lambda _changed, runs: seen.append((len(runs), set(asked))),
    )
    until(lambda: len(seen) == 4)
    watch.stop()
    assert seen[0] == (1, {"0"})
    assert seen[-1][0] == 4


def test_feeds_that_were_to_come_later_do_not_come_after_the_stop(wire):
    async def handler(request):
        asked.append(request.url.path)
        await asyncio.Event().wait()

    asked = []
    sources = [batch_source("batch_1"), batch_source("batch_2")]
    watch = RunsWatch(sources, [wire.fake_server(handler)] * 2, on_runs=lambda *_: None)
    until(lambda: asked)
    watch.stop()
    watch._runs_of(0, [])
    until(lambda: current_hub()[1].feeds == 0)
    assert len(asked) == 1


def test_unchanged_rows_are_decoded_once_and_never_turned_back(wire):
    runs = RunList("some runs")
    rows = {r["id"]: r for r in many(wire, "EXECUTING", "EXECUTING", second=5)}
    first = runs(rows)
    rows["cuid1"] = {**rows["cuid1"], "status": "CANCELED"}
    second = runs({**rows, "cuid0": dict(rows["cuid0"])})
    assert second[0] is first[0]
    assert second[1].status == "CANCELED"
    stale = {**rows["cuid1"], "status": "PENDING", "updatedAt": "2026-11-23T18:44:01.000"}
    assert runs({**rows, "cuid1": stale})[1] is second[1]


def test_a_row_that_cannot_be_read_is_skipped_and_the_others_are_shown(wire, caplog):
    good, bad = many(wire, "EXECUTING", "EXECUTING")
    script = wire.Script(
        wire.answer(good, {**bad, "createdAt": "yesterday"}, offset="1_1"),
        wire.answer(bad, offset="2_1", operation="update"),
        wire.answer({**bad, "status": "CANCELED", "runTags": "{"}, offset="3_1"),
        wire.answer({**good, "status": "CANCELED"}, offset="4_1", operation="update"),
    )
    seen = []
    watch = RunsWatch(
        [tag_source("a")],
        [wire.fake_server(script)],
        on_runs=lambda _changed, runs: seen.append({k: str(r.status) for k, r in runs.items()}),
    )
    script.wait_for_requests(5)
    assert seen == [
        {"run_0": "EXECUTING"},
        {"run_0": "EXECUTING", "run_1": "EXECUTING"},
        {"run_0": "CANCELED", "run_1": "EXECUTING"},  # the last that could be read
    ]
    watch.stop()
    assert [record.getMessage().rpartition(":")[0] for record in caplog.records] == [
        f'skipped a malformed row of runs tagged "a", {n} so far: a row of the feed is malformed'
        for n in (1, 2)
    ]


def test_a_recorded_batch_is_followed_to_its_end(wire):
    """Just as recorded, each question included; the batch had its runs one after the other."""
    left = [e for e in wire.recorded("batch") if " poll#" in e["note"]]
    batch = urlsplit(left[0]["path"]).path.rpartition("/")[2]
    created = next(e for e in wire.recorded("batch") if e["method"] == "POST")
    count = json.loads(created["response"])["runCount"]

    async def handler(request):
        exchange = left.pop(0)
        wanted = {k: v[0] for k, v in parse_qs(urlsplit(exchange["path"]).query).items()}
        for param in ("offset", "handle", "live"):
            assert request.url.params.get(param) == wanted.get(param)
        return wire.to_response(exchange)

    source = batch_source(batch, run_count=count)
    lists = list(Subscription(source, wire.fake_server(handler), timeout=PATIENCE))
    assert [run.is_terminal for run in lists[-1]] == [True] * count
    assert [run.created_at for run in lists[-1]] == sorted(run.created_at for run in lists[-1])
