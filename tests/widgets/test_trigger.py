"""TriggerWidget on a real engine, with a real worker; only the browser is missing."""

import contextlib
import itertools
from datetime import timedelta
from queue import Queue

import pytest
from interrupts import Moment
from patience import PATIENCE
from pydantic import BaseModel, Field

from trigger_widgets import TriggerError, TriggerWidget, task
from trigger_widgets.widgets.dispatcher import dispatcher


class Fit(BaseModel):
    column: str
    folds: int = Field(default=5, ge=2)


@pytest.fixture
def fits(here):
    @task(id="fits")
    def fits(payload: Fit):
        return f"{payload.column} in {payload.folds} folds"

    return fits


def state_of(widget):
    return widget._channel.snapshot()[1]


def test_a_run_is_started_from_python_and_remembered_with_its_status(fits, until):
    submitted, ended = [], []
    widget = TriggerWidget(fits, on_submit=submitted.append, on_complete=ended.append)
    first = widget.submit({"column": "price"})
    until(widget.run, "done", value=True)
    second = widget.submit({"column": "rate", "folds": 2})
    until(widget, "run_id", second.id)
    until(widget.run, "output", "rate in 2 folds")
    until(widget, "connection", "closed")
    assert [run.run_id for run in widget.runs] == [second.id, first.id]
    shown = state_of(widget)["runs"]
    assert [(each["id"], each["status"]) for each in shown] == [
        (second.id, "COMPLETED"),
        (first.id, "COMPLETED"),
    ]
    assert shown[1]["payload"] == '{"column": "price"}'
    assert shown[0]["child"] == f"IPY_MODEL_{widget.run.model_id}"
    assert [handle.id for handle in submitted] == [first.id, second.id]
    assert [run.id for run in ended] == [first.id, second.id]
    html = widget.to_html()
    assert "rate in 2 folds" in html
    assert f"Completed {first.id}" in html
    widget.close()


def test_the_end_of_its_run_is_in_the_copies_at_once(fits, eventually):
    widget = TriggerWidget(fits)
    widget._saver._every = 3600
    widget.submit({"column": "price"})
    eventually(lambda: [r["status"] for r in widget._snapshot["state"]["runs"]] == ["COMPLETED"])
    widget.close()


def test_what_pydantic_refuses_is_said_by_field_and_starts_nothing(fits):
    widget = TriggerWidget(fits)
    assert widget.submit({"column": "price", "folds": 1}) is None
    assert state_of(widget)["problem"]["fields"] == {
        "/folds": "Input should be greater than or equal to 2"
    }
    assert widget.runs == ()
    widget.close()


def test_an_interrupt_at_any_moment_of_a_submit_holds_up_no_later_one(fits):
    widget = TriggerWidget(fits)
    for nth in itertools.count(1):
        with contextlib.suppress(KeyboardInterrupt), Moment(nth) as moment:
            widget.submit({"column": 1})
        widget._show({"problem": None})
        widget.submit({"column": 1})
        assert state_of(widget)["problem"] is not None, f"after moment {nth}"
        if not moment.has_come:
            break
    assert nth > 10
    widget.close()


def test_the_form_has_the_options_that_the_server_honours_with_those_given(fits):
    widget = TriggerWidget(
        fits, options={"tags": "a", "delay": timedelta(minutes=90), "test": True}
    )
    state = state_of(widget)
    assert state["options"] == '{"tags": ["a"], "delay": "1h30m"}'
    assert "max_attempts" in state["options_schema"]["properties"]
    assert "machine" not in state["options_schema"]["properties"]
    run = widget.submit({"column": "x"}, {"tags": ["b"]}).retrieve()
    assert (run.tags, run.is_test, run.delayed_until) == (["b"], True, None)
    widget.close()


def test_an_option_that_cannot_be_is_said_in_the_form_and_raised(fits, until):
    errors = []
    widget = TriggerWidget(fits, on_error=errors.append)
    with pytest.raises(TriggerError, match="soon"):
        widget.submit({"column": "x"}, {"delay": "soon"})
    assert "soon" in state_of(widget)["problem"]["message"]
    dispatcher.catch_up()
    assert "soon" in str(widget.error)
    assert errors == [widget.error]
    assert not widget.submitting
    widget.close()


def test_a_press_that_is_sent_again_starts_one_run(fits, until):
    submitted = Queue()
    widget = TriggerWidget(fits, on_submit=submitted.put)
    message = {"kind": "action", "id": "a", "name": "submit", "args": {"payload": {"column": "x"}}}
    widget._receive(widget, message, [])
    widget._receive(widget, message, [])
    assert submitted.get(timeout=PATIENCE).id == widget.run.run_id
    until(widget.run, "done", value=True)
    assert len(widget.runs) == 1
    assert submitted.empty()
    widget.close()
