"""Batches and tags on the real engine."""

import asyncio
import json
import threading

import pandas as pd
import pytest
from patience import PATIENCE

from trigger_widgets.client import AsyncTrigger, Trigger, batch_trigger, configure
from trigger_widgets.errors import ConfigurationError, RunFailedError


@pytest.fixture
def squares(worker, in_thread):
    """A worker that squares `n` of the next runs' payloads, and fails for a negative one."""

    def work(count):
        for _ in range(count):
            run, snapshot = worker.start()
            n = json.loads(worker.execution["run"]["payload"])["json"]["n"]
            if n < 0:
                error = {"type": "BUILT_IN_ERROR", "name": "ValueError", "message": "negative"}
                worker.complete(run, snapshot, ok=False, error={**error, "stackTrace": ""})
            else:
                worker.succeed(run, snapshot, json.dumps({"json": {"square": n * n}}))

    return lambda count: in_thread(work, count)


def test_a_data_frame_comes_back_in_row_order(client, squares):
    frame = pd.DataFrame({"n": [3, -1, 2, 2]}, index=list("abcd"))
    handle = client.tasks.batch_trigger("task", frame, max_attempts=1)
    squares(4)
    results = handle.result(PATIENCE)
    assert [result.key for result in results] == list("abcd")
    assert [result.ok for result in results] == [True, False, True, True]
    assert isinstance(results[1].error, RunFailedError)
    assert "negative" in str(results[1].error)
    found = frame.join(handle.to_pandas(20))
    assert found["square"].tolist()[0::2] == [9, 4]
    batch = client.batches.retrieve(handle)
    assert (batch.run_count, len(batch.runs)) == (4, 4)


def test_the_twin_awaits_the_same(engine, squares):
    at = engine.endpoint

    async def main():
        async with AsyncTrigger(api_url=at.api_url, secret_key=at.access_token) as twin:
            handle = await twin.tasks.batch_trigger("task", [{"n": n} for n in range(5)], key="n")
            squares(5)
            results = await handle
            batch = await twin.batches.retrieve(handle)
            lists = [runs async for runs in twin.runs.subscribe_to_batch(handle, timeout=PATIENCE)]
            return [(r.key, r.output["square"]) for r in results], len(batch.runs), lists[-1]

    results, count, runs = asyncio.run(main())
    assert results == [(n, n * n) for n in range(5)]
    assert count == 5
    assert all(run.is_terminal for run in runs)


def test_more_items_than_a_batch_may_have(client):
    handle = client.tasks.batch_trigger("nobody", ({"n": n} for n in range(2300)))
    assert [client.batches.retrieve(batch).run_count for batch in handle.ids] == [1000, 1000, 300]
    runs = handle.runs()
    assert len(runs) == 2300
    keys = handle.keys_by_run()
    assert all(keys[run.id] == run.payload["n"] for run in runs)
    with pytest.raises(ConfigurationError, match="2 more batches"):
        client.runs.subscribe_to_batch(handle)


def test_watching_a_batch_names_its_rows(client, squares):
    handle = client.tasks.batch_trigger("task", [{"n": 1}, {"n": 2}], key="n")
    seen, states = [], []
    keys = handle.keys_by_run()
    watch = client.watch_runs(
        batch=handle,
        on_runs=lambda changed, runs: seen.append(sorted(keys[run] for run in runs)),
        on_connection=lambda connection: states.append(connection.state),
    )
    squares(2)
    handle.result(PATIENCE)
    watch.stop()
    assert seen[-1] == [1, 2]


def test_a_batch_is_canceled_whole(client):
    handle = client.tasks.batch_trigger("nobody", [1, 2, 3])
    handle.cancel()
    assert [str(result.run.status) for result in handle.result(PATIENCE)] == ["CANCELED"] * 3


def test_runs_with_a_tag_are_followed_as_they_come(client, squares):
    lists = client.runs.subscribe_to_runs_with_tag(
        ["followed", "b"], created_at="1h", timeout=PATIENCE
    )
    assert next(lists) == []
    client.tasks.trigger("task", {"n": 1}, tags=["followed", "b"])
    client.tasks.trigger("task", {"n": 1}, tags=["followed"])
    assert [run.tags for run in next(lists)] == [["followed", "b"]]
    squares(2)
    while not (runs := next(lists))[0].is_terminal:
        assert len(runs) == 1
    lists.stop()


def test_watch_runs_takes_one_of_tags_and_batch(client):
    for wrong in ({}, {"tags": "a", "batch": "batch_1"}):
        with pytest.raises(ConfigurationError, match="one of them"):
            client.watch_runs(**wrong, on_runs=print)
    watches = [
        client.watch_runs(tags="a", on_runs=lambda *_: None),
        client.watch_runs(batch="batch_1", on_runs=lambda *_: None),
    ]
    for watch in watches:
        watch.stop()


def test_the_shorthand(engine):
    at = engine.endpoint
    configure(api_url=at.api_url, secret_key=at.access_token)
    assert batch_trigger("nobody", [1, 2]).run_count == 2


def test_a_narrow_token_follows_its_batch_alone(client):
    handle = client.tasks.batch_trigger("nobody", [1, 2])
    narrow = client.with_access_token(handle.public_access_token)
    assert len(next(iter(narrow.runs.subscribe_to_batch(handle, timeout=PATIENCE)))) == 2


def test_items_that_share_an_idempotency_key_share_a_run(client, squares):
    def item(n, key):
        return {"payload": {"n": n}, "options": {"idempotency_key": key} if key else {}}

    items = [item(2, "k"), item(3, "k"), item(2, None), item(4, "other")]
    handle = client.tasks.batch_trigger("task", items)
    squares(3)
    results = handle.result(PATIENCE)
    assert [result.output["square"] for result in results] == [4, 4, 4, 16]
    assert results[0].id == results[1].id != results[2].id
    lists = list(client.runs.subscribe_to_batch(handle, timeout=PATIENCE))
    assert len(lists[-1]) == 3


def test_a_run_that_a_key_found_is_the_result_of_its_item(client, squares):
    before = client.tasks.trigger("task", {"n": 5}, idempotency_key="found")
    squares(1)
    before.result(PATIENCE)
    items = [{"payload": {"n": 2}, "options": {"idempotency_key": "found"}}, {"payload": {"n": 5}}]
    handle = client.tasks.batch_trigger("task", items)
    squares(1)
    results = handle.result(PATIENCE)
    assert results[0].id == before.id != results[1].id


def test_a_data_frame_keeps_its_index(client, squares):
    index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["city", "day"])
    frame = pd.DataFrame({"n": [3, -1, 2]}, index=index)
    handle = client.tasks.batch_trigger("task", frame, max_attempts=1)
    squares(3)
    found = handle.to_pandas(20)
    assert found.index.equals(index)
    assert found.index.names == ["city", "day"]
    assert list(found.columns) == ["run_id", "status", "ok", "error", "square"]
    joined = pd.concat([frame, found], axis=1)
    assert joined["square"].tolist()[::2] == [9, 4]
    assert pd.isna(joined["square"].iloc[1])
    assert "negative" in joined["error"].iloc[1]
    assert joined["status"].tolist() == ["COMPLETED", "FAILED", "COMPLETED"]


def test_what_a_token_that_only_triggers_has_triggered_can_be_watched(client, squares):
    token = client.auth.create_trigger_public_token("task", multiple_use=True)
    handle = client.with_access_token(token).tasks.trigger("task", {"n": 3})
    squares(1)
    assert handle.result(PATIENCE) == {"square": 9}
    assert Trigger.of(handle).runs.retrieve(handle).is_terminal


def test_each_batch_of_many_items_is_watched_with_its_own_token(client):
    token = client.auth.create_batch_trigger_public_token("nobody", multiple_use=True)
    narrow = client.with_access_token(token)
    handle = narrow.tasks.batch_trigger("nobody", range(1001))
    assert len(handle.runs()) == 1001
    seen, all_seen = {}, threading.Event()

    def on_runs(changed, runs):
        seen.update(runs)
        if len(seen) == 1001:
            all_seen.set()

    watch = narrow.watch_runs(batch=handle, on_runs=on_runs)
    assert all_seen.wait(PATIENCE)
    watch.stop()
