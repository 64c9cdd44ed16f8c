import time

import jwt
import pytest
from pydantic import SecretStr

from trigger_widgets.engine import scopes, tokens
from trigger_widgets.engine.tokens import InvalidTokenError

KEY = SecretStr("tr_dev_" + "a" * 64)
ENVIRONMENT = "cmwtlv2yb0005hb7djwrs1qy8"


def forged(key=KEY, algorithm="HS256", drop=(), **claims):
    body = {
        "sub": ENVIRONMENT,
        "pub": True,
        "scopes": ["read:runs"],
        "iss": "https://id.trigger.dev",
        "aud": "https://api.trigger.dev",
        "exp": int(time.time()) + 60,
        **claims,
    }
    body = {name: value for name, value in body.items() if name not in drop}
    return jwt.encode(body, key.get_secret_value() if key else None, algorithm)


def test_what_is_minted_is_valid_and_has_the_measured_header():
    now = int(time.time())
    text = tokens.mint(
        KEY, ENVIRONMENT, {"scopes": ["read:runs"]}, issued_at=now, expires_at=now + 60
    )
    assert jwt.get_unverified_header(text) == {"alg": "HS256"}
    assert tokens.verify(text, KEY, ENVIRONMENT).scopes == {"read:runs"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (forged(exp=1), "Public Access Token is invalid"),
        (forged(key=SecretStr("tr_dev_" + "b" * 64)), "Public Access Token is invalid"),
        (forged(iss="https://evil.example"), "Public Access Token is invalid"),
        (forged(aud="https://evil.example"), "Public Access Token is invalid"),
        (forged(drop=["iss", "aud"]), "Public Access Token is invalid"),
        (forged(algorithm="HS512"), "Public Access Token is invalid"),
        (forged(key=None, algorithm="none"), "Public Access Token is invalid"),
        (forged(sub="somebody-else"), "Invalid Public Access Token"),
        (forged(sub=5), "Invalid Public Access Token"),
        (forged(pub=False), "Invalid API key"),
        (forged(drop=["pub"]), "Invalid API key"),
        ("a.b.c", "Invalid API key"),
        ("..", "Invalid API key"),
    ],
)
def test_every_forgery_gets_the_servers_words(text, words):
    """raw-01 0009 to 0042."""
    with pytest.raises(InvalidTokenError) as error:
        tokens.verify(text, KEY, ENVIRONMENT)
    assert str(error.value) == words


def test_a_token_without_an_expiry_is_taken():
    """Odd, and measured: raw-01 0037."""
    assert tokens.verify(forged(drop=["exp"]), KEY, ENVIRONMENT).scopes == {"read:runs"}


@pytest.mark.parametrize("odd", [None, "read:runs", [1, {}], {"a": 1}])
def test_scopes_that_are_none_allow_nothing(odd):
    assert tokens.verify(forged(scopes=odd), KEY, ENVIRONMENT).scopes == frozenset()


def test_no_token_shows_in_a_repr():
    assert "ey" not in repr(tokens.verify(forged(), KEY, ENVIRONMENT))


RUN = {"runs": ("run_1",), "tags": ("auth:a", "user_1"), "tasks": ("hello",), "batch": ()}


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("read:runs:run_1", True),
        ("read:runs", True),
        ("read:tags:auth:a", True),
        ("read:tasks:hello", True),
        ("read:all", True),
        ("admin", True),
        ("read:*", False),
        ("read:runs:run_nope", False),
        ("write:runs:run_1", False),
        ("trigger:tasks:hello", False),
        ("read:batch:batch_x", False),
        ("read:batch", False),
    ],
)
def test_who_may_read_a_run(scope, allowed):
    """raw-01 0025 to 0060."""
    assert scopes.allows({scope}, ("read",), RUN) is allowed


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("trigger:tasks:hello", True),
        ("write:tasks:hello", True),
        ("trigger:tasks", True),
        ("admin", True),
        ("trigger:tasks:other", False),
        ("batchTrigger:tasks:hello", False),
        ("read:all", False),
    ],
)
def test_who_may_trigger(scope, allowed):
    """raw-05."""
    assert scopes.allows({scope}, ("trigger", "write"), {"tasks": ("hello",)}) is allowed
