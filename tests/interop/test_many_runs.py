"""Batches and tags: the same runs, triggered by one client and followed by the other."""

import pytest
from interop.support import assert_same_run
from patience import PATIENCE

pytestmark = pytest.mark.slow


def assert_same_runs(theirs, ours):
    ours = {run.id: run for run in ours}
    assert {run["id"] for run in theirs} == set(ours)
    for run in theirs:
        assert_same_run(run, ours[run["id"]])


def last_of(subscription, count):
    """The list of a feed when that many runs have ended."""
    for runs in subscription:
        if sum(run.is_terminal for run in runs) == count:
            subscription.stop()
            return runs
    return None


def test_a_batch_of_theirs_is_ours_too(official, client):
    payloads = [{"n": n} for n in (3, 1, -2, 4)]
    items = [{"payload": payload, "options": {"tags": ["item"]}} for payload in payloads]
    seen = official.play("many_runs", "batchTrigger", task="square", items=items)
    handle, batch = seen["handle"], seen["batch"]
    assert handle["runCount"] == 4
    ours = client.batches.retrieve(handle["batchId"])
    assert (batch["id"], batch["status"], batch["runCount"]) == (ours.id, str(ours.status), 4)
    assert batch["runs"] == ours.runs
    assert_same_runs(seen["followed"], [client.runs.retrieve(run) for run in ours.runs])
    feed = client.runs.subscribe_to_batch(handle["batchId"], timeout=PATIENCE)
    assert_same_runs(seen["followed"], last_of(feed, 4))
    outputs = {run["payload"]["n"]: run.get("output") for run in seen["followed"]}
    assert outputs == {3: {"square": 9}, 1: {"square": 1}, -2: None, 4: {"square": 16}}


def test_a_batch_of_ours_is_theirs_too(official, client):
    handle = client.tasks.batch_trigger("square", [{"n": n} for n in range(20)], key="n")
    with official.playing("many_runs", "followBatch", id=handle.id, count=20) as scene:
        results = handle.result(timeout=PATIENCE)
        followed = scene.result()
    assert_same_runs(followed, [result.run for result in results])
    batch = official.play("many_runs", "retrieveBatch", id=handle.id)
    assert (batch["status"], batch["runCount"]) == ("COMPLETED", 20)
    assert sorted(batch["runs"]) == sorted(result.run.id for result in results)


def test_both_follow_the_same_tags(official, client):
    tags = ["of both", "x:y"]
    with official.playing("many_runs", "followTags", tags=tags, task="square", later=2) as scene:
        first = scene.next()["first"]
        client.tasks.trigger("square", {"n": 2}, tags=tags[0])  # not in the feed: one tag of two
        later = [client.tasks.trigger("square", {"n": n}, tags=[*tags, "z"]) for n in (3, 4)]
        theirs = scene.result()
    assert {run["id"] for run in theirs} == {first, *(run.id for run in later)}
    feed = client.runs.subscribe_to_runs_with_tag(tags, created_at="1h", timeout=PATIENCE)
    assert_same_runs(theirs, last_of(feed, 3))
