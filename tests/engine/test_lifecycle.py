import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.engine import lifecycle
from trigger_widgets.engine.records import RunRecord, WorkerRecord
from trigger_widgets.engine.snapshots import ConflictError, Execution
from trigger_widgets.engine.statuses import Status

NOW = 1_795_459_448_156
WORKER = WorkerRecord(
    id="w",
    version="20261123.1",
    content_hash="h",
    process="7-1",
    origin="kernel:k",
    label="the notebook prices.ipynb",
    pid=7,
    started="1",
    runtime="python",
    tasks={
        "t": {"retry": {"maxAttempts": 3}, "maxDuration": 60, "queue": {"name": "q"}},
    },
    created_at=NOW,
)


def queued(**more):
    run = RunRecord(
        id="cmwtm74nq000l2n7dn9dht800",
        task="t",
        status=Status.DELAYED,
        execution=Execution.DELAYED,
        snapshot="s",
        snapshot_at=NOW,
        description="",
        created_at=NOW,
        updated_at=NOW,
        **more,
    )
    return lifecycle.released(run, NOW)


def executing(**more):
    return lifecycle.started(lifecycle.dequeued(queued(**more), WORKER, NOW), NOW)


def test_a_dequeue_takes_what_the_trigger_left_open_from_the_task():
    run = lifecycle.dequeued(queued(), WORKER, NOW)
    assert (run.max_attempts, run.max_duration, run.queue) == (3, 60, "q")
    assert (run.version, run.worker, run.process) == ("20261123.1", "w", "7-1")
    assert run.started_at == NOW


def test_what_the_trigger_said_wins():
    run = lifecycle.dequeued(queued(max_attempts=1, max_duration=5, queue="mine"), WORKER, NOW)
    assert (run.max_attempts, run.max_duration, run.queue) == (1, 5, "mine")


def test_a_run_without_a_taker_says_pending_version_until_one_comes():
    orphan = lifecycle.placed(queued(), has_taker=False, now=NOW)
    assert orphan.status is Status.PENDING_VERSION
    assert lifecycle.placed(orphan, has_taker=True, now=NOW).status is Status.PENDING


def test_a_run_expires_only_before_its_first_attempt():
    run = queued(ttl="2s")
    assert run.due_at == NOW + 2000
    over = lifecycle.fired(run, NOW + 2000)
    assert over.status is Status.EXPIRED
    # raw-42-queued-and-ttl: these words, and both times
    assert (
        over.error == '{"raw":"Run expired because the TTL (2s) was reached","type":"STRING_ERROR"}'
    )
    assert over.expired_at == over.completed_at == NOW + 2000
    again = lifecycle.worker_lost(executing(ttl="2s"), "died", NOW)
    assert again.execution is Execution.QUEUED
    assert again.due_at is None


@pytest.mark.parametrize("ttl", ["zzz", "99999999999999999999d", ""])
def test_a_ttl_nobody_can_read_expires_nothing(ttl):
    assert queued(ttl=ttl).due_at is None


def test_nobody_starts_it_and_it_goes_back():
    held = lifecycle.dequeued(queued(), WORKER, NOW)
    back = lifecycle.fired(held, NOW + lifecycle.START_GRACE_MS)
    assert (back.execution, back.process) == (Execution.QUEUED, None)
    assert back.queued_at == NOW  # its old place in the queue


def test_its_worker_dies_and_attempts_remain():
    run = lifecycle.worker_lost(executing(max_attempts=2), "died", NOW + 5)
    assert (run.execution, run.status, run.process) == (Execution.QUEUED, Status.PENDING, None)
    assert run.attempt == 1


def test_its_worker_dies_in_the_last_attempt():
    run = lifecycle.worker_lost(executing(max_attempts=1), "The process died.", NOW + 5)
    assert run.status is Status.CRASHED
    assert json.loads(run.error) == {
        "type": "INTERNAL_ERROR",
        "code": "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE",
        "message": "The process died.",
    }


def test_a_worker_that_is_silent_for_300_s_is_given_up():
    run = lifecycle.heard(executing(max_attempts=1), NOW + 30_000)
    assert run.due_at == NOW + 330_000
    assert run.updated_at == executing().updated_at  # a heartbeat is no news to a feed
    over = lifecycle.fired(run, run.due_at)
    assert over.status is Status.CRASHED
    assert "300 s" in over.error


def test_cancel_waits_for_the_worker_and_then_does_not():
    asked = lifecycle.canceled(executing(), lifecycle.CANCELED_BY_USER, NOW)
    # raw-40 and worker-protocol.md §7: CANCELED at once, without a finish
    assert (asked.status, asked.execution) == (Status.CANCELED, Execution.PENDING_CANCEL)
    assert asked.completed_at is None
    over = lifecycle.fired(asked, asked.due_at)
    assert (over.status, over.execution) == (Status.CANCELED, Execution.FINISHED)
    assert over.completed_at == asked.due_at
    assert over.error == '{"raw":"Canceled by user","type":"STRING_ERROR"}'


def test_cancel_twice_changes_nothing():
    asked = lifecycle.canceled(executing(), lifecycle.CANCELED_BY_USER, NOW)
    assert lifecycle.canceled(asked, lifecycle.SESSION_ENDED, NOW + 9) is asked


ACTIONS = {
    "release": lifecycle.released,
    "adopt": lambda run, now: lifecycle.placed(run, has_taker=True, now=now),
    "orphan": lambda run, now: lifecycle.placed(run, has_taker=False, now=now),
    "dequeue": lambda run, now: lifecycle.dequeued(run, WORKER, now),
    "start": lifecycle.started,
    "give back": lifecycle.given_back,
    "beat": lifecycle.heard,
    "wait": lifecycle.waiting,
    "resume": lifecycle.resumed,
    "retry here": lambda run, now: lifecycle.retry_here(run, 10, now),
    "retry queued": lambda run, now: lifecycle.retry_queued(run, 10, now),
    "lose": lambda run, now: lifecycle.worker_lost(run, "died", now),
    "cancel": lambda run, now: lifecycle.canceled(run, lifecycle.CANCELED_BY_USER, now),
    "succeed": lambda run, now: lifecycle.finished(run, Status.COMPLETED_SUCCESSFULLY, now),
    "fire": lifecycle.fired,
}


@given(
    st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), st.integers(-5, 5)), max_size=40),
    st.sampled_from([None, "2s"]),
    st.sampled_from([None, 1, 3]),
)
def test_whatever_happens_in_whatever_order(actions, ttl, max_attempts):
    run, now = queued(ttl=ttl, max_attempts=max_attempts), NOW
    for action, passed in actions:
        now += passed  # the wall clock may also go back
        if action == "fire" and run.due_at is None:
            continue
        try:
            after = ACTIONS[action](run, now)
        except ConflictError:
            continue
        if run.execution is Execution.FINISHED:
            assert after == run
        visible = (run.status, run.error, run.completed_at) != (
            after.status,
            after.error,
            after.completed_at,
        )
        if visible:
            assert after.updated_at > run.updated_at  # or no feed would show it
            assert after.snapshot != run.snapshot
        assert (after.process is not None) == after.execution.has_worker
        if after.execution is Execution.FINISHED:
            assert after.status.is_final
            assert after.due_at is None
            assert after.completed_at is not None
        elif after.execution.has_worker or after.status is Status.RETRYING_AFTER_FAILURE:
            assert after.due_at is not None  # nothing that is held is ever forgotten
        run = after
