"""The official React hooks, unmodified, in a page of another origin with narrow tokens."""

import pytest
from interop.page import Hooks, serve
from patience import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("page")) as address:
        yield address


@pytest.fixture
def hooks(context, address, dev):
    page = context.new_page()
    yield Hooks(page, address, dev["api_url"])
    page.close()


def read(client, **resources):
    return client.auth.create_public_token(scopes={"read": resources})


def test_use_realtime_run(hooks, client):
    run = client.tasks.trigger("steps", tags=["hooked"])
    hooks.play("useRealtimeRun", run.id, token=run.public_access_token)
    seen = hooks.until("seen.run?.status === 'COMPLETED'")
    assert (seen["run"]["output"], seen["run"]["metadata"]) == ("done", {"step": 3})
    assert seen["run"]["tags"] == ["hooked"]


def test_use_realtime_run_of_one_that_fails(hooks, client):
    run = client.tasks.trigger("fails")
    hooks.play("useRealtimeRun", run.id, token=run.public_access_token)
    seen = hooks.until("seen.run?.status === 'FAILED'")
    assert "no such column" in seen["run"]["error"]["message"]


def test_use_realtime_run_with_streams(hooks, client):
    parts = [{"n": n} for n in range(40)]
    run = client.tasks.trigger("writes", {"parts": parts})
    hooks.play("useRealtimeRunWithStreams", run.id, token=run.public_access_token)
    seen = hooks.until("seen.streams?.out?.length === 40")
    assert seen["streams"]["out"] == parts


def test_use_realtime_stream(hooks, client):
    parts = ["to ", "be ", "or"]
    run = client.tasks.trigger("writes", {"parts": parts})
    hooks.play("useRealtimeStream", run.id, "out", token=run.public_access_token)
    assert hooks.until("seen.parts?.length === 3")["parts"] == parts


def test_use_realtime_runs_with_tag(hooks, client):
    hooks.play("useRealtimeRunsWithTag", "hooks:tag", token=read(client, tags="hooks:tag"))
    runs = [client.tasks.trigger("square", {"n": n}, tags="hooks:tag") for n in range(3)]
    seen = hooks.until(
        "seen.runs?.length === 3 && seen.runs.every(run => run.status === 'COMPLETED')"
    )
    assert {run["id"] for run in seen["runs"]} == {run.id for run in runs}


def test_use_realtime_batch(hooks, client):
    batch = client.tasks.batch_trigger("square", [{"n": n} for n in range(5)])
    hooks.play("useRealtimeBatch", batch.id, token=read(client, batch=batch.id))
    seen = hooks.until("seen.runs?.filter(run => run.status === 'COMPLETED').length === 5")
    assert sorted(run["output"]["square"] for run in seen["runs"]) == [0, 1, 4, 9, 16]


def test_use_task_trigger(hooks, client):
    token = client.auth.create_trigger_public_token("echo")
    hooks.play("useTaskTrigger", "echo", token=token)
    hooks.until("!seen.isLoading")
    hooks.act("submit", {"from": "a page"}, {"tags": ["from-page"]})
    seen = hooks.until("seen.handle?.id")
    run = client.runs.retrieve(seen["handle"]["id"])
    assert (run.payload, run.tags) == ({"from": "a page"}, ["from-page"])


@pytest.mark.parametrize("hook", ["useRealtimeTaskTrigger", "useRealtimeTaskTriggerWithStreams"])
def test_use_realtime_task_trigger(hooks, client, hook):
    token = client.auth.create_trigger_public_token("writes", multiple_use=True)
    hooks.play(hook, "writes", token=token)
    hooks.until("!seen.isLoading")
    hooks.act("submit", {"parts": ["a", "b"]})
    seen = hooks.until("seen.run?.status === 'COMPLETED'")
    assert seen["run"]["output"] == 2
    if hook.endswith("WithStreams"):
        assert hooks.until("seen.streams?.out?.length === 2")["streams"]["out"] == ["a", "b"]


def test_use_wait_token(hooks, client):
    waiting = client.wait.create_token(timeout="10m")
    run = client.tasks.trigger("asks", {"token": waiting.id})
    hooks.play("useWaitToken", waiting.id, token=waiting.public_access_token)
    hooks.until("seen.isReady")
    hooks.act("complete", {"approved": True})
    hooks.until("seen.isCompleted")
    assert run.result(timeout=PATIENCE) == {"ok": True, "output": {"approved": True}}


def test_use_input_stream_send(hooks, client):
    run = client.tasks.trigger("takes", {"count": 1})
    token = client.auth.create_public_token(scopes={"write": {"input_streams": run.id}})
    hooks.play("useInputStreamSend", "orders", run.id, token=token)
    hooks.until("seen.isReady")
    hooks.act("send", {"of": "a page"})
    assert run.result(timeout=PATIENCE) == [{"of": "a page"}]


def test_use_run_ends_with_the_run(hooks, client):
    run = client.tasks.trigger("echo", 1)
    run.result(timeout=PATIENCE)
    hooks.play("useRun", run.id, token=run.public_access_token)
    assert hooks.until("seen.run?.isCompleted")["run"]["output"]["got"] == 1


def test_a_token_that_is_too_narrow_is_an_error_of_the_hook(hooks, client):
    run, other = (client.tasks.trigger("echo", n) for n in range(2))
    hooks.play("useRealtimeRun", other.id, token=run.public_access_token)
    hooks.until("seen.error")
