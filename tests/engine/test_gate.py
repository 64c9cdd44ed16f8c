import pytest

from trigger_widgets.engine.gate import is_local


@pytest.mark.parametrize(
    "header",
    [
        "127.0.0.1",
        "127.0.0.1:8000",
        "localhost",
        "LOCALHOST:1",
        "[::1]:8000",
        "[::1]",
        "::1",
        "127.0.0.2:1",
    ],
)
def test_this_machine(header):
    assert is_local(header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example:1",
        "10.0.0.1",
        "0.0.0.0",
        "[::2]:1",
        "127.0.0.1@evil.example",
    ],
)
def test_any_other_name(header):
    assert not is_local(header)


def test_a_rebound_name_is_refused(engine):
    answer = engine.http.get("/healthcheck", headers={"host": "evil.example"})
    assert answer.status_code == 403
    assert "localhost" in answer.json()["error"]


def test_a_preflight_is_answered_as_measured(engine):
    """raw-03 0025."""
    answer = engine.client().options(
        "/realtime/v1/runs/run_x",
        headers={
            "origin": "http://x",
            "access-control-request-method": "GET",
            "access-control-request-headers": "authorization,x-trigger-electric-version",
        },
    )
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["access-control-allow-origin"] == "http://x"
    assert answer.headers["access-control-allow-methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
    assert answer.headers["access-control-max-age"] == "300"
    assert (
        answer.headers["access-control-allow-headers"] == "authorization,x-trigger-electric-version"
    )


def test_workers_endpoints_are_not_for_pages(engine):
    answer = engine.http.get("/engine/v1/dev/config", headers={"origin": "http://x"})
    assert "access-control-allow-origin" not in answer.headers
