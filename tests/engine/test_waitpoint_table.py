"""Runs and what they wait for, under whatever happens in whatever order."""

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trigger_widgets.engine import blocking, lifecycle, run_table, schema, waitpoint_table
from trigger_widgets.engine.records import RunRecord, WaitpointRecord, WorkerRecord
from trigger_widgets.engine.snapshots import ConflictError, Execution
from trigger_widgets.engine.statuses import Status
from trigger_widgets.engine.store import Transaction

NOW = 1_795_459_448_156
WORKER = WorkerRecord(
    id="w", version="1", content_hash="h", process="7-1", origin="o", label="l", pid=7,
    started="1", runtime="python", tasks={"t": {}}, created_at=NOW,
)  # fmt: skip
RUNS, TOKENS = ("r0", "r1"), ("w0", "w1", "w2")


@pytest.fixture
def transaction():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    schema.migrate(connection)
    yield Transaction(connection)
    connection.close()


def fill(transaction):
    for table in ("runs", "waitpoints", "waits"):
        transaction.execute(f"DELETE FROM {table}")
    for id_ in RUNS:
        run = RunRecord(
            id=id_, task="t", status=Status.DELAYED, execution=Execution.DELAYED, snapshot="s",
            snapshot_at=NOW, description="", created_at=NOW, updated_at=NOW, max_attempts=3,
        )  # fmt: skip
        run_table.insert(transaction, lifecycle.released(run, NOW))
    for id_ in TOKENS:
        token = WaitpointRecord(id=id_, type=blocking.TOKEN, created_at=NOW, idempotency_key=id_)
        waitpoint_table.insert(transaction, token)


CHANGES = {
    "dequeue": lambda run: lifecycle.dequeued(run, WORKER, NOW),
    "start": lambda run: lifecycle.started(run, NOW),
    "beat": lambda run: lifecycle.heard(run, NOW),
    "retry here": lambda run: lifecycle.retry_here(run, 10, NOW),
    "retry queued": lambda run: lifecycle.retry_queued(run, 10, NOW),
    "release": lambda run: lifecycle.released(run, NOW),
    "lose": lambda run: lifecycle.worker_lost(run, "died", NOW),
    "cancel": lambda run: lifecycle.canceled(run, lifecycle.CANCELED_BY_USER, NOW),
    "succeed": lambda run: lifecycle.finished(run, Status.COMPLETED_SUCCESSFULLY, NOW),
}
steps = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from(RUNS), st.sampled_from(TOKENS)),
    st.tuples(st.just("complete"), st.sampled_from(TOKENS), st.none()),
    st.tuples(st.just("change"), st.sampled_from(RUNS), st.sampled_from(sorted(CHANGES))),
    # so that most runs get to where they can wait
    st.tuples(st.just("execute"), st.sampled_from(RUNS), st.none()),
)


def take(transaction, step):
    kind, one, other = step
    if kind == "complete":
        blocking.complete(transaction, replace(token(transaction, one), output="1"))
    elif kind == "wait":
        blocking.block(transaction, run(transaction, one), token(transaction, other))
    elif kind == "execute":
        for change in ("dequeue", "start"):
            take(transaction, ("change", one, change))
    else:
        run_table.change(transaction, one, CHANGES[other])


def run(transaction, id_):
    return run_table.get(transaction.execute, id_)


def token(transaction, id_):
    return waitpoint_table.get(transaction.execute, id_)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(steps, max_size=40))
def test_a_run_waits_exactly_as_long_as_something_is_missing(transaction, plan):
    fill(transaction)
    missing = {id_: set() for id_ in RUNS}  # by run: the incomplete ones of its attempt
    asked = {id_: set() for id_ in RUNS}  # by run: what its next snapshot has to tell of
    for step in plan:
        before = {id_: run(transaction, id_) for id_ in RUNS}
        try:
            take(transaction, step)
        except ConflictError:
            assert {id_: run(transaction, id_) for id_ in RUNS} == before
            continue
        kind, one, other = step
        if kind == "complete":
            for tokens in missing.values():
                tokens.discard(one)
        in_task = (Execution.EXECUTING, Execution.WAITING)
        if kind == "wait" and before[one].execution in in_task:
            asked[one].add(other)
            if token(transaction, other).completed_at is None:
                missing[one].add(other)
        for id_ in RUNS:
            found = run(transaction, id_)
            if found.execution not in in_task or found.attempt != before[id_].attempt:
                missing[id_].clear()
                asked[id_].clear()
            waits_now = found.execution is Execution.WAITING
            assert waits_now == bool(missing[id_])
            told = {t.id for t in waitpoint_table.told_to(transaction.execute, found)}
            if waits_now:
                assert told == set()
            elif asked[id_]:
                assert told == asked[id_]
                asked[id_].clear()


@given(st.permutations(TOKENS), st.lists(st.sampled_from(TOKENS), min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_order_of_completions_does_not_matter(transaction, order, waited):
    fill(transaction)
    take(transaction, ("execute", "r0", None))
    for id_ in waited:
        take(transaction, ("wait", "r0", id_))
    for id_ in order:
        take(transaction, ("complete", id_, None))
    found = run(transaction, "r0")
    assert found.execution is Execution.EXECUTING
    told = waitpoint_table.told_to(transaction.execute, found)
    assert {t.id for t in told} == set(waited)
