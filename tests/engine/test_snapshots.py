import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.engine.snapshots import (
    TABLE,
    ConflictError,
    Event,
    Execution,
    State,
    finish,
    transition,
)
from trigger_widgets.engine.statuses import Status

executions = st.sampled_from(Execution)
events = st.sampled_from([event for event in Event if event is not Event.FINISH])
finals = st.sampled_from([status for status in Status if status.is_final])
STATUSES_OF = {
    Execution.DELAYED: {Status.DELAYED},
    Execution.QUEUED: {Status.PENDING, Status.PENDING_VERSION, Status.RETRYING_AFTER_FAILURE},
    Execution.PENDING_EXECUTING: {Status.DEQUEUED},
    Execution.EXECUTING: {Status.EXECUTING},
    Execution.WAITING: {Status.WAITING_TO_RESUME},
    Execution.BETWEEN_ATTEMPTS: {Status.EXECUTING},
    Execution.PENDING_CANCEL: {Status.CANCELED},
    Execution.FINISHED: {status for status in Status if status.is_final},
}


def test_the_path_of_a_run_that_succeeds():
    """worker-protocol.md §6."""
    execution, seen = Execution.QUEUED, []
    for event in (Event.DEQUEUE, Event.START):
        execution = transition(execution, event).execution
        seen.append(execution)
    seen.append(finish(execution, Status.COMPLETED_SUCCESSFULLY).execution)
    assert seen == [Execution.PENDING_EXECUTING, Execution.EXECUTING, Execution.FINISHED]


def test_a_retry_stays_with_its_worker_and_reads_as_executing():
    state = transition(Execution.EXECUTING, Event.RETRY_HERE)
    assert state.execution.wire == "EXECUTING"
    assert state.status is Status.EXECUTING
    assert transition(state.execution, Event.START).execution is Execution.EXECUTING


@given(executions, events)
def test_every_state_has_a_status_that_fits(execution, event):
    try:
        state = transition(execution, event)
    except ConflictError:
        return
    assert state.status in STATUSES_OF[state.execution]


@given(events)
def test_nothing_follows_the_end(event):
    with pytest.raises(ConflictError):
        transition(Execution.FINISHED, event)


@given(executions, finals)
def test_only_a_held_run_can_be_finished_and_a_canceled_one_stays_canceled(execution, status):
    if not execution.has_worker:
        with pytest.raises(ConflictError):
            finish(execution, status)
        return
    state = finish(execution, status)
    assert state.execution is Execution.FINISHED
    if execution is Execution.PENDING_CANCEL:
        assert state.status is Status.CANCELED
    else:
        assert state.status is status


@given(executions, st.sampled_from([status for status in Status if not status.is_final]))
def test_a_run_is_never_finished_with_a_status_that_goes_on(execution, status):
    with pytest.raises(ConflictError):
        finish(execution, status)


@given(st.lists(events, max_size=30), finals)
def test_from_wherever_a_run_gets_it_can_be_brought_to_an_end(path, status):
    execution = Execution.QUEUED
    for event in path:
        if (execution, event) in TABLE:
            execution = transition(execution, event).execution
    if execution is Execution.FINISHED:
        return
    if (execution, Event.CANCEL) in TABLE:
        execution = transition(execution, Event.CANCEL).execution
    if execution is not Execution.FINISHED:
        execution = finish(execution, status).execution
    assert execution is Execution.FINISHED


def test_each_row_of_the_table_describes_itself():
    assert all(isinstance(state, State) and state.description for state in TABLE.values())
