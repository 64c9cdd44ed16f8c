import asyncio
from dataclasses import replace

import pytest

from tests.engine.test_lifecycle import NOW, executing, queued
from trigger_widgets.engine import run_table, timers
from trigger_widgets.engine.registry import Coverage
from trigger_widgets.engine.statuses import Status
from trigger_widgets.engine.store import Store

NOBODY = Coverage(tasks=frozenset(), locked=frozenset())


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "trigger.db", lambda topics: None)
    yield store
    store.close()


def after(store, run, work):
    async def go():
        await store.write(lambda t: run_table.insert(t, run))
        await store.write(work)

    asyncio.run(go())
    return run_table.get(store.reader.execute, run.id)


def test_what_is_due_is_fired(store):
    run = replace(queued(ttl="1s"), due_at=1)
    found = after(store, run, lambda t: timers.fire_due(t, NOBODY))
    assert found.status is Status.EXPIRED


def test_a_released_run_whose_task_nobody_has_says_so(store):
    run = replace(queued(), status=Status.RETRYING_AFTER_FAILURE, due_at=1)
    found = after(store, run, lambda t: timers.fire_due(t, NOBODY))
    assert found.status is Status.PENDING_VERSION


def test_after_a_sleep_of_the_machine_workers_get_time_to_speak(store):
    run = executing()
    found = after(store, run, lambda t: timers.give_time(t, run.due_at + 60_000))
    assert found.due_at == run.due_at + 60_000
    assert found.updated_at == run.updated_at


def test_time_that_is_given_is_never_taken(store):
    run = executing()
    found = after(store, run, lambda t: timers.give_time(t, NOW))
    assert found.due_at == run.due_at
