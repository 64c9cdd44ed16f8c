"""Statuses, runs and their ends."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets import errors
from trigger_widgets.models import Run, RunStatus, TaskError

WHEN = datetime(2026, 11, 23, tzinfo=UTC)
RUN = {
    "id": "run_1", "taskIdentifier": "task", "status": "EXECUTING",
    "createdAt": "2026-11-23T00:00:00Z", "updatedAt": "2026-11-23T00:00:00Z",
}  # fmt: skip


WIRE_STATUSES = [  # protocol.md §3: the database's words, measured
    ("PENDING", "QUEUED"), ("DELAYED", "DELAYED"), ("PENDING_VERSION", "PENDING_VERSION"),
    ("WAITING_FOR_DEPLOY", "PENDING_VERSION"), ("DEQUEUED", "DEQUEUED"),
    ("EXECUTING", "EXECUTING"), ("RETRYING_AFTER_FAILURE", "EXECUTING"),
    ("WAITING_TO_RESUME", "WAITING"), ("PAUSED", "WAITING"),
    ("COMPLETED_SUCCESSFULLY", "COMPLETED"), ("COMPLETED_WITH_ERRORS", "FAILED"),
    ("INTERRUPTED", "FAILED"), ("CANCELED", "CANCELED"), ("CRASHED", "CRASHED"),
    ("SYSTEM_FAILURE", "SYSTEM_FAILURE"), ("EXPIRED", "EXPIRED"), ("TIMED_OUT", "TIMED_OUT"),
    # and the API's words without the version header
    ("REATTEMPTING", "EXECUTING"), ("FROZEN", "WAITING"),
    ("QUEUED", "QUEUED"), ("SOMETHING_NEW", "QUEUED"),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "status"), WIRE_STATUSES)
def test_every_status_of_the_wire(wire, status):
    assert RunStatus(wire) == status


@pytest.mark.parametrize("status", RunStatus)
def test_every_status_is_one_of_three_kinds(status):
    assert [status.is_queued, status.is_executing, status.is_terminal].count(True) == 1


@given(st.text())
def test_an_unknown_status_is_never_an_end(text):
    if text not in {*RunStatus, *dict(WIRE_STATUSES)}:
        assert RunStatus(text) is RunStatus.QUEUED


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("FAILED", errors.RunFailedError),
        ("SYSTEM_FAILURE", errors.RunFailedError),
        ("CRASHED", errors.RunCrashedError),
        ("CANCELED", errors.RunCanceledError),
        ("EXPIRED", errors.RunExpiredError),
        ("TIMED_OUT", errors.RunTimedOutError),
    ],
)
def test_every_end_but_one_is_an_error(status, error):
    run = Run.model_validate({**RUN, "status": status})
    with pytest.raises(error, match=r"task \(run_1\) ") as raised:
        run.unwrap()
    assert raised.value.run is run
    named = Run.model_validate({**RUN, "status": status, "error": {"message": "m", "name": "E"}})
    with pytest.raises(error, match="E: m"):
        named.unwrap()


def test_completed_runs_have_an_output_and_others_none_yet():
    assert Run.model_validate({**RUN, "status": "COMPLETED", "output": 0}).unwrap() == 0
    with pytest.raises(errors.RunError, match="run_1 has not ended: it is EXECUTING"):
        Run.model_validate(RUN).unwrap()


def test_an_output_in_the_object_store_is_said_to_be_there():
    run = Run.model_validate({**RUN, "status": "COMPLETED", "large": ["output"]})
    with pytest.raises(errors.ProtocolError, match=r"the output of run_1 is larger than 512 KB"):
        run.unwrap()


@pytest.mark.parametrize(
    ("wire", "metadata"),
    [
        (None, {}), ({"a": 1}, {"a": 1}), ('{"a":1}', {"a": 1}), ("[1]", {}), ("text", {}),
        ([1], {}), ("[" * 100_000, {}),
    ],
)  # fmt: skip
def test_metadata_is_an_object_whatever_was_stored(wire, metadata):
    assert Run.model_validate({**RUN, "metadata": wire}).metadata == metadata


def test_a_run_is_frozen_and_takes_both_kinds_of_names():
    run = Run(id="run_1", task_identifier="t", status="EXECUTING", created_at=WHEN, updated_at=WHEN)
    assert run.status is RunStatus.EXECUTING
    assert Run.model_validate({**RUN, "somethingNew": 1}).id == "run_1"
    with pytest.raises(ValueError, match="frozen"):
        run.status = "FAILED"


def test_errors_as_text():
    assert str(TaskError(message="m", name="E")) == "E: m"
    assert str(TaskError(message="m")) == "m"
