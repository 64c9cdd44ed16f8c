import asyncio
import sqlite3

import pytest

from trigger_widgets.engine.store import Standing, Store


class Notes:
    def __init__(self):
        self.topics = []

    def __call__(self, topics):
        self.topics.append(topics)


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def store(tmp_path, notes):
    store = Store(tmp_path / "trigger.db", notes)
    yield store
    store.close()


def put(name, topic=None):
    def work(transaction):
        transaction.execute("INSERT INTO settings VALUES (?, 'x')", (name,))
        if topic:
            transaction.wake(topic)
        return name

    return work


def names(store):
    return {row[0] for row in store.reader.execute("SELECT name FROM settings")}


def test_a_write_is_committed_before_it_is_acknowledged(store, notes):
    async def go():
        assert await store.write(put("a", "topic")) == "a"
        assert names(store) == {"a"}

    asyncio.run(go())
    assert notes.topics == [{"topic"}]


def test_writes_that_wait_together_share_commits(store, notes):
    async def go():
        return await asyncio.gather(*(store.write(put(f"n{i}")) for i in range(200)))

    assert asyncio.run(go()) == [f"n{i}" for i in range(200)]
    assert len(names(store)) == 200
    assert len(notes.topics) < 100  # one notification a commit


def test_the_failure_of_one_is_its_own(store):
    def fail(transaction):
        put("lost")(transaction)
        raise ZeroDivisionError

    async def go():
        found = await asyncio.gather(
            store.write(put("a")), store.write(fail), store.write(put("b")), return_exceptions=True
        )
        assert isinstance(found[1], ZeroDivisionError)

    asyncio.run(go())
    assert names(store) == {"a", "b"}


def test_works_run_in_the_order_they_were_asked_for(store):
    order = []

    async def go():
        await asyncio.gather(*(store.write(lambda _t, i=i: order.append(i)) for i in range(50)))

    asyncio.run(go())
    assert order == list(range(50))


def test_a_full_disk_fails_the_write_and_not_the_store(store, tmp_path):
    def fill(transaction):
        pages = transaction.execute("PRAGMA page_count").fetchone()[0]
        transaction.execute(f"PRAGMA max_page_count = {pages}")
        transaction.execute("INSERT INTO settings VALUES ('big', ?)", ("x" * 1_000_000,))

    async def go():
        with pytest.raises(sqlite3.OperationalError):
            await store.write(fill)
        await store.write(lambda t: t.execute("PRAGMA max_page_count = 1000000").fetchone())
        assert await store.write(put("after")) == "after"

    asyncio.run(go())
    assert names(store) == {"after"}


def test_a_cancelled_caller_does_not_stop_the_others(store):
    async def go():
        gone = asyncio.ensure_future(store.write(put("gone")))
        await asyncio.sleep(0)
        gone.cancel()
        await store.write(put("stays"))

    asyncio.run(go())
    assert "stays" in names(store)


def test_the_reader_cannot_write(store):
    with pytest.raises(sqlite3.OperationalError):
        store.reader.execute("INSERT INTO settings VALUES ('x', 'y')")


def test_what_concludes_a_write_is_part_of_it(tmp_path, notes):
    def conclude(transaction):
        for run_id in transaction.ended:
            transaction.execute("INSERT INTO settings VALUES (?, 'ended')", (run_id,))
            assert run_id != "bad"

    async def scenario(store):
        await store.write(lambda transaction: transaction.ended.append("good"))
        with pytest.raises(AssertionError):
            await store.write(lambda transaction: transaction.ended.append("bad"))
        assert names(store) == {"good"}

    store = Store(tmp_path / "trigger.db", notes, conclude)
    asyncio.run(scenario(store))
    store.close()


def picks(name):
    """Takes a note that is there away, and gives its name."""

    def work(transaction):
        gone = transaction.execute("DELETE FROM settings WHERE name = ?", (name,))
        return name if gone.rowcount else None

    return work


def test_who_stands_by_has_a_share_in_the_write_that_it_waits_for(store, notes):
    told = []

    async def go():
        standing = Standing("topic", picks("b"), lambda: told.append(names(store)))
        async with store.stand_by(standing):
            await store.write(standing.attempt)
            await store.write(put("a", "topic"))
            await store.write(put("b", "another"))
            assert (standing.result, told) == (None, [])
            await store.write(put("c", "topic"))
            assert (standing.result, told) == ("b", [{"a", "c"}])
            await store.write(put("b", "topic"))
        await store.write(put("d", "topic"))
        return standing.result

    assert asyncio.run(go()) == "b"
    assert names(store) == {"a", "b", "c", "d"}  # it took one, once
    assert len(told) == 1


def test_what_failed_gave_nothing_to_those_who_stand_by(store):
    def fail(transaction):
        put("b", "topic")(transaction)
        standing.attempt(transaction)
        raise ZeroDivisionError

    standing = Standing("topic", picks("b"), lambda: None)

    async def go():
        async with store.stand_by(standing):
            with pytest.raises(ZeroDivisionError):
                await store.write(fail)
            assert standing.result is None
            await store.write(put("b", "topic"))
            return standing.result

    assert asyncio.run(go()) == "b"


def test_what_is_given_in_the_last_moment_is_not_lost(store):
    async def go():
        standing = Standing("topic", picks("a"), lambda: None)
        async with store.stand_by(standing):
            writing = asyncio.create_task(store.write(put("a", "topic")))
            await asyncio.sleep(0)  # it is on its way to the writer
        await writing
        return standing.result

    assert (asyncio.run(go()) == "a") != (names(store) == {"a"})
