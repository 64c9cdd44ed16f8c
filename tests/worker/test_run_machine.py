import itertools

import pytest

from trigger_widgets.tasks.options import RetryOptions
from trigger_widgets.worker import run_events as m
from trigger_widgets.worker.outcomes import Outcome, built_in_error, process_exited
from trigger_widgets.worker.protocol import Snapshot
from trigger_widgets.worker.run_machine import RunMachine, State

DEQUEUED = Snapshot("snapshot_0", "PENDING_EXECUTING")
EXECUTING = Snapshot("snapshot_1", "EXECUTING")
CANCEL = Snapshot("snapshot_c", "PENDING_CANCEL")
FINISHED = Snapshot("snapshot_f", "FINISHED")
RETRY = RetryOptions(max_attempts=2, min_timeout_ms=100, randomize=False)
OK = Outcome(output="{}")
FAILED = Outcome(error=built_in_error("ValueError", "no", "Traceback"))


def started(attempt=1, snapshot=EXECUTING, **kwargs):
    return m.Started(snapshot, attempt, RETRY, max_attempts=2, **kwargs)


def machine(*events):
    it = RunMachine(DEQUEUED)
    effects = it.begin()
    for event in events:
        effects = it.on(event)
    return it, effects


def complete(effects):
    (effect,) = effects
    assert isinstance(effect, m.Complete)
    return effect


def test_a_run_that_succeeds():
    assert machine()[1] == [m.Start("snapshot_0")]
    assert machine(started(max_duration=5))[1] == [m.Execute(5)]
    assert complete(machine(started(), m.Finished(OK))[1]) == m.Complete("snapshot_1", OK, None)
    it, effects = machine(started(), m.Finished(OK), m.Completed("RUN_FINISHED", FINISHED))
    assert effects == [m.End("completed")]
    assert it.state is State.ENDED


def test_a_failure_is_tried_again_after_the_delay_from_the_new_snapshot():
    again = Snapshot("snapshot_2", "EXECUTING")
    assert complete(machine(started(), m.Finished(FAILED))[1]).retry_delay == 100
    it, effects = machine(started(), m.Finished(FAILED), m.Completed("RETRY_IMMEDIATELY", again))
    assert effects == [m.Sleep(100)]
    assert it.on(m.Slept()) == [m.Start("snapshot_2")]
    assert it.on(started(2, Snapshot("snapshot_3", "EXECUTING"))) == [m.Execute(None)]
    assert complete(it.on(m.Finished(FAILED))).retry_delay is None


def test_a_long_delay_is_the_servers_to_wait_for():
    queued = Snapshot("snapshot_2", "QUEUED")
    _, effects = machine(started(), m.Finished(FAILED), m.Completed("RETRY_QUEUED", queued))
    assert effects == [m.End("retrying")]


def test_the_server_retries_a_dead_process_by_itself():
    effect = complete(machine(started(), m.Finished(process_exited("gone")))[1])
    assert effect.retry_delay is None
    assert effect.outcome.error["code"] == "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"


def test_a_cancel_stops_the_task_and_is_answered_with_nothing_else():
    """Completing ok on a PENDING_CANCEL snapshot would turn the run COMPLETED (§7)."""
    it, effects = machine(started(), m.Changed(CANCEL, "snapshot_1"))
    assert effects == [m.Stop()]
    effect = complete(it.on(m.Finished(OK)))
    assert (effect.snapshot, effect.outcome.error["code"]) == ("snapshot_c", "TASK_RUN_CANCELLED")
    assert it.on(m.Completed("RUN_FINISHED", FINISHED)) == [m.End("canceled")]


def test_a_cancel_during_the_retry_delay_is_answered_at_once():
    again = Snapshot("snapshot_2", "EXECUTING")
    it, _ = machine(started(), m.Finished(FAILED), m.Completed("RETRY_IMMEDIATELY", again))
    effect = complete(it.on(m.Changed(CANCEL, "snapshot_2")))
    assert effect.outcome.error["code"] == "TASK_RUN_CANCELLED"


def test_max_duration():
    it, effects = machine(started(max_duration=1), m.TimeUp())
    assert effects == [m.Stop()]
    effect = complete(it.on(m.Finished(OK)))
    assert effect.outcome.error["code"] == "MAX_DURATION_EXCEEDED"
    assert "1 seconds" in effect.outcome.error["message"]


def test_news_from_before_our_own_last_step_is_no_news():
    it, effects = machine(started(), m.Changed(CANCEL, "snapshot_0"))
    assert effects == []
    assert it.snapshot == EXECUTING


def test_a_run_that_ended_without_us_is_dropped_once_its_task_has_stopped():
    it, effects = machine(started(), m.Changed(FINISHED, "snapshot_1"))
    assert effects == [m.Stop()]
    assert it.on(m.Finished(OK)) == [m.End("dropped")]


def test_a_refused_completion_looks_first():
    """A state conflict is a bare 500 (§1), and so is anything else that went wrong."""
    it, effects = machine(started(), m.Finished(OK), m.Refused())
    assert effects == [m.Look()]
    moved = Snapshot("snapshot_2", "EXECUTING")
    assert complete(it.on(m.Latest(moved))) == m.Complete("snapshot_2", OK, None)


@pytest.mark.parametrize(
    ("latest", "end"), [(FINISHED, "completed"), (Snapshot("snapshot_2", "QUEUED"), "dropped")]
)
def test_a_refused_completion_of_a_run_that_is_no_longer_ours(latest, end):
    it, _ = machine(started(), m.Finished(OK), m.Refused(lost=True))
    assert it.on(m.Latest(latest)) == [m.End(end)]


def test_a_refused_completion_of_a_canceled_run_answers_the_cancel():
    it, _ = machine(started(), m.Finished(OK), m.Refused())
    effect = complete(it.on(m.Latest(CANCEL)))
    assert (effect.snapshot, effect.outcome.error["code"]) == ("snapshot_c", "TASK_RUN_CANCELLED")


def test_a_server_with_a_bad_moment_is_asked_again_later():
    it, _ = machine(started(), m.Finished(OK), m.Refused())
    assert complete(it.on(m.Latest(EXECUTING))).delay > 0


def test_a_retry_whose_answer_was_lost_is_slept_and_not_reported_twice():
    it, _ = machine(started(), m.Finished(FAILED), m.Refused(lost=True))
    assert it.on(m.Latest(Snapshot("snapshot_2", "EXECUTING"))) == [m.Sleep(100)]
    assert it.on(m.Slept()) == [m.Start("snapshot_2")]


def test_a_start_whose_answer_was_lost_is_adopted_but_anothers_is_not():
    assert machine(m.Refused(lost=True), m.Latest(EXECUTING))[1] == [m.Adopt(EXECUTING)]
    assert machine(m.Refused(), m.Latest(EXECUTING))[1] == [m.End("dropped")]
    assert machine(m.Refused(), m.Latest(DEQUEUED))[1] == [m.Start("snapshot_0", delay=1)]


def test_an_output_that_the_server_cannot_take_fails_the_run_with_its_words():
    it, effects = machine(started(), m.Finished(OK), m.Rejected("too large"))
    assert complete(effects).outcome.error["message"] == "too large"
    assert it.on(m.Rejected("even so")) == [m.End("dropped")]


def test_whatever_comes_in_whatever_order_the_machine_keeps_its_invariants():
    """Every sequence of four events after the start: no execution twice, no ok for a cancel."""
    events = [
        m.Refused(), m.Refused(lost=True), m.Latest(EXECUTING), m.Latest(CANCEL),
        m.Latest(FINISHED), m.Changed(CANCEL, "snapshot_1"), m.Changed(FINISHED, "snapshot_1"),
        m.Finished(OK), m.Finished(FAILED), m.TimeUp(), m.Slept(), m.Gone(),
        m.Completed("RUN_FINISHED", FINISHED), m.Completed("RUN_PENDING_CANCEL", EXECUTING),
        m.Completed("RETRY_IMMEDIATELY", Snapshot("snapshot_2", "EXECUTING")),
    ]  # fmt: skip
    for sequence in itertools.product(events, repeat=4):
        it, _ = machine(started())
        canceled = False
        for event in sequence:
            effects = it.on(event)
            ended = it.state is State.ENDED
            assert ended == any(isinstance(e, m.End) for e in effects) or (ended and not effects)
            assert not any(isinstance(e, m.Execute) for e in effects)
            canceled = it.snapshot == CANCEL or canceled
            for effect in effects:
                if isinstance(effect, m.Complete) and canceled:
                    assert effect.outcome.error["code"] == "TASK_RUN_CANCELLED"
