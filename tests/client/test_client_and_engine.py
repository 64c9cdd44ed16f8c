"""The clients against the real engine process, over a real socket."""

import asyncio
import json
import signal
import threading

import pytest
from patience import PATIENCE, until

from trigger_widgets import errors
from trigger_widgets.client import AsyncTrigger, Trigger, configure, trigger, use_embedded
from trigger_widgets.realtime.hub import current_hub


def test_trigger_watch_and_result(client, worker):
    handle = client.tasks.trigger("task", {"n": 2**60}, tags=["a", "b"], metadata={"step": 0})
    assert repr(handle) == f"<{handle.id} of task; .result() waits for its output>"
    assert handle.is_cached is False
    assert client.runs.retrieve(handle).status.is_queued

    seen, done = [], threading.Event()
    client.watch_run(
        handle,
        on_run=seen.append,
        on_connection=lambda connection: done.set() if connection.state == "closed" else None,
    )
    until(lambda: seen)
    run, snapshot = worker.start()
    assert run == handle.id
    until(lambda: seen[-1].status.is_executing)
    assert client.runs.update_metadata(handle, {"step": 1}) == {"step": 1}
    until(lambda: seen[-1].metadata == {"step": 1})
    worker.succeed(run, snapshot, '{"json":{"when":"2024-01-01T00:00:00.000Z"},'
                                  '"meta":{"values":{"when":["Date"]}}}')  # fmt: skip
    assert handle.result(timeout=PATIENCE)["when"].year == 2024
    assert done.wait(PATIENCE)
    last = seen[-1]
    assert last.is_terminal
    assert (last.payload, last.tags, last.metadata) == ({"n": 2**60}, ["a", "b"], {"step": 1})
    until(lambda: current_hub()[1].feeds == 0)
    # the API has the decoded value where the feed has the packet (protocol.md §3)
    retrieved = client.runs.retrieve(handle)
    assert retrieved.output == {"when": "2024-01-01T00:00:00.000Z"}
    assert (retrieved.attempt_count, retrieved.status) == (1, last.status)


def test_the_async_twin(engine, worker, in_thread):
    at = engine.endpoint

    def work():
        worker.succeed(*worker.start(), "fine", "text/plain")

    async def main():
        async with AsyncTrigger(api_url=at.api_url, secret_key=at.access_token) as client:
            handle = await client.tasks.trigger("task", "text")
            assert "await waits" in repr(handle)
            in_thread(work)
            states = [run.status async for run in client.runs.subscribe_to_run(handle)]
            assert states[-1] == "COMPLETED"
            assert await handle == await handle.result(timeout=PATIENCE) == "fine"
            assert (await client.runs.retrieve(handle)).payload == "text"
            assert (await handle.retrieve()).output == "fine"
            token = await client.auth.create_public_token(scopes={"read": {"runs": handle}})
            assert token.get_secret_value().startswith("ey")
            await handle.cancel()
            await client.runs.cancel(handle)
            assert (await client.runs.update_metadata(handle, {"a": 1})) == {"a": 1}
            assert (await client.runs.logs(handle)).records == []

    asyncio.run(main())


def test_a_sync_handle_can_be_awaited_on_any_loop(client, worker, in_thread):
    handle = client.tasks.trigger("task")
    in_thread(lambda: worker.succeed(*worker.start(), '{"json":7}'))

    async def main():
        return await handle

    assert asyncio.run(main()) == 7
    assert asyncio.run(main()) == 7


def test_a_task_that_raises(client, worker):
    handle = client.tasks.trigger("task")
    error = {"type": "BUILT_IN_ERROR", "name": "ValueError", "message": "no", "stackTrace": "T"}
    worker.complete(*worker.start(), ok=False, error=error)
    with pytest.raises(errors.RunFailedError, match=r"task \(run_\w+\) failed: ValueError: no"):
        handle.result(timeout=PATIENCE)
    assert handle.retrieve().error.name == "ValueError"


def test_cancel(client):
    handle = client.tasks.trigger("task")
    handle.cancel()
    with pytest.raises(errors.RunCanceledError):
        handle.result(timeout=PATIENCE)
    client.runs.cancel(handle)
    assert client.runs.logs(handle).records == []


def test_result_gives_up_and_the_run_goes_on(client, worker):
    handle = client.tasks.trigger("task")
    with pytest.raises(errors.ResultTimeoutError, match=handle.id):
        handle.result(timeout=0.2)
    worker.succeed(*worker.start(), '{"json":1}')
    assert handle.result(timeout=PATIENCE) == 1


def test_stopping_before_anything_was_said_is_named(client):
    handle = client.tasks.trigger("task")
    handle.subscribe = lambda **options: _stopped(type(handle).subscribe(handle, **options))
    with pytest.raises(errors.TriggerError, match="stopped before"):
        handle.result()


def _stopped(subscription):
    subscription.stop()
    return subscription


def test_an_idempotency_key_finds_the_first_run(client):
    first = client.tasks.trigger("task", idempotency_key="once")
    again = client.tasks.trigger("task", idempotency_key="once")
    assert (again.id, again.is_cached) == (first.id, True)


def test_a_narrow_token_reads_its_run_alone(client, engine):
    mine, other = client.tasks.trigger("task"), client.tasks.trigger("task")
    token = client.auth.create_public_token(scopes={"read": {"runs": [mine]}}, expiration_time="1h")
    with Trigger(api_url=engine.endpoint.api_url, access_token=token) as narrow:
        assert narrow.runs.retrieve(mine).id == mine.id
        assert next(narrow.runs.subscribe_to_run(mine)).id == mine.id
        with pytest.raises(errors.PermissionDeniedError, match="scopes"):
            narrow.runs.retrieve(other)
        with pytest.raises(errors.PermissionDeniedError):
            list(narrow.runs.subscribe_to_run(other))
        with pytest.raises(errors.AuthenticationError, match="only the secret key may"):
            narrow.runs.update_metadata(mine, {})
        with pytest.raises(errors.ConfigurationError, match="secret key"):
            narrow.auth.create_public_token(scopes={"read": {"runs": True}})
    handed = mine.public_access_token
    with Trigger(api_url=engine.endpoint.api_url, access_token=handed) as narrow:
        assert narrow.runs.retrieve(mine).id == mine.id
    # signed again without asking: the environment's id is known
    assert client.auth.create_public_token(scopes={"read": {"runs": True}})


def test_mistakes_are_sentences(client, engine):
    with pytest.raises(errors.NotFoundError, match="has no run run_nope"):
        client.runs.retrieve("run_nope")
    with pytest.raises(errors.NotFoundError, match="has no run run_nope"):
        list(client.runs.subscribe_to_run("run_nope"))
    with pytest.raises(errors.NotFoundError, match="run_nope"):
        client.runs.cancel("run_nope")
    with pytest.raises(errors.UnserializableError, match="payload"):
        client.tasks.trigger("task", object())
    with pytest.raises(errors.UnprocessableError, match="10 tags"):
        client.tasks.trigger("task", tags=[str(n) for n in range(11)])
    wrong = Trigger(api_url=engine.endpoint.api_url, secret_key="tr_dev_wrong")
    with wrong, pytest.raises(errors.AuthenticationError, match="TRIGGER_SECRET_KEY") as raised:
        wrong.runs.retrieve("run_1")
    assert "tr_dev_wrong" not in str(raised.value)


@pytest.mark.parametrize("engine", ["own"], indirect=True)
def test_an_engine_that_was_killed_and_started_elsewhere(engine, in_thread):
    """Reads from the embedded engine survive `kill -9`: the client locates it again."""
    located = []

    def locate():
        if engine.process.poll() is not None:
            engine.start()
        located.append(engine.endpoint)
        return engine.endpoint

    use_embedded(locate)
    handle = trigger("task", {"a": 1})
    seen = []
    watch = configure().watch_run(handle, on_run=seen.append)
    until(lambda: seen)
    before = len(located)
    engine.stop(signal.SIGKILL)
    until(lambda: len(located) > before)
    assert handle.retrieve().payload == {"a": 1}
    handle.cancel()
    until(lambda: seen[-1].is_terminal)
    watch.stop()
    assert {str(run.status) for run in seen} >= {"CANCELED"}


def test_hundreds_of_values_of_every_kind_survive(client, worker):
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    payload = {
        "array": numpy.array([[1.5, float("nan")], [2, 3]]),
        "frame": pandas.DataFrame({"a": [1, 2], "b": ["x", None]}),
        "when": pandas.Timestamp("2024-01-02T03:04:05Z"),
        "big": 2**70,
    }
    handle = client.tasks.trigger("task", payload)
    run, snapshot = worker.start()
    echoed = worker.execution["run"]["payload"]
    assert json.loads(echoed)["json"]["array"] == [[1.5, None], [2.0, 3.0]]
    worker.succeed(run, snapshot, echoed)
    output = handle.result(timeout=PATIENCE)
    assert output["big"] == 2**70
    assert output["when"].isoformat() == "2024-01-02T03:04:05+00:00"
    assert output["frame"] == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_the_same_server_with_another_token(client):
    handle = client.tasks.trigger("task")
    narrow = client.with_access_token(handle.public_access_token)
    run = narrow.runs.retrieve(handle)
    assert not narrow.may_cancel(run)
    assert client.may_cancel(run)
    assert not client.is_embedded
    assert Trigger.of(handle).runs.retrieve(handle).id == run.id
    narrow.close()
