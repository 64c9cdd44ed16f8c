"""Who signs a public token: this client, or the server for a key that cannot."""

import asyncio
import json

import httpx
import jwt
import pytest
from pydantic import SecretStr

from trigger_widgets.api.server import Server
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.client.auth import AsyncAuth, Auth
from trigger_widgets.config import Endpoint
from trigger_widgets.errors import ConfigurationError

ADDITIONAL = "tr_prod_sk_0123456789abcdefghijklmn"
RUNS = {"read": {"runs": True}}


@pytest.fixture(params=["Auth", "AsyncAuth"])
def auth_of(request):
    """Makes tokens with a key, and tells what the server was asked."""
    asked = []

    def handler(request):
        asked.append((request.url.path, json.loads(request.content or b"{}")))
        if request.url.path.endswith("/claims"):
            return httpx.Response(200, json={"sub": "env", "pub": True})
        return httpx.Response(200, json={"token": "eyJ.from.server"})

    def make(key, calls):
        endpoint = Endpoint("http://trigger.test", SecretStr(key))
        server = Server(lambda: endpoint, http=httpx.MockTransport(handler))
        if request.param == "Auth":
            auth = Auth(Transport(server))
            return [call(auth) for call in calls], asked

        async def all_of_them():
            auth = AsyncAuth(AsyncTransport(server))
            return [await call(auth) for call in calls]

        return asyncio.run(all_of_them()), asked

    return make


def test_a_secret_key_signs_by_itself_and_asks_once_for_whom(auth_of):
    key = "tr_dev_" + "k" * 40
    (one, two), asked = auth_of(
        key,
        [
            lambda auth: auth.create_public_token(scopes=RUNS),
            lambda auth: auth.create_trigger_public_token("t"),
        ],
    )
    assert asked == [("/api/v1/auth/jwt/claims", {})]
    claims = [
        jwt.decode(token.get_secret_value(), key, ["HS256"], audience="https://api.trigger.dev")
        for token in (one, two)
    ]
    assert [one["scopes"] for one in claims] == [["read:runs"], ["trigger:tasks:t"]]
    assert claims[0]["sub"] == "env"


def test_the_server_signs_for_an_additional_key(auth_of):
    (token,), asked = auth_of(
        ADDITIONAL,
        [
            lambda auth: auth.create_batch_trigger_public_token(
                "t", realtime={"skip_columns": ["output"]}, expiration_time="1h"
            )
        ],
    )
    assert token.get_secret_value() == "eyJ.from.server"
    ((path, body),) = asked
    assert path == "/api/v1/auth/public-tokens"
    assert (body["scopes"], body["oneTimeUse"]) == (["batchTrigger:tasks:t"], True)
    assert body["realtime"] == {"skipColumns": ["output"]}


def test_a_public_token_makes_no_others(auth_of):
    with pytest.raises(ConfigurationError, match="cannot create other tokens"):
        auth_of("eyJ.public.token", [lambda auth: auth.create_public_token(scopes=RUNS)])
