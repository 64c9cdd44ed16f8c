"""ApprovalWidget on a real engine: what is asked in a form, and what the task gets."""

import threading
from typing import Literal

import pytest
from patience import PATIENCE
from pydantic import BaseModel, Field

from trigger_widgets import ApprovalWidget, task, wait
from trigger_widgets.errors import ConfigurationError
from trigger_widgets.widgets.poller import Poller, poller_of
from trigger_widgets.widgets.question import Question


class Decision(BaseModel):
    approved: bool
    audience: Literal["everybody", "staff"]
    limit: int = Field(default=10, le=100)
    by: str | None = None


@pytest.fixture
def asks(here):
    @task(id="asks")
    def asks(payload):
        return wait.for_token("go", timeout="10m").unwrap()

    return asks


def state(widget):
    return widget._channel.snapshot()[1]


def test_a_form_makes_the_data(asks, until):
    run = asks.trigger({})
    widget = ApprovalWidget(run, "go", schema=Decision, value={"limit": 20}, by="ada")
    until(widget, "status", "WAITING")
    assert set(state(widget)["schema"]["properties"]) == {"audience", "limit"}
    assert state(widget)["schema"]["required"] == ["audience"]
    assert state(widget)["verdict"] is True
    with pytest.raises(ConfigurationError, match="nothing was sent: /audience"):
        widget.approve(data={"audience": "nobody", "limit": 5})
    assert "/audience" in state(widget)["problem"]["fields"]
    message = {"approved": True, "comment": "", "data": {"audience": "staff", "limit": 5}}
    action = {"kind": "action", "id": "a", "name": "complete", "args": message}
    widget._receive(widget, action, [])
    assert run.result(timeout=PATIENCE) == {
        "approved": True, "audience": "staff", "limit": 5, "by": "ada",
    }  # fmt: skip
    until(widget, "done", value=True)
    assert state(widget)["phase"] == "accepted"
    assert state(widget)["problem"] is None
    assert "approved by ada" in widget.to_html()
    widget.close()


@pytest.mark.parametrize(
    ("schema", "value", "answer", "expected"),
    [
        (None, None, {"approved": False, "comment": "no", "data": None},
         {"approved": False, "comment": "no", "by": "ada"}),
        ({"properties": {"n": {"type": "integer"}}}, {"n": 3},
         {"approved": True, "comment": "x", "data": None}, {"n": 3}),
        ({"properties": {"comment": {}, "approved": {}}}, None,
         {"approved": True, "comment": "x", "data": {"comment": "y"}},
         {"comment": "x", "approved": True}),
        ({"type": "string"}, None, {"approved": None, "comment": "", "data": "text"}, "text"),
    ],
)  # fmt: skip
def test_what_an_answer_becomes(schema, value, answer, expected):
    assert Question(schema, value, "none").answer(**answer, by="ada") == expected


def test_a_word_that_confirm_does_not_know_is_refused():
    with pytest.raises(ConfigurationError, match=r'confirm=True is none of "reject"'):
        ApprovalWidget("waitpoint_1", confirm=True, enabled=False)


def test_a_server_that_is_slow_holds_up_no_other():
    hangs, looked = threading.Event(), threading.Event()

    class Slow:
        def poll(self):
            hangs.wait(PATIENCE)
            return False

    class Quick:
        def poll(self):
            looked.set()
            return False

    assert poller_of("http://a") is poller_of("http://a")
    poller_of("http://slow").add(Slow())
    poller_of("http://quick").add(Quick())
    assert looked.wait(PATIENCE)
    hangs.set()
    assert isinstance(poller_of("http://slow"), Poller)
