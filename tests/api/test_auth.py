"""Public tokens: the scopes, the times, and a signature that an independent library accepts."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from pydantic import SecretStr

from trigger_widgets.api import auth
from trigger_widgets.api.requests import Answer
from trigger_widgets.errors import ConfigurationError, ProtocolError, UnknownOptionError

KEY = SecretStr("tr_dev_" + "a" * 64)
NOW = datetime.now(UTC)


def test_scopes_become_texts():
    class Handle:
        id = "run_1"

    assert auth.flatten_scopes(
        {
            "read": {"runs": [Handle(), "run_2"], "tags": "user:1", "batch": True, "tasks": False},
            "write": {"runs": Handle(), "input_streams": "run_1"},
            "trigger": {"tasks": ["a"]},
            "batch_trigger": {"tasks": None},
        }
    ) == [
        "read:runs:run_1",
        "read:runs:run_2",
        "read:tags:user:1",
        "read:batch",
        "write:runs:run_1",
        "write:inputStreams:run_1",
        "trigger:tasks:a",
    ]


@pytest.mark.parametrize(
    ("scopes", "error", "words"),
    [
        ({}, ConfigurationError, "needs a scope"),
        ({"read": {}}, ConfigurationError, "needs a scope"),
        ({"reed": {}}, UnknownOptionError, 'did you mean "read"'),
        ({"read": {"run": "x"}}, UnknownOptionError, 'did you mean "runs"'),
        ({"trigger": {"runs": "x"}}, UnknownOptionError, "tasks"),
        ({"read": {"runs": [5]}}, ConfigurationError, "takes ids"),
        ({"read": {"runs": 5}}, ConfigurationError, "takes ids"),
    ],
)
def test_wrong_scopes_are_named(scopes, error, words):
    with pytest.raises(error, match=words):
        auth.flatten_scopes(scopes)


def test_a_token_is_what_the_server_verifies():
    token = auth.sign_public_token(KEY, "env", {"read": {"runs": "run_1"}}, "1h", now=NOW)
    text = token.get_secret_value()
    assert jwt.get_unverified_header(text) == {"alg": "HS256"}
    claims = jwt.decode(
        text,
        KEY.get_secret_value(),
        algorithms=["HS256"],
        audience="https://api.trigger.dev",
        issuer="https://id.trigger.dev",
    )
    assert claims["sub"] == "env"
    assert claims["pub"] is True
    assert claims["scopes"] == ["read:runs:run_1"]
    assert claims["exp"] - claims["iat"] == 3600
    assert text not in repr(token)


def test_a_recorded_header_is_ours(wire):
    """x-trigger-jwt of a real server: the same header, the same claims."""
    recorded = wire.recorded("trigger")[0]["headers"]["x-trigger-jwt"]
    ours = auth.sign_public_token(KEY, "env", {"read": {"runs": True}}, now=NOW).get_secret_value()
    assert recorded.split(".")[0] == ours.split(".")[0]
    assert {"sub", "pub", "scopes", "iss", "aud", "exp", "iat"} == set(
        jwt.decode(ours, options={"verify_signature": False})
    )


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("15m", 900),
        (timedelta(days=30), 30 * 86_400),
        (NOW + timedelta(seconds=90), 90),
        ((NOW + timedelta(seconds=90)).isoformat(), 90),
    ],
)
def test_expiration_times(time, seconds):
    token = auth.sign_public_token(KEY, "env", {"read": {"runs": True}}, time, now=NOW)
    claims = jwt.decode(token.get_secret_value(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize("time", ["31d", timedelta(0), NOW - timedelta(days=1), "soon"])
def test_impossible_expiration_times(time):
    with pytest.raises(ConfigurationError):
        auth.sign_public_token(KEY, "env", {"read": {"runs": True}}, time, now=NOW)


def test_only_a_secret_key_can_sign():
    auth.require_secret_key(KEY)
    with pytest.raises(ConfigurationError, match="TRIGGER_SECRET_KEY") as raised:
        auth.require_secret_key(SecretStr("eyJ.public.token"))
    assert "eyJ" not in str(raised.value)


def test_claims(wire):
    (exchange,) = wire.recorded("claims")
    answer = Answer(200, {}, exchange["response"].encode())
    assert auth.claims().decode(answer) == "cmwtlv2yb0005hb7djwrs1qy8"
    with pytest.raises(ProtocolError):
        auth.claims().decode(Answer(200, {}, b"{}"))


def test_one_time_tokens_to_trigger():
    class Task:
        id = "a"

    scopes = auth.trigger_scopes([Task(), "b"])
    token = auth.sign_public_token(KEY, "env", scopes, one_time=True)
    claims = jwt.decode(token.get_secret_value(), options={"verify_signature": False})
    assert claims["scopes"] == ["trigger:tasks:a", "trigger:tasks:b"]
    assert claims["otu"] is True
    scopes = auth.trigger_scopes("a", batch=True)
    token = auth.sign_public_token(KEY, "env", scopes)
    claims = jwt.decode(token.get_secret_value(), options={"verify_signature": False})
    assert claims["scopes"] == ["batchTrigger:tasks:a"]
    assert "otu" not in claims
