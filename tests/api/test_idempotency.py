"""Idempotency keys are the SDK's: the same words give the same key (sdk-02)."""

import hashlib

import pytest

from trigger_widgets.api.idempotency import create, reset
from trigger_widgets.api.options import encode_options
from trigger_widgets.errors import ConfigurationError


def test_a_recorded_key():
    """sdk-02 0001: idempotencyKeys.create of this text gave this key."""
    key = create("sdk-1795460062181")
    assert key == "da295ed71073b2c9b42e607233a7e9da118cf01e95046607b1f07a260f4bf958"
    assert (key.key, key.scope) == ("sdk-1795460062181", "global")


def test_scopes():
    def digest(text):
        return hashlib.sha256(text.encode()).hexdigest()

    assert create(["a", "b"]) == digest("a-b")
    within_run = create("a", run="run_1")
    assert (within_run, within_run.scope) == (digest("a-run_1"), "run")
    within_attempt = create("a", run="run_1", attempt=2)
    assert (within_attempt, within_attempt.scope) == (digest("a-run_1-2"), "attempt")
    with pytest.raises(ConfigurationError, match="give run="):
        create("a", attempt=1)
    for wrong in ("", [], [""], ["a", 5]):
        with pytest.raises(ConfigurationError, match="is a text, or several"):
            create(wrong)


def test_as_an_option():
    key = create("a")
    options = {"key": "a", "scope": "global"}
    made = {"idempotencyKey": str(key), "idempotencyKeyOptions": options}
    assert encode_options({"idempotency_key": key}) == made
    assert encode_options({"idempotency_key": ["a"]}) == made
    assert encode_options({"idempotency_key": "a"}) == {"idempotencyKey": "a"}


def test_reset():
    request = reset("t", "a/b")
    assert (request.method, request.path) == ("POST", "/api/v1/idempotencyKeys/a%2Fb/reset")
    assert request.body == {"taskIdentifier": "t"}
    assert reset("t", ["a", "b"]).path.split("/")[-2] == create(["a", "b"])
