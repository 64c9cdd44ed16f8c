import dataclasses
import functools
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.tasks.payloads import Parameters, TaskInputError, TaskOutputError


class Row(BaseModel):
    id: int
    when: datetime


@dataclasses.dataclass
class Batch:
    rows: list[Row]


def arguments(function, payload, **options):
    """What the function is called with."""
    got = []

    @functools.wraps(function)
    def spy(*args, **kwargs):
        got.append((*args, *kwargs.values()))

    parameters = Parameters(spy, "t", **options)
    parameters.call(parameters.check_input(payload), "ctx", "init")
    return got[0]


def test_payload_and_context_are_given_to_those_who_ask():
    assert arguments(lambda: None, 1) == ()
    assert arguments(lambda payload: None, 1) == (1,)
    assert arguments(lambda payload, ctx: None, 1) == (1, "ctx")
    assert arguments(lambda payload, ctx, extra=3: None, 1) == (1, "ctx")


def test_init_is_given_by_its_name_where_there_is_such_a_hook():
    assert arguments(lambda payload, ctx, init: None, 1, has_init=True) == (1, "ctx", "init")
    assert arguments(lambda payload, init: None, 1, has_init=True) == (1, "init")
    assert arguments(lambda payload, *, init: None, 1, has_init=True) == (1, "init")
    assert arguments(lambda payload, init: None, 1) == (1, "ctx")
    with pytest.raises(ConfigurationError, match=r'\(payload, ctx, init\); nothing .* "ctx"'):
        Parameters(lambda payload, init, ctx: None, "t", has_init=True)


def test_models_dataclasses_and_plain_types():
    def typed(batch: Batch, ctx: Any): ...

    when = "2026-11-23T19:51:48Z"
    (batch, _) = arguments(typed, {"rows": [{"id": "1", "when": when}]})
    assert batch == Batch([Row(id=1, when=datetime.fromisoformat(when))])

    def numbers(values: list[float]): ...

    assert arguments(numbers, [1, "2.5"]) == ([1.0, 2.5],)


def test_a_payload_that_does_not_fit_is_one_sentence_naming_the_field():
    def typed(batch: Batch): ...

    with pytest.raises(TaskInputError) as mistake:
        arguments(typed, {"rows": [{"id": "x" * 200, "when": None}]})
    sentence = str(mistake.value)
    assert sentence.startswith('batch.rows[0].id of task "t" is wrong: Input should be a valid int')
    assert sentence.endswith("… (and 1 more).")
    assert "\n" not in sentence


def test_what_pydantic_does_not_know_is_only_a_hint():
    class Frame: ...

    def odd(frame: Frame): ...

    assert arguments(odd, 3) == (3,)

    def unresolvable(frame: "Nowhere"): ...  # noqa: F821

    assert arguments(unresolvable, 3) == (3,)


def test_a_promised_model_is_checked_and_other_promises_are_hints():
    def model(payload) -> Row: ...

    check = Parameters(model, "t").check_output
    row = Row(id=1, when=datetime(2026, 1, 1, tzinfo=UTC))
    assert check(row) is row
    with pytest.raises(TaskOutputError, match=r'output\.when of task "t" is wrong: Field required'):
        check({"id": 1})

    def hint(payload) -> dict: ...

    assert Parameters(hint, "t").check_output([1]) == [1]
