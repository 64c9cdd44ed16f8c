import time

import jwt
import pytest

RUN_UNKNOWN = "run_unknown0000000000000000"


def answer(engine, token, path, method="GET"):
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return engine.client().request(method, path, headers=headers)


def test_no_header(engine):
    """raw-01 0001 and 0002, raw-02 0012."""
    found = answer(engine, None, "/api/v3/runs/run_x")
    assert found.status_code == 401
    assert found.headers["content-type"].startswith("application/problem+json")
    assert found.json()["error"] == "No authorization header provided"
    found = answer(engine, None, "/realtime/v1/runs/run_x?offset=-1")
    assert (found.status_code, found.json()) == (401, {"error": "Invalid or Missing API key"})
    found = answer(engine, None, "/api/v1/auth/jwt/claims", "POST")
    assert (found.status_code, found.json()) == (401, {"error": "Invalid or Missing API key"})


@pytest.mark.parametrize("token", ["tr_dev_wrong", "garbage", "pk_dev_x", "tr_dev_ä", "a.b.c"])
@pytest.mark.parametrize("path", ["/api/v3/runs/run_x", "/realtime/v1/runs/run_x?offset=-1"])
def test_a_wrong_key(engine, token, path):
    """raw-01 0003 to 0008."""
    found = engine.client().get(path, headers={"authorization": f"Bearer {token}".encode()})
    assert (found.status_code, found.json()) == (401, {"error": "Invalid API key"})


@pytest.mark.parametrize("header", ["", "Bearer", "Basic x", "bearer"])
def test_a_header_that_is_none(engine, header):
    found = engine.client().get("/api/v3/runs/run_x", headers={"authorization": header})
    assert found.status_code == 401


@pytest.mark.parametrize("path", ["/api/v3/runs/{}", "/realtime/v1/runs/{}?offset=-1"])
def test_scopes_on_a_run(engine, task, path):
    """raw-01 0027 to 0060: unknown runs are 404 before any scope is looked at."""
    run = engine.trigger(task, tags=["team:a"])
    for scope in (f"read:runs:{run}", "read:tags:team:a", f"read:tasks:{task}", "read:all"):
        assert answer(engine, engine.mint(scope), path.format(run)).status_code == 200
    narrow = engine.mint("read:runs:run_nope")
    found = answer(engine, narrow, path.format(run))
    assert found.status_code == 403
    assert found.json() == {
        "error": "Unauthorized",
        "code": "unauthorized",
        "param": "access_token",
        "type": "authorization",
    }
    found = answer(engine, narrow, path.format(RUN_UNKNOWN))
    assert (found.status_code, found.json()) == (404, {"error": "Not found"})
    assert found.headers["x-should-retry"] == ("true" if path.startswith("/api") else "false")


def test_an_expired_token(engine, task):
    run = engine.trigger(task)
    claims = jwt.decode(engine.mint("read:runs"), options={"verify_signature": False})
    expired = jwt.encode({**claims, "exp": int(time.time()) - 1}, engine.key, "HS256")
    found = answer(engine, expired, f"/api/v3/runs/{run}")
    assert (found.status_code, found.json()) == (401, {"error": "Public Access Token is invalid"})


def test_a_client_can_sign_its_own_from_the_claims(engine, task):
    run = engine.trigger(task)
    claims = engine.http.post("/api/v1/auth/jwt/claims").json()
    assert set(claims) == {"sub", "pub"}
    token = jwt.encode(
        {
            **claims,
            "scopes": [f"read:runs:{run}"],
            "iss": "https://id.trigger.dev",
            "aud": "https://api.trigger.dev",
            "exp": int(time.time()) + 60,
        },
        engine.key,
        "HS256",
    )
    assert answer(engine, token, f"/api/v3/runs/{run}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/v1/runs/{run}/metadata"),
        ("POST", "/engine/v1/dev/dequeue"),
        ("GET", "/engine/v1/dev/config"),
        ("POST", "/engine/v1/dev/disconnect"),
        ("GET", "/engine/v1/dev/runs/{run}/snapshots/latest"),
        ("POST", "/engine/v1/runs/{run}/logs"),
        ("POST", "/api/v1/projects/p/background-workers"),
        ("POST", "/api/v1/auth/jwt"),
        ("POST", "/api/v1/auth/public-tokens"),
        ("POST", "/api/v1/auth/jwt/claims"),
    ],
)
def test_no_public_token_is_enough_where_the_key_is_needed(engine, task, method, path):
    """protocol.md §1; even with `admin`."""
    run = engine.trigger(task)
    found = answer(engine, engine.mint("admin"), path.format(run=run), method)
    assert found.status_code == 401
    assert "API key" in found.json()["error"]


def test_minting(engine):
    """raw-60 0003 to 0008."""

    def mint(body):
        return engine.http.post("/api/v1/auth/public-tokens", json=body)

    def claims(found):
        return jwt.decode(found.json()["token"], options={"verify_signature": False})

    default = claims(mint({"scopes": ["read:runs"]}))
    assert default["exp"] - default["iat"] == 900
    more = claims(
        mint(
            {"scopes": ["read:runs"], "oneTimeUse": True, "realtime": {"skipColumns": ["payload"]}}
        )
    )
    assert (more["otu"], more["realtime"]) == (True, {"skipColumns": ["payload"]})
    assert mint({"scopes": []}).status_code == 400
    assert mint({}).status_code == 400
    assert mint({"scopes": ["read:runs"], "expirationTime": "soon"}).status_code == 400
    wrong = mint({"scopes": ["bogus", "read:runs"]})
    assert (wrong.status_code, wrong.json()["deniedScopes"]) == (403, ["bogus"])
    long = mint({"scopes": ["read:runs"], "expirationTime": "99y"})
    assert long.status_code == 400
    long = mint({"scopes": ["read:runs"], "expirationTime": "31d"})
    assert (long.status_code, long.json()) == (
        400,
        {"error": "Expiration time cannot exceed 30 days"},
    )
    older = engine.http.post(
        "/api/v1/auth/jwt", json={"claims": {"scopes": ["read:runs"]}, "expirationTime": "1h"}
    )
    assert claims(older)["exp"] - claims(older)["iat"] == 3600


def test_triggering_with_a_token(engine, task):
    """raw-05."""
    path = f"/api/v1/tasks/{task}/trigger"

    def trigger(token):
        return engine.client(token).post(path, json={"payload": 1})

    assert trigger(engine.mint(f"trigger:tasks:{task}")).status_code == 200
    assert trigger(engine.mint("trigger:tasks:other")).status_code == 403
    run = trigger(engine.mint("write:tasks"))
    reader = engine.client(run.headers["x-trigger-jwt"])
    assert reader.get(f"/api/v3/runs/{run.json()['id']}").status_code == 200


def test_a_one_time_token_is_used_once_each(engine, task):
    """On a real server the first use anywhere spends them all (protocol.md §1); not here."""
    body = {"scopes": [f"trigger:tasks:{task}"], "oneTimeUse": True}

    def fresh():
        return engine.client(
            engine.http.post("/api/v1/auth/public-tokens", json=body).json()["token"]
        )

    first = fresh()
    path = f"/api/v1/tasks/{task}/trigger"
    assert first.post(path, json={}).status_code == 200
    again = first.post(path, json={})
    assert (again.status_code, again.json()) == (
        422,
        {"error": f"Cannot trigger {task} with a one-time use token as it has already been used."},
    )


def test_canceling_with_a_token(engine, task):
    run = engine.trigger(task)
    path = f"/api/v2/runs/{run}/cancel"
    assert engine.client(engine.mint(f"read:runs:{run}")).post(path).status_code == 403
    assert engine.client(engine.mint(f"write:runs:{run}")).post(path).status_code == 200
    assert engine.status(run) == "CANCELED"
