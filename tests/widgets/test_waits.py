"""Waiting for a widget: it ends, whatever becomes of what is followed, and nothing is held up."""

import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
from patience import PATIENCE

from trigger_widgets import (
    ApprovalWidget,
    BatchWidget,
    NotFoundError,
    RunWidget,
    StreamWidget,
    TaggedRunsWidget,
    TriggerError,
    TriggerWidget,
    batch_trigger,
    streams,
    task,
    wait,
)
from trigger_widgets.engine_file import default_data_dir, is_stopped
from trigger_widgets.errors import ConfigurationError
from trigger_widgets.models import WaitToken
from trigger_widgets.widgets.approval_state import Approval


@pytest.fixture
def asks(here):
    words = streams.define("words", str)

    @task(id="asks")
    def asks(payload):
        words.append("before ")
        answer = wait.for_token("go", timeout="10m").unwrap()
        words.append("after")
        return answer

    return asks


def test_what_is_not_there_ends_the_wait_with_its_error(here):
    for made in (
        lambda: BatchWidget("batch_unknown000000000000").wait(PATIENCE),
        lambda: list(StreamWidget("run_unknown0000000000000", "x")),
        lambda: ApprovalWidget("waitpoint_unknown0000000").wait(PATIENCE),
    ):
        with pytest.raises(NotFoundError):
            made()


def test_a_stop_ends_the_wait(asks):
    run = asks.trigger({})
    stream, approval = StreamWidget(run, "words"), ApprovalWidget(run, "go")
    parts = iter(stream)
    assert next(parts) == "before "
    for widget in (stream, approval):
        threading.Timer(0.05, widget.stop).start()
    assert list(parts) == []
    with pytest.raises(TriggerError, match="not followed any more"):
        approval.wait(PATIENCE)
    run.cancel()


def test_an_approval_can_be_waited_for_in_a_callback(asks, until):
    run = asks.trigger({})
    seen = []
    approval = ApprovalWidget(run, "go")
    until(approval, "status", "WAITING")
    RunWidget(run, on_update=lambda _run: seen.append(approval.wait(PATIENCE)))
    approval.approve("yes")
    assert run.result(timeout=PATIENCE)["approved"] is True
    assert list(StreamWidget(run, "words")) == ["before ", "after"]
    assert seen[0]["comment"] == "yes"


def test_an_open_question_starts_no_engine_that_was_stopped(asks, until):
    approval = ApprovalWidget(asks.trigger({}), "go")
    until(approval, "status", "WAITING")
    stop = [sys.executable, "-m", "trigger_widgets.cli", "engine", "stop"]
    subprocess.run(stop, check=True, stdout=subprocess.DEVNULL)
    until(approval, "connection", "retrying")
    assert is_stopped(default_data_dir())
    approval.approve("go on")  # which needs one
    until(approval, "status", "COMPLETED")


def test_runs_of_a_tag_are_waited_for_as_far_as_they_are_known(here):
    @task(id="quick")
    def quick(payload):
        return payload

    quick.trigger(1, tags=["waited"]).result(timeout=PATIENCE)
    (run,) = TaggedRunsWidget("waited").wait(PATIENCE)
    assert run.output == 1


def test_a_batch_is_waited_for_by_its_id(here):
    @task(id="doubling")
    def doubling(n):
        return 2 * n

    batch = batch_trigger(doubling, [1, 2, 3])
    widget = BatchWidget(batch.id)
    assert sorted(run.output for run in widget.wait(PATIENCE)) == [2, 4, 6]
    assert widget.counts == {"COMPLETED": 3}


def test_a_slow_observer_holds_up_nobody_elses_messages(asks, until):
    slow, other = (RunWidget(asks.trigger({})) for _ in range(2))
    until(slow, "status", "WAITING")
    until(other, "status", "WAITING")
    entered, leave = threading.Event(), threading.Event()
    slow.observe(lambda _change: (entered.set(), leave.wait(PATIENCE)), "status")
    sent = threading.Event()
    other._send = lambda _message, buffers=None: sent.set()
    slow.cancel()
    assert entered.wait(PATIENCE)
    other._show({"hint": "news"})
    assert sent.wait(PATIENCE)
    leave.set()
    other.cancel()


def test_the_cards_that_are_forgotten_follow_nothing_any_more(asks, monkeypatch):
    """Those that are remembered do: the history shows how each of them is doing."""
    monkeypatch.setattr("trigger_widgets.widgets.trigger.REMEMBERED", 2)
    widget = TriggerWidget(asks)
    cards = []
    for _ in range(3):
        widget.submit({})
        cards.append(widget.run)
    assert [card._following is not None for card in cards] == [False, True, True]
    for card in cards:
        card.cancel()
    widget.close()
    assert [card._following for card in cards] == [None] * 3


def test_a_decision_that_counted_is_never_undone():
    accepted = Approval(phase="accepted", ours={"approved": True})
    assert accepted.failed("the answer was lost") is accepted


def test_an_answer_that_comes_late_undoes_no_decision():
    """The poller asks while a decision is made, and is answered after it."""
    asked, ours = WaitToken(id="waitpoint_1", status="WAITING"), {"approved": True, "by": "ada"}
    decided = WaitToken(id="waitpoint_1", status="COMPLETED", output=ours)
    approval = Approval().seen(asked).sending(ours, datetime.now(UTC)).seen(decided)
    assert approval.seen(asked) is approval
    assert approval.seen(WaitToken(id="waitpoint_1")) is approval
    assert (approval.phase, approval.output) == ("accepted", ours)


def test_a_decision_that_json_cannot_carry_is_refused_before_it_is_sent(asks, until):
    run = asks.trigger({})
    approval = ApprovalWidget(run, "go")
    until(approval, "status", "WAITING")
    with pytest.raises(TypeError, match="the decision"):
        approval.complete({"x": object()})
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    approval.complete({"when": moment, "pair": (1, 2)})
    until(approval, "done", value=True)
    assert approval._approval.phase == "accepted"
    with pytest.raises(ConfigurationError, match="decided already"):
        approval.approve()


def test_an_observer_that_raises_is_still_shown_after_a_reconnect(asks, until, eventually):
    widget = RunWidget(asks.trigger({}), on_update=lambda _run: 1 / 0)
    eventually(lambda: "ZeroDivisionError" in str(widget._channel.snapshot()[1].get("fault")))
    widget.stop()
    widget.start()
    until(widget, "connection", "live")
    assert "ZeroDivisionError" in widget._channel.snapshot()[1]["fault"]
    widget.cancel()
