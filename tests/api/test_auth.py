"""Public tokens: the scopes, the times, and a signature that an independent library accepts."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from pydantic import SecretStr

from trigger_widgets.api import auth
from trigger_widgets.api.requests import Answer
from trigger_widgets.api.scopes import flatten_scopes
from trigger_widgets.errors import ConfigurationError, ProtocolError, UnknownOptionError

KEY = SecretStr("tr_dev_" + "a" * 64)
NOW = datetime.now(UTC)
ALL_RUNS = {"read": {"runs": True}}


def claims_of(minting):
    token = minting.sign(KEY, "env").get_secret_value()
    return jwt.decode(token, options={"verify_signature": False})


def test_scopes_become_texts():
    class Handle:
        id = "run_1"

    assert flatten_scopes(
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
        flatten_scopes(scopes)


def test_a_token_is_what_the_server_verifies():
    token = auth.create_public_token(scopes={"read": {"runs": "run_1"}}, expiration_time="1h").sign(
        KEY, "env"
    )
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
    ours = auth.create_public_token(scopes=ALL_RUNS).sign(KEY, "env").get_secret_value()
    assert recorded.split(".")[0] == ours.split(".")[0]
    assert {"sub", "pub", "scopes", "iss", "aud", "exp", "iat"} == set(
        jwt.decode(ours, options={"verify_signature": False})
    )


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("15m", 900),
        ("2 hours", 7200),
        ("2 hours from now", 7200),
        ("+1.5h", 5400),
        (timedelta(days=30), 30 * 86_400),
        (lambda soon: soon, 90),
        (lambda soon: soon.timestamp(), 90),
        (lambda soon: soon.astimezone().replace(tzinfo=None), 90),
        (lambda soon: soon.isoformat(), 90),
    ],
)
def test_expiration_times(time, seconds):
    if callable(time):
        time = time(datetime.now(UTC) + timedelta(seconds=90))
    claims = claims_of(auth.create_public_token(scopes=ALL_RUNS, expiration_time=time))
    assert claims["exp"] - claims["iat"] == pytest.approx(seconds, abs=60)


@pytest.mark.parametrize(
    "time",
    ["31d", "1y", timedelta(0), NOW - timedelta(days=1), "soon", "1h ago", 1e300, True, None, 900],
)
def test_impossible_expiration_times(time):
    with pytest.raises(ConfigurationError):
        auth.create_public_token(scopes=ALL_RUNS, expiration_time=time)


def test_only_a_secret_key_can_sign():
    assert auth.can_sign(KEY)
    with pytest.raises(ConfigurationError, match="TRIGGER_SECRET_KEY") as raised:
        auth.can_sign(SecretStr("eyJ.public.token"))
    assert "eyJ" not in str(raised.value)


@pytest.mark.parametrize(
    ("key", "signs"),
    [
        ("tr_prod_sk_0123456789abcdefghijklmn", False),
        ("tr_preview_sk_0123456789abcdefghijklmn", False),
        ("tr_prod_sk_too-short", True),
        ("tr_prod_sk_0123456789abcdefghijklmn_extra", True),
    ],
)
def test_additional_keys_are_known_by_their_form(key, signs):
    assert auth.can_sign(SecretStr(key)) is signs


def test_what_a_server_is_asked_to_sign():
    minting = auth.create_trigger_public_token(
        "t", expiration_time="1h", realtime={"skip_columns": ["payload", "finished_at"]}
    )
    request = minting.request()
    assert (request.method, request.path) == ("POST", "/api/v1/auth/public-tokens")
    expires = request.body.pop("expirationTime")
    assert expires == int(minting.expires.timestamp())
    assert request.body == {
        "scopes": ["trigger:tasks:t"],
        "realtime": {"skipColumns": ["completedAt", "payload"]},
        "oneTimeUse": True,
    }
    plain = auth.create_public_token(scopes=ALL_RUNS).request()
    assert set(plain.body) == {"scopes", "expirationTime"}
    answer = Answer(200, {}, b'{"token":"eyJ"}')
    assert plain.decode(answer).get_secret_value() == "eyJ"
    with pytest.raises(ProtocolError, match="without giving it"):
        plain.decode(Answer(200, {}, b"{}"))


def test_a_token_may_hide_columns_from_who_watches_with_it():
    minting = auth.create_public_token(scopes=ALL_RUNS, realtime={"skip_columns": "tags"})
    assert claims_of(minting)["realtime"] == {"skipColumns": ["runTags"]}
    assert "realtime" not in claims_of(auth.create_public_token(scopes=ALL_RUNS))
    with pytest.raises(UnknownOptionError, match='did you mean "payload"'):
        auth.create_public_token(scopes=ALL_RUNS, realtime={"skip_columns": ["paylod"]})
    with pytest.raises(UnknownOptionError, match='realtime has no option "skipColumns"'):
        auth.create_public_token(scopes=ALL_RUNS, realtime={"skipColumns": ["payload"]})


def test_claims(wire):
    (exchange,) = wire.recorded("claims")
    answer = Answer(200, {}, exchange["response"].encode())
    assert auth.claims().decode(answer) == "cmwtlv2yb0005hb7djwrs1qy8"
    with pytest.raises(ProtocolError):
        auth.claims().decode(Answer(200, {}, b"{}"))


def test_one_time_tokens_to_trigger():
    class Task:
        id = "a"

    once = auth.create_trigger_public_token([Task(), "b"])
    claims = claims_of(once)
    assert claims["scopes"] == ["trigger:tasks:a", "trigger:tasks:b"]
    assert claims["otu"] is True
    assert claims["jti"] != claims_of(once)["jti"]
    claims = claims_of(auth.create_batch_trigger_public_token("a", multiple_use=True))
    assert claims["scopes"] == ["batchTrigger:tasks:a"]
    assert "otu" not in claims
