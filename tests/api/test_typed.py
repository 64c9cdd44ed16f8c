"""Tasks that know their types: what does not fit is refused at the end where it comes up."""

import dataclasses

import pytest
from pydantic import BaseModel

from trigger_widgets.api import tasks
from trigger_widgets.api.typed import TypedTask, check_payload, output_reader
from trigger_widgets.errors import ConfigurationError, TaskInputError, TaskOutputError


class Doc(BaseModel):
    text: str


@dataclasses.dataclass
class Summary:
    title: str


TASK = TypedTask("summarize", payload=Doc, output=list[Summary])


def test_both_ends():
    assert TASK.check_payload({"text": "x"}) == Doc(text="x")
    assert TASK.check_output([{"title": "t"}]) == [Summary("t")]
    with pytest.raises(TaskInputError, match=r'payload\.text of task "summarize" is wrong'):
        TASK.check_payload({"text": 5})
    with pytest.raises(TaskOutputError, match=r'output\[0\]\.title of task "summarize" is wrong'):
        TASK.check_output([{}])
    assert repr(TASK) == "<typed task summarize>"


def test_a_type_that_is_left_out_is_not_checked():
    loose = TypedTask("t")
    assert loose.check_payload(5) == 5
    assert loose.check_output(None) is None
    with pytest.raises(ConfigurationError, match="named by its id"):
        TypedTask("")


def test_nothing_is_sent_that_does_not_fit():
    with pytest.raises(TaskInputError):
        tasks.trigger(TASK, {"text": 5}, {})
    request = tasks.trigger(TASK, Doc(text="x"), {})
    assert request.path == "/api/v1/tasks/summarize/trigger"
    assert request.body["payload"] == '{"json":{"text":"x"}}'
    check_payload("by-id", 5)
    assert output_reader("by-id") is None
    assert output_reader(TASK)([]) == []
