import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from patience import AT_ONCE, PATIENCE

NEW = {"x-trigger-electric-version": "1.0.14", "x-trigger-api-version": "2025-07-16"}


@pytest.fixture
def pool():
    with ThreadPoolExecutor(12) as pool:
        yield pool


class Feed:
    """Follows a feed as the SDK does; `rows` are by run id, the latest of each."""

    def __init__(self, http, path, **query):
        self.http, self.path, self.query = http, path, query
        self.rows, self.operations = {}, []
        self.offset = self.handle = self.cursor = None

    def poll(self):
        query = dict(self.query)
        if self.handle is None:
            query["offset"] = "-1"
        else:
            query |= {"offset": self.offset, "handle": self.handle, "live": "true"}
            query["cursor"] = self.cursor or ""
        answer = self.http.get(self.path, params=query, headers=NEW)
        assert answer.status_code == 200, answer.text
        *changes, end = answer.json()
        assert end == {"headers": {"control": "up-to-date"}}
        self.offset = answer.headers["electric-offset"]
        self.handle = answer.headers["electric-handle"]
        self.cursor = answer.headers.get("electric-cursor")
        for change in changes:
            self.rows[change["value"]["friendlyId"]] = change["value"]
            self.operations.append(change["headers"]["operation"])
        return [change["value"]["friendlyId"] for change in changes]

    def until(self, condition, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while not condition(self.rows):
            assert time.monotonic() < deadline, self.rows
            self.poll()

    def statuses(self):
        return sorted(row["status"] for row in self.rows.values())


def tagged(engine, *tags, http=None, **query):
    return Feed(http or engine.http, "/realtime/v1/runs", tags=",".join(tags), **query)


def trigger_batch(engine, task, count, **options):
    items = [{"task": task, "payload": i, "options": options} for i in range(count)]
    return engine.http.post("/api/v2/tasks/batch", json={"items": items}).json()["id"]


def batch_feed(engine, batch):
    return Feed(engine.http, f"/realtime/v1/batches/{batch}")


def test_an_empty_snapshot_and_its_headers(engine, task):
    """raw-13 0001."""
    params = {"tags": task, "offset": "-1"}
    found = engine.http.get("/realtime/v1/runs", params=params, headers=NEW)
    assert found.json() == [{"headers": {"control": "up-to-date"}}]
    handle = re.fullmatch(r"runs_(\d+)_\d+_[0-9a-f]{8}", found.headers["electric-handle"])
    since = int(handle[1])
    assert since % 60_000 == 0
    assert 0 <= time.time() - 24 * 3600 - since / 1000 < 70
    assert re.fullmatch(r"0_\d+", found.headers["electric-offset"])
    assert "electric-schema" in found.headers
    assert "electric-cursor" not in found.headers
    assert found.headers["cache-control"] == "no-store"
    old = engine.http.get("/realtime/v1/runs", params=params)
    assert "electric-shape-id" in old.headers


def test_runs_of_a_tag_are_seen_at_once(engine, task, pool):
    worker = engine.worker(task)
    feed = tagged(engine, task)
    feed.poll()
    held = []

    def step(action):
        waiting = pool.submit(feed.poll)
        time.sleep(0.05)
        began = time.monotonic()
        result = action()
        assert waiting.result(PATIENCE)
        held.append(time.monotonic() - began)
        return result

    run = step(lambda: engine.trigger(task, tags=[task, "more"]))
    attempt = step(worker.dequeue)
    step(attempt.start)
    step(attempt.complete)
    assert feed.operations == ["insert", "update", "update", "update"]
    assert feed.rows[run]["status"] == "COMPLETED_SUCCESSFULLY"
    assert feed.rows[run]["runTags"] == f'{{"{task}","more"}}'
    assert max(held) < AT_ONCE
    assert re.fullmatch(r"\d{13}_\d+", feed.offset)
    late = tagged(engine, task)
    late.poll()
    assert late.rows == feed.rows


def test_several_tags_are_all_meant(engine, task, pool):
    """raw-13 0012, 0021; raw-16."""
    a, b = f"{task}:a", f"{task}:b"
    one, both = engine.trigger(task, tags=[a]), engine.trigger(task, tags=[b, a])
    for tags, runs in (((a,), {one, both}), ((a, b), {both}), ((b,), {both}), ((a, "x"), set())):
        feed = tagged(engine, *tags)
        feed.poll()
        assert set(feed.rows) == runs
    spaced = Feed(engine.http, "/realtime/v1/runs", tags=f"{a}, {b}")
    assert spaced.poll() == []
    last = Feed(engine.http, "/realtime/v1/runs", tags=[a, b])
    assert last.poll() == [both]
    # woken by a run that has only one of them, it goes on waiting
    feed = tagged(engine, a, b)
    feed.poll()
    waiting = pool.submit(feed.poll)
    engine.trigger(task, tags=[a])
    time.sleep(0.2)
    assert not waiting.done()
    third = engine.trigger(task, tags=[a, b])
    assert waiting.result(PATIENCE) == [third]


def test_without_tags_it_is_every_run(engine, task):
    run = engine.trigger(task)
    for query in ({}, {"tags": ""}):
        feed = Feed(engine.http, "/realtime/v1/runs", **query)
        feed.poll()
        assert run in feed.rows


@pytest.mark.parametrize("window", ["1h", "zz", "10d", "24h"])
def test_the_window(engine, task, window):
    run = engine.trigger(task, tags=[task])
    feed = tagged(engine, task, createdAt=window)
    assert feed.poll() == [run]
    since = int(feed.handle.split("_")[1]) / 1000
    hours = 1 if window == "1h" else 24
    assert 0 <= time.time() - hours * 3600 - since < 70


def test_runs_before_the_window_are_not_in_it(engine, task):
    run = engine.trigger(task, tags=[task])
    later = int(time.time() * 1000) + 60_000
    params = {"tags": task, "offset": "-1", "handle": f"runs_{later}_1_00000000"}
    assert len(engine.http.get("/realtime/v1/runs", params=params).json()) == 1
    params["handle"] = f"runs_{later - 120_000}_1_00000000"
    found = engine.http.get("/realtime/v1/runs", params=params).json()
    assert found[0]["value"]["friendlyId"] == run


def test_who_may_read(engine, task):
    """raw-13 0022 to 0029."""
    run = engine.trigger(task, tags=[task, "x:a"])
    for scope, tags, status in (
        (f"read:tags:{task}", (task,), 200),
        ("read:tags", (task,), 200),
        ("read:runs", (task,), 200),
        (f"read:tags:{task}", (task, "x:a"), 200),
        (f"read:tags:{task}other", (task,), 403),
        (f"read:runs:{run}", (task,), 403),
        (f"read:tags:{task}", (), 403),
    ):
        params = {"tags": ",".join(tags), "offset": "-1"}
        answer = engine.client(engine.mint(scope)).get("/realtime/v1/runs", params=params)
        assert answer.status_code == status, (scope, tags)
    answer = engine.client().get("/realtime/v1/runs")
    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid or Missing API key"})


def test_skipped_columns(engine, task):
    run = engine.trigger(task, {"a": 1}, tags=[task])
    feed = tagged(engine, task, skipColumns="payload,output,id")
    feed.poll()
    assert "payload" not in feed.rows[run]
    assert len(feed.rows[run]) == 24


def test_a_handle_that_nobody_knows(engine, task):
    """After a restart, say: what is newer than the offset comes, whatever the handle."""
    run = engine.trigger(task, tags=[task])
    feed = tagged(engine, task)
    feed.offset, feed.handle = "garbage", "any-handle"
    assert feed.poll() == [run]
    assert feed.handle == "any-handle"
    feed.offset, feed.handle = "0_0", "again"
    assert feed.poll() == [run]


def test_a_batch_is_followed_to_its_end(engine, task):
    worker = engine.worker(task)
    batch = trigger_batch(engine, task, 4)
    feed = batch_feed(engine, batch)
    assert len(feed.poll()) == 4
    assert re.fullmatch(rf"{batch}_\d+_[0-9a-f]{{8}}", feed.handle)
    assert feed.statuses() == ["PENDING"] * 4
    for _ in range(4):
        worker.execute().complete()
    feed.until(lambda _: feed.statuses() == ["COMPLETED_SUCCESSFULLY"] * 4)
    engine.trigger(task)


def test_runs_that_a_key_has_found_are_in_the_feed_of_the_batch(engine, task, pool):
    old = engine.trigger(task, idempotencyKey="k")
    batch = engine.http.post("/api/v3/batches", json={"runCount": 2}).json()["id"]
    feed = batch_feed(engine, batch)
    assert feed.poll() == []
    waiting = pool.submit(feed.poll)
    lines = f'{{"index":0,"task":"{task}","options":{{"idempotencyKey":"k"}}}}\n'
    lines += f'{{"index":1,"task":"{task}"}}\n'
    engine.http.post(f"/api/v3/batches/{batch}/items", content=lines)
    waiting.result(PATIENCE)
    feed.until(lambda rows: len(rows) == 2)
    assert old in feed.rows
    waiting = pool.submit(feed.poll)
    time.sleep(0.05)
    engine.http.post(f"/api/v2/runs/{old}/cancel")
    assert waiting.result(PATIENCE) == [old]
    assert feed.rows[old]["status"] == "CANCELED"


def test_a_burst_is_one_answer(engine, task, pool):
    feed = tagged(engine, task)
    feed.poll()
    waiting = pool.submit(feed.poll)
    time.sleep(0.1)
    batch = trigger_batch(engine, task, 100, tags=[task])
    assert len(waiting.result(PATIENCE)) == 100
    assert set(feed.operations) == {"insert"}
    assert batch


def test_an_answer_has_at_most_1000_rows_and_the_rest_follows(own_engine):
    engine = own_engine
    feed = tagged(engine, "many")
    feed.poll()
    for _ in range(3):
        trigger_batch(engine, "t", 500, tags=["many"])
    assert len(feed.poll()) == 1000
    assert len(feed.poll()) == 500
    assert len(feed.rows) == 1500
    late = tagged(engine, "many")
    assert len(late.poll()) == 1000
    assert late.rows == dict(list(feed.rows.items())[500:])


def test_no_change_is_missed_by_many_readers(engine, task, pool):
    """Writers and readers at once: each reader ends with the last state of every run."""
    worker = engine.worker(task)
    feeds = [tagged(engine, task) for _ in range(5)]
    for feed in feeds:
        feed.poll()
    following = [
        pool.submit(
            feed.until, lambda _, f=feed: f.statuses() == ["COMPLETED_SUCCESSFULLY"] * 30, 60
        )
        for feed in feeds
    ]
    for i in range(30):
        engine.trigger(task, i, tags=[task])

    def work():
        for _ in range(10):
            attempt = worker.execute()
            path = f"/api/v1/runs/{attempt.run}/metadata"
            engine.http.put(path, json={"metadata": {"run": attempt.run}})
            attempt.complete()

    for working in [pool.submit(work) for _ in range(3)]:
        working.result(60)
    for reading in following:
        reading.result(60)
    for feed in feeds:
        assert all(row["metadata"] == f'{{"run":"{run}"}}' for run, row in feed.rows.items())


def test_a_feed_goes_on_over_a_kill(own_engine):
    engine = own_engine
    batch = trigger_batch(engine, "t", 3, tags=["x"])
    feeds = [tagged(engine, "x"), batch_feed(engine, batch)]
    for feed in feeds:
        feed.poll()
    engine.kill()
    engine.start()
    run = min(feeds[0].rows)
    engine.http.post(f"/api/v2/runs/{run}/cancel")
    for feed in feeds:
        feed.http = engine.http
        assert run in feed.poll()
        assert feed.rows[run]["status"] == "CANCELED"


@pytest.mark.slow
def test_nothing_new_is_said_after_about_20_seconds(engine, task):
    """raw-13 0011: the time of the offset stays."""
    engine.trigger(task, tags=[task])
    feed = tagged(engine, task)
    feed.poll()
    before = feed.offset.partition("_")[0]
    began = time.monotonic()
    assert feed.poll() == []
    assert time.monotonic() - began > 16.5
    assert feed.offset.partition("_")[0] == before
