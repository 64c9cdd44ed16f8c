"""RunWidget on a real engine, with a real worker; only the browser is missing."""

import threading
import time

import ipywidgets
import pytest
from patience import PATIENCE
from traitlets import TraitError

from trigger_widgets import (
    NotFoundError,
    RunFailedError,
    RunWidget,
    UnknownOptionError,
    metadata,
    task,
)


@pytest.fixture
def gate():
    """Lets a task go on when the test says so."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def counting(here, gate):
    @task(id="counting")
    def counting(payload):
        metadata.set("progress", {"current": 3, "total": 12})
        assert gate.wait(PATIENCE)
        return {"doubled": payload["n"] * 2}

    return counting


def test_its_traits_follow_the_run(counting, gate, until):
    calls = []
    widget = RunWidget(
        counting.trigger({"n": 21}),
        on_update=lambda run: calls.append(run.status),
        on_complete=lambda run: calls.append(run.output),
    )
    until(widget, "progress", 25.0)
    assert widget.status == "EXECUTING"
    assert not widget.done
    assert widget.metadata == {"progress": {"current": 3, "total": 12}}
    gate.set()
    until(widget, "done", value=True)
    assert widget.status == "COMPLETED"
    assert widget.output == {"doubled": 42}
    assert widget.error is None
    until(widget, "connection", "closed")
    assert calls[-1] == {"doubled": 42}
    assert calls.count({"doubled": 42}) == 1
    widget.close()


def test_it_can_be_linked_like_any_widget(counting, gate, until):
    widget = RunWidget(counting.trigger({"n": 1}))
    bar = ipywidgets.FloatProgress()
    ipywidgets.dlink((widget, "progress"), (bar, "value"), lambda percent: percent or 0)
    until(bar, "value", 25.0)
    link = ipywidgets.jsdlink((widget, "progress"), (bar, "value"))
    assert "progress" in widget.keys  # what a jslink needs: a synced trait
    gate.set()
    until(widget, "done", value=True)
    for each in (link, bar, widget):
        each.close()


def test_nobody_else_writes_its_state(counting, gate):
    widget = RunWidget(counting.trigger({"n": 1}))
    with pytest.raises(TraitError):
        widget.status = "COMPLETED"
    gate.set()
    widget.close()


def test_a_run_that_fails_says_why(here, until):
    @task(id="fails")
    def fails(payload):
        raise ValueError("row 3 is empty")

    errors = []
    widget = RunWidget(fails.trigger({}), on_error=errors.append)
    until(widget, "done", value=True)
    assert isinstance(widget.error, RunFailedError)
    assert "ValueError: row 3 is empty" in str(widget.error)
    until(widget, "connection", "closed")
    assert errors == [widget.error]
    widget.close()


def test_an_unknown_run_is_said_in_one_sentence(here, until):
    errors = []
    widget = RunWidget("run_doesnotexist000000000000", on_error=errors.append)
    until(widget, "connection", "failed")
    assert "run_doesnotexist000000000000" in widget.to_html()
    until(widget, "error", errors[0] if errors else widget.error)
    assert isinstance(widget.error, NotFoundError)
    widget.close()


def test_a_narrow_token_is_enough_to_watch_but_not_to_cancel(counting, gate, until, here):
    run = counting.trigger({"n": 2})
    token = here.auth.create_public_token(scopes={"read": {"runs": [run.id]}})
    widget = RunWidget(run.id, access_token=token)
    until(widget, "status", "EXECUTING")
    _, state = widget._channel.snapshot()
    assert state["can"]["cancel"] == "this token may read the run, not cancel it"
    gate.set()
    until(widget, "done", value=True)
    _, state = widget._channel.snapshot()
    assert state["can"] == {
        "cancel": None,
        "replay": "this token may read the run; replay needs the secret key",
    }
    assert widget.output == {"doubled": 4}
    for text in (repr(widget), widget.to_html(), str(widget.get_state())):
        assert token.get_secret_value() not in text
    widget.close()


def test_a_cancel_that_fails_in_whatever_way_is_not_going_on(counting, gate, monkeypatch):
    widget = RunWidget(counting.trigger({"n": 4}))

    def interrupted(_run):
        assert widget._channel.snapshot()[1]["cancelling"]
        raise KeyboardInterrupt

    monkeypatch.setattr(widget._client.runs, "cancel", interrupted)
    with pytest.raises(KeyboardInterrupt):
        widget.cancel()
    assert not widget._channel.snapshot()[1]["cancelling"]
    gate.set()
    widget.close()


def test_a_replay_is_another_run_below_this_one(counting, gate, until):
    gate.set()
    ended = []
    widget = RunWidget(counting.trigger({"n": 4}), on_complete=ended.append)
    until(widget, "done", value=True)
    state = widget._channel.snapshot()[1]
    assert state["can"] == {"cancel": None, "replay": True}
    handle = widget.replay()
    until(widget.replayed, "output", {"doubled": 8})
    until(widget.replayed, "connection", "closed")
    shown = widget._channel.snapshot()[1]["replayed"]
    assert shown == {"id": handle.id, "child": f"IPY_MODEL_{widget.replayed.model_id}"}
    assert handle.id != widget.run_id
    assert [run.id for run in ended] == [widget.run_id, handle.id]
    assert handle.id in widget.to_html()
    first = widget.replayed
    widget.replay()
    assert first.comm is None
    widget.close()
    assert widget.replayed.comm is None


def test_an_action_of_a_view_is_done_once(counting, until):
    widget = RunWidget(counting.trigger({"n": 2}))
    until(widget, "status", "EXECUTING")
    message = {"kind": "action", "id": "a", "name": "cancel", "args": {}}
    widget._receive(widget, message, [])
    widget._receive(widget, message, [])
    until(widget, "status", "CANCELED")
    assert len(widget._answers) == 1
    widget.close()


def test_what_a_callback_raises_is_shown_and_stops_nothing(counting, gate, until, caplog):
    def clumsy(run):
        raise KeyError("mine")

    widget = RunWidget(counting.trigger({"n": 2}), on_update=clumsy)
    gate.set()
    until(widget, "done", value=True)
    until(widget, "connection", "closed")
    assert "clumsy raised KeyError" in widget._channel.snapshot()[1]["fault"]
    assert "clumsy raised" in caplog.text
    widget.close()


def test_stopping_leaves_the_run_and_what_is_known(counting, gate, until):
    run = counting.trigger({"n": 5})
    widget = RunWidget(run)
    until(widget, "status", "EXECUTING")
    widget.stop()
    until(widget, "connection", "closed")
    gate.set()
    assert run.result(timeout=PATIENCE) == {"doubled": 10}
    assert widget.status == "EXECUTING"
    widget.start()
    until(widget, "done", value=True)
    widget.close()


def test_a_disabled_widget_subscribes_to_nothing(counting, gate):
    widget = RunWidget(counting.trigger({"n": 5}), enabled=False)
    assert widget._following is None
    gate.set()
    widget.close()


def test_an_unknown_option_is_refused_with_the_nearest(here):
    with pytest.raises(UnknownOptionError, match=r'"on_updated".*"on_update"'):
        RunWidget("run_x", on_updated=print)


def test_a_view_that_comes_late_sets_its_clock_by_the_present(counting, gate, until, monkeypatch):
    gate.set()
    card = RunWidget(counting.trigger({"n": 1}))
    until(card, "done", value=True)
    sent = []
    answered = threading.Event()

    def send(_widget, message, buffers=None):
        sent.append(message)
        if message["kind"] == "snapshot":
            answered.set()

    monkeypatch.setattr(ipywidgets.DOMWidget, "send", send)
    asked = time.time() * 1000
    card._receive(card, {"kind": "hello", "have": None}, [])
    assert answered.wait(PATIENCE)
    (snapshot,) = [message for message in sent if message["kind"] == "snapshot"]
    assert snapshot["state"]["now"] >= asked > snapshot["state"]["finished_at"]
    card.close()
