"""Our worker against what a real Trigger.dev has answered: nothing of ours is asked of it."""

import asyncio
import os
import subprocess
import sys
import time

import pytest
from patience import PATIENCE, until
from pydantic import SecretStr
from worker.recorded_server import RecordedServer, recorded

from trigger_widgets.config import Endpoint
from trigger_widgets.errors import AbortTaskRunError
from trigger_widgets.tasks import metadata, streams, task, wait
from trigger_widgets.worker import run_driver
from trigger_widgets.worker.own_executor import OwnExecutor
from trigger_widgets.worker.worker import Worker

PROJECT = "proj_rrkpdguyagvsoktglnod"


@pytest.fixture
def serve(registry):
    """Serve a recorded scenario, to a worker with the tasks defined so far."""
    running = []

    def start(name, change=lambda scenario: None, failing=()):
        scenario = recorded(name)
        change(scenario)
        server = RecordedServer(scenario)
        server.failing |= set(failing)
        at = Endpoint(server.url, SecretStr("tr_dev_redacted"), "py")
        worker = Worker(
            lambda: at,
            origin="test",
            label="a test",
            project_ref=PROJECT,
            executor=OwnExecutor(registry, lambda: at),
        )
        registry.ensure_worker = lambda: worker
        running.append((worker, server))
        worker.start()
        worker.sync_tasks(registry.tasks())
        assert worker.version == recorded("register")["response"]["version"]
        return server

    yield start
    for worker, server in running:
        worker.stop()
        server.stop()


def completions(server, count=1):
    """What the worker said at the ends of `count` attempts, each to the very snapshot."""
    until(lambda: len(server.sent("POST", "/attempts/complete")) >= count, "the end")
    return [body["completion"] for body in server.sent("POST", "/attempts/complete")]


def asked_only_what_it_knows(server):
    """All but the log of a run, which a real server answers with 404 and is not asked for again."""
    assert len(server.unknown) == len(set(server.unknown))
    assert all(path.endswith("/logs") for _, path in server.unknown)
    for request in server.requests:
        if request["path"].endswith("/records"):  # another server, which is given no key of ours
            assert request["headers"]["authorization"] == "Bearer ignored"
            continue
        assert request["headers"]["x-trigger-branch"] == "py"
        assert request["headers"]["authorization"] == "Bearer tr_dev_redacted"
    return True


def same_shape(ours, theirs):
    """Whether each field that the real server was sent is sent, of the same type."""
    for name, value in theirs.items():
        if name == "skippedRetrying" and not value:  # to be left out is the same
            continue
        assert type(ours[name]) is type(value), name
        if isinstance(value, dict):
            same_shape(ours[name], value)


def test_the_registration_is_what_a_real_server_takes(serve):
    """worker-protocol.md §2.3: these are mandatory, and whole numbers are whole."""

    @task("hello", retry={"max_attempts": 2}, queue={"name": "q", "concurrency_limit": 1})
    def hello(payload):
        return payload

    server = serve("cancel", lambda scenario: scenario.update(dequeues=[]))
    (body,) = server.sent("POST", f"/api/v1/projects/{PROJECT}/background-workers")
    theirs = recorded("register")["request"]
    assert (body["engine"], body["localOnly"]) == ("V2", True)
    assert body["supportsLazyAttempts"] == theirs["supportsLazyAttempts"]
    same_shape(
        {name: body["metadata"][name] for name in ("packageVersion", "contentHash", "runtime")},
        {name: theirs["metadata"][name] for name in ("packageVersion", "contentHash", "runtime")},
    )
    (ours,) = body["metadata"]["tasks"]
    same_shape(
        ours["retry"],
        {**theirs["metadata"]["tasks"][2]["retry"], "factor": ours["retry"]["factor"]},
    )
    assert ours["queue"] == {"name": "q", "concurrencyLimit": 1}
    assert isinstance(ours["filePath"], str)


def test_a_failure_is_tried_again_by_us(serve):
    @task("flaky", retry={"max_attempts": 3, "min_timeout_ms": 10, "randomize": False})
    def flaky(payload, ctx):
        if ctx.attempt.number < payload["succeedOn"]:
            raise TypeError(f"failing on purpose (attempt {ctx.attempt.number})")
        return {"attempt": ctx.attempt.number}

    server = serve("retry")
    failed, ended = completions(server, 2)
    theirs = [e["request"]["completion"] for e in server.exchanges if "request" in e]
    same_shape(failed, theirs[0])
    assert failed["retry"]["delay"] == 10
    assert failed["error"]["message"] == theirs[0]["error"]["message"]
    assert ended["ok"] is True
    assert ended["output"].replace(" ", "") == '{"json":{"attempt":2}}'
    assert asked_only_what_it_knows(server)


def test_an_abort(serve):
    @task("fail")
    def fail(payload):
        raise AbortTaskRunError("aborted on purpose")

    server = serve("abort")
    (ended,) = completions(server)
    same_shape(ended, server.exchanges[-1]["request"]["completion"])
    assert ended["skippedRetrying"] is True
    assert "retry" not in ended
    assert asked_only_what_it_knows(server)


@pytest.mark.parametrize("name", ["stream-v1", "stream-v2"])
def test_streams(serve, name):
    @task("llm-stream")
    def llm_stream(payload):
        streams.define("events", dict).append({"type": "start"})
        return streams.define("ai-output").pipe(f"tok{i} " for i in range(3)).parts

    server = serve(name)
    (ended,) = completions(server)
    assert ended["ok"] is True, ended
    run = recorded(name)["dequeues"][0]["run"]["friendlyId"]
    if name == "stream-v1":
        path = f"/realtime/v1/streams/{run}/self/ai-output"
        assert "".join(server.sent("POST", path)) == '"tok0 "\n"tok1 "\n"tok2 "\n'
    else:
        bodies = server.sent("POST", "ai-output/records")
        records = [record["body"] for body in bodies for record in body["records"]]
        assert [record.partition(',"id"')[0] for record in records] == [
            f'{{"data":"tok{i} "' for i in range(3)
        ]
    assert asked_only_what_it_knows(server)


def test_a_short_run_is_not_watched(serve, monkeypatch):
    monkeypatch.setattr(run_driver, "_UNWATCHED_SECONDS", PATIENCE)

    @task("fail")
    def fail(payload):
        raise AbortTaskRunError("aborted on purpose")

    server = serve("abort")
    completions(server)
    assert server.sent("GET", "/snapshots/latest") == []


def test_a_run_that_waits_is_watched_however_short_it_is(serve, monkeypatch):
    monkeypatch.setattr(run_driver, "_UNWATCHED_SECONDS", 10 * PATIENCE)

    @task("waiter")
    def waiter(payload):
        wait.sleep(payload["seconds"])

    server = serve("wait")
    (ended,) = completions(server)
    assert ended["ok"] is True
    assert server.sent("GET", "/snapshots/latest")


def test_a_token_is_waited_for_by_polling(serve):
    @task("approval")
    def approval(payload):
        token = wait.create_token(timeout="10m", tags=["approval"])
        metadata.set("tokenId", token.id)
        return {"approval": wait.for_token(token.id).unwrap()}

    server = serve("approval")
    (ended,) = completions(server)
    assert ended["output"].replace(" ", "") == '{"json":{"approval":{"approved":true}}}'
    assert asked_only_what_it_knows(server)


def test_a_long_sleep(serve):
    @task("waiter")
    def waiter(payload):
        wait.sleep(payload["seconds"])
        return {"waited": True}

    server = serve("wait")
    (ended,) = completions(server)
    assert ended["output"].replace(" ", "") == '{"json":{"waited":true}}'
    assert asked_only_what_it_knows(server)


def test_a_child(serve):
    @task("hello")
    def hello(payload, ctx):
        return {"echo": payload}

    @task("parent-one")
    def parent(payload):
        return hello.trigger_and_wait({"from": "parent"}, tags=["child"]).unwrap()

    server = serve("trigger-and-wait")
    _, ended = completions(server, 2)
    assert '"echo"' in ended["output"]
    (body,) = server.sent("POST", "/api/v1/tasks/hello/trigger")
    assert body["options"]["resumeParentOnCompletion"] is True
    assert body["options"]["lockToVersion"] == "20261123.1"
    assert asked_only_what_it_knows(server)


def test_a_cancel_is_answered_on_its_snapshot(serve):
    @task("slow")
    def slow(payload):
        metadata.set("tick", 1)
        for _ in range(1000):
            time.sleep(0.05)

    server = serve("cancel")
    until(lambda: server.sent("PUT", "/metadata"), "the start")
    server.released.set()
    (ended,) = completions(server)
    same_shape(ended, server.exchanges[-1]["request"]["completion"])
    assert ended["error"] == {"type": "INTERNAL_ERROR", "code": "TASK_RUN_CANCELLED"}
    assert asked_only_what_it_knows(server)


def test_max_duration_is_timed_by_us(serve):
    @task("max-duration")
    async def long(payload):
        await asyncio.sleep(60)

    def one_second(scenario):
        scenario["exchanges"][0]["response"]["execution"]["run"]["maxDuration"] = 1

    server = serve("max-duration", one_second)
    (ended,) = completions(server)
    assert ended["error"]["code"] == "MAX_DURATION_EXCEEDED"
    assert asked_only_what_it_knows(server)


@pytest.mark.parametrize("end", ["/attempts/start", "/attempts/complete"])
def test_a_bare_500_is_looked_into(serve, end):
    """worker-protocol.md §1: every conflict is one; the latest snapshot says what to do."""
    executed = []

    @task("fail")
    def fail(payload):
        executed.append(1)
        raise AbortTaskRunError("aborted on purpose")

    server = serve("abort", failing={end})
    ended = completions(server, 2 if end.endswith("complete") else 1)
    assert {each["error"]["name"] for each in ended} == {"AbortTaskRunError"}
    assert executed == [1]
    assert server.sent("GET", "/snapshots/latest")
    assert asked_only_what_it_knows(server)


SCRIPT = """
from trigger_widgets import task

@task
def hello(payload):
    return payload

print(hello.trigger({}).id)
"""


def test_no_process_gives_its_tasks_to_a_real_server_by_itself(tmp_path):
    scenario = recorded("trigger-and-wait") | {"dequeues": []}
    server = RecordedServer(scenario)
    (tmp_path / "script.py").write_text(SCRIPT)
    environ = {**os.environ, "TRIGGER_SECRET_KEY": "tr_dev_redacted", "TRIGGER_API_URL": server.url}
    try:
        done = subprocess.run(
            [sys.executable, str(tmp_path / "script.py")],
            env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE * 2,
        )  # fmt: skip
    finally:
        server.stop()
    assert done.stdout.startswith("run_"), done.stderr
    assert [r["path"] for r in server.requests] == ["/api/v1/tasks/hello/trigger"]
    assert "lockToVersion" not in server.requests[0]["body"]["options"]
