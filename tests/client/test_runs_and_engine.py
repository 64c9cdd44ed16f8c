"""What is done with runs, on a real engine, by both clients."""

import datetime as dt

import pytest
from patience import PATIENCE

from trigger_widgets import errors


def test_list(either, hand, task):
    made = [
        either.tasks.trigger(task, n, tags=[f"{task}:odd"] if n % 2 else []).id for n in range(5)
    ]
    newest = made[::-1]
    assert [run.id for run in either.runs.list(task=task)] == newest
    assert [run.id for run in either.runs.list(tag=f"{task}:odd", limit=1)] == [made[3]]
    assert [run.id for run in either.runs.list(task=task, status=["QUEUED", "EXECUTING"])] == newest
    either.runs.cancel(made[0])
    (canceled,) = either.runs.list(task=task, status="CANCELED")
    assert (canceled.id, canceled.task_identifier) == (made[0], task)
    now = dt.datetime.now(dt.UTC)
    assert list(either.runs.list(from_=now + dt.timedelta(hours=1))) == []
    assert (
        len(list(either.runs.list(to=now + dt.timedelta(hours=1), created_at="1h", task=task))) == 5
    )
    assert list(either.runs.list(is_test=True, task=task)) == []
    assert list(either.runs.list(schedule="sched_1")) == []
    assert len(list(either.runs.list(queue=f"task/{task}"))) == 5


def test_a_list_goes_on_over_all_pages(either, hand, task):
    made = either.tasks.batch_trigger(task, list(range(230)))
    listed = [run.id for run in either.runs.list(batch=made.id)]
    assert len(set(listed)) == len(listed) == 230
    assert len(list(either.runs.list(batch=made.id, limit=205))) == 205


def test_replay(either, hand, task):
    run = either.tasks.trigger(task, {"n": 1}, tags=["a"])
    replayed = either.runs.replay(either.runs.retrieve(run.id))
    assert replayed.id != run.id
    assert replayed.task == task
    found = either.runs.retrieve(replayed.id)
    assert (found.payload, found.tags) == ({"n": 1}, ["a"])
    for n in range(2):
        hand.succeed(*hand.start(), f'{{"json":{n}}}')
    assert replayed.result(timeout=PATIENCE) == 1


def test_reschedule(either, hand, task):
    run = either.tasks.trigger(task, delay="1h")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
    found = either.runs.reschedule(run.id, later)
    assert abs((found.delayed_until - later).total_seconds()) < 1
    started = either.tasks.trigger(task)
    with pytest.raises(errors.BadRequestError, match="Cannot reschedule a run that is not delayed"):
        either.runs.reschedule(started.id, "1h")


def test_tags(either, task):
    run = either.tasks.trigger(task, tags="a")
    either.runs.add_tags(run.id, ["b", "c"])
    either.runs.add_tags(run.id, "a")
    assert either.runs.retrieve(run.id).tags == ["a", "b", "c"]
    with pytest.raises(errors.UnprocessableError, match="have not been set: 't0'"):
        either.runs.add_tags(run.id, [f"t{n}" for n in range(8)])


def test_poll(either, hand, task, in_thread):
    run = either.tasks.trigger(task)
    with pytest.raises(errors.ResultTimeoutError, match=r"has not ended within .* s: it is QU"):
        either.runs.poll(run.id, interval=0.01, timeout=0.05)
    in_thread(lambda: hand.succeed(*hand.start(), '{"json":5}'))
    found = either.runs.poll(run.id, interval=0.05, timeout=PATIENCE)
    assert (found.status, found.output) == ("COMPLETED", 5)
    expiring = either.tasks.trigger(f"{task}-2", ttl=1)
    assert either.runs.poll(expiring.id, interval=0.1, timeout=PATIENCE).status == "EXPIRED"
    with pytest.raises(errors.ConfigurationError, match="interval"):
        either.runs.poll(run.id, interval=0)


@pytest.mark.parametrize(
    "call",
    [
        lambda runs: runs.retrieve("run_unknown"),
        lambda runs: runs.cancel("run_unknown"),
        lambda runs: runs.replay("run_unknown"),
        lambda runs: runs.reschedule("run_unknown", "1h"),
        lambda runs: runs.add_tags("run_unknown", "a"),
        lambda runs: runs.update_metadata("run_unknown", {}),
        lambda runs: runs.poll("run_unknown"),
    ],
)
def test_an_unknown_run_is_named(either, call):
    with pytest.raises(errors.NotFoundError, match="has no run run_unknown"):
        call(either.runs)
