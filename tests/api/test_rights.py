from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from trigger_widgets.api.auth import create_public_token
from trigger_widgets.api.rights import (
    may_cancel,
    may_cancel_runs,
    may_complete,
    may_read_wait_tokens,
    may_replay,
    may_send,
    scopes_of,
)
from trigger_widgets.models import Run

KEY = SecretStr("tr_dev_" + "a" * 64)
RUN = Run(
    id="run_1",
    task_identifier="t",
    status="EXECUTING",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def test_a_secret_key_may_do_everything():
    assert scopes_of(KEY) is None
    assert may_cancel(KEY, RUN)


@pytest.mark.parametrize(
    ("scopes", "may"),
    [
        ({"write": {"runs": "run_1"}}, True),
        ({"write": {"runs": True}}, True),
        ({"write": {"runs": "run_2"}}, False),
        ({"read": {"runs": True}}, False),
    ],
)
def test_a_public_token_may_what_its_scopes_say(scopes, may):
    token = create_public_token(scopes=scopes).sign(KEY, "env")
    assert may_cancel(token, RUN) is may


@pytest.mark.parametrize(
    ("scopes", "may"),
    [
        ({"write": {"waitpoints": "waitpoint_1"}}, True),
        ({"write": {"waitpoints": True}}, True),
        ({"write": {"waitpoints": "waitpoint_2"}}, False),
        ({"read": {"waitpoints": "waitpoint_1"}}, False),
    ],
)
def test_completing_a_wait_token(scopes, may):
    token = create_public_token(scopes=scopes).sign(KEY, "env")
    assert may_complete(token, "waitpoint_1") is may
    assert not may_read_wait_tokens(token)
    assert may_complete(KEY, "waitpoint_1")
    assert may_read_wait_tokens(KEY)


@pytest.mark.parametrize(
    ("scopes", "may"),
    [
        ({"write": {"input_streams": "run_1"}}, True),
        ({"write": {"input_streams": True}}, True),
        ({"write": {"input_streams": "run_2"}}, False),
        ({"write": {"runs": "run_1"}, "read": {"runs": "run_1"}}, False),
    ],
)
def test_sending_to_an_input_stream(scopes, may):
    assert may_send(create_public_token(scopes=scopes).sign(KEY, "env"), "run_1") is may
    assert may_send(KEY, "run_1")


def test_canceling_any_run():
    any_run = create_public_token(scopes={"write": {"runs": True}}).sign(KEY, "env")
    one_run = create_public_token(scopes={"write": {"runs": "run_1"}}).sign(KEY, "env")
    assert may_cancel_runs(KEY)
    assert may_cancel_runs(any_run)
    assert not may_cancel_runs(one_run)


def test_replaying_needs_the_secret_key():
    every_run = create_public_token(scopes={"write": {"runs": True}}).sign(KEY, "env")
    assert may_replay(KEY)
    assert not may_replay(every_run)
