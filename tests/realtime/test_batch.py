"""Batches against a scripted server: what is sent, what is sent again, and the results."""

import asyncio

import httpx
import pandas as pd
import pytest
from patience import PATIENCE
from realtime.batch_server import BatchServer

from trigger_widgets.api import batches
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.errors import (
    ConfigurationError,
    ResultTimeoutError,
    RunFailedError,
    ServerError,
    TriggerError,
)
from trigger_widgets.realtime import roster
from trigger_widgets.realtime.batch import trigger_batch, trigger_batch_async
from trigger_widgets.realtime.batch_trigger import BatchPart
from trigger_widgets.realtime.collecting import Collecting, Poll
from trigger_widgets.realtime.mailbox import End
from trigger_widgets.realtime.marks import Mark


@pytest.fixture
def transports(wire):
    """A sync transport to a server; httpx's own mock serves sync and async by the same handler."""

    def transport(server, kind=Transport, **options):
        return kind(wire.fake_server(server.answer, **options), max_attempts=1)

    return transport


def start(transport, *args, key=None, **options):
    return trigger_batch(transport, *(*args, None)[:2], key=key, options=options)


def outputs(results):
    return [result.output["of"] if result.ok else None for result in results]


def test_results_come_in_the_order_of_the_items(wire, transports):
    server = BatchServer(wire)
    handle = start(transports(server), "t", [{"n": n} for n in (3, 1, 2, 1)], tags=["x"])
    assert server.created == [{"runCount": 4, "taskIdentifiers": ["t"]}]
    first = server.items["batch_0"][0]
    assert first == {
        "index": 0, "task": "t", "payload": '{"json":{"n":3}}',
        "options": {"ttl": "14d", "tags": ["x"], "payloadType": "application/super+json"},
    }  # fmt: skip
    results = handle.result(PATIENCE)
    assert outputs(results) == [{"n": 3}, {"n": 1}, {"n": 2}, {"n": 1}]
    assert (
        [result.key for result in results] == [result.index for result in results] == [0, 1, 2, 3]
    )
    assert len({result.id for result in results}) == 4
    assert results[0].unwrap() == {"of": {"n": 3}}
    assert dict(handle.keys_by_run()) == {result.id: result.key for result in results}
    assert handle.public_access_token.get_secret_value() == "eyJbatch_0"
    assert "eyJ" not in repr(handle) + repr(vars(handle))
    assert repr(handle) == "<batch_0: 4 runs of t; .result() waits for their outputs>"
    assert len(handle) == 4


def test_a_run_that_failed_is_a_result_and_so_is_an_item_that_became_none(
    wire, transports, monkeypatch
):
    monkeypatch.setattr(roster, "_FIRST_QUESTION", 0.01)
    server = BatchServer(wire, failing=[1], lost=[2], unseen=[3])
    results = start(transports(server), "t", ["a", "b", "c", "d"], key=str.upper).result(PATIENCE)
    assert [result.ok for result in results] == [True, False, False, True]
    assert [result.key for result in results] == ["A", "B", "C", "D"]
    assert isinstance(results[1].error, RunFailedError)
    assert results[1].run.id == results[1].id
    with pytest.raises(RunFailedError, match="on purpose"):
        results[1].unwrap()
    assert results[2].id is None
    with pytest.raises(TriggerError, match=r"items\[2\] became no run of batch_0: queue is full"):
        results[2].unwrap()
    assert results[3].output == {"of": "d"}
    assert "run_batch_0x3" in server.retrieved  # the feed never has it


def test_awaiting_is_the_same_on_any_loop(wire, transports, monkeypatch):
    monkeypatch.setattr(roster, "_FIRST_QUESTION", 0.01)
    server = BatchServer(wire, lost=[1], unseen=[0])
    handle = start(transports(server), "t", ["a", "b"])

    async def main():
        return await handle

    assert [result.ok for result in asyncio.run(main())] == [True, False]


def test_the_async_twin(wire, transports):
    async def main():
        server = BatchServer(wire)
        transport = transports(server, AsyncTransport)
        handle = await trigger_batch_async(transport, "t", [1, 2], key=None, options={})
        results = await handle.result(PATIENCE)
        frame = await handle.to_pandas()
        server.status = "EXECUTING"
        await asyncio.to_thread(lambda: None)
        await handle.cancel()
        assert [batch.run_count for batch in await handle.retrieve()] == [2]
        assert len(await handle.runs()) == 2
        assert "await" in repr(handle)
        await transport.close()
        assert sorted(server.canceled) == sorted(result.id for result in results)
        return outputs(results), list(frame["of"])

    assert asyncio.run(main()) == ([1, 2], [1, 2])


def test_the_async_twin_asks_for_what_the_feed_leaves_out(wire, transports, monkeypatch):
    monkeypatch.setattr(roster, "_FIRST_QUESTION", 0.01)
    server = BatchServer(wire, lost=[1], unseen=[0])

    async def main():
        transport = transports(server, AsyncTransport)
        handle = await trigger_batch_async(transport, "t", ["a", "b"], key=None, options={})
        results = await handle
        await transport.close()
        return results

    assert [result.ok for result in asyncio.run(main())] == [True, False]
    assert {"batch_0", "run_batch_0x0"} <= set(server.retrieved)


def test_a_subscription_that_is_stopped_leaves_no_results():
    collecting = Collecting(BatchPart("batch_1", (Mark(b""),)))
    assert collecting.asks == Poll(1.0)  # nothing is known to be running, so not for ever
    with pytest.raises(TriggerError, match="the subscription to batch_1 was stopped"):
        collecting.told(End.END)


def test_runs_that_a_key_may_have_found_are_asked_for_their_key(wire, transports):
    """The feed's second run has the first item's payload, as of an earlier run with its key."""

    class Cached(BatchServer):
        def row(self, batch, place):
            return {**super().row(batch, place), "payload": '{"json":"an earlier one"}'}

    server = Cached(wire)
    items = [{"payload": n, "options": {"idempotency_key": f"k{n}"}} for n in "ab"]
    results = start(transports(server), "t", items).result(PATIENCE)
    assert [result.id for result in results] == ["run_batch_0x0", "run_batch_0x1"]
    assert sorted(server.retrieved) == ["run_batch_0x0", "run_batch_0x1"]


def test_what_a_table_of_a_batch_asks_its_handle(wire, transports, monkeypatch):
    monkeypatch.setattr(batches, "LIMIT", 2)
    transport = transports(BatchServer(wire))
    handle = start(transport, "t", [1, 2, 3], key=lambda item: f"k{item}")
    assert handle.transport is transport
    assert dict(handle.places()) == {}
    handle.runs()
    assert handle.places() == {"run_batch_0x0": 0, "run_batch_0x1": 1, "run_batch_1x0": 2}
    tokens = [handle.token_of(f"run_batch_{x}").get_secret_value() for x in ("0x1", "1x0", "?")]
    assert tokens == ["eyJbatch_0", "eyJbatch_1", "eyJbatch_0"]
    assert list(handle.labels([2, 0])) == ["k3", "k1"]
    handle._places["run_of_nobody"] = 3
    assert handle.token_of("run_of_nobody") is None


def test_an_async_failure_says_what_was_triggered_before(wire, transports, monkeypatch):
    monkeypatch.setattr(batches, "LIMIT", 2)

    async def main():
        transport = transports(BatchServer(wire, broken="batch_1"), AsyncTransport)
        with pytest.raises(TriggerError) as raised:
            await trigger_batch_async(transport, "t", [1, 2, 3], key=None, options={})
        await transport.close()
        return raised.value.__notes__

    assert asyncio.run(main()) == ["2 of 3 runs were triggered before this, in batch_0."]


def test_many_items_are_several_batches_and_one_handle(wire, transports, monkeypatch):
    monkeypatch.setattr(batches, "LIMIT", 3)
    server = BatchServer(wire)
    handle = start(transports(server), "t", [n % 4 for n in range(8)])
    assert [created["runCount"] for created in server.created] == [3, 3, 2]
    assert handle.ids == ["batch_0", "batch_1", "batch_2"]
    assert handle.id == "batch_0"
    assert handle.run_count == 8
    assert "and 2 more" in repr(handle)
    assert len(handle.public_access_tokens) == 3
    assert len(handle.sources()) == 3
    results = handle.result(PATIENCE)
    assert outputs(results) == [n % 4 for n in range(8)]
    assert [result.index for result in results] == list(range(8))
    # each run is known by the batch that it is in, even where payloads are the same
    assert [result.id.split("x")[0][-1] for result in results] == list("00011122")
    assert len(handle.runs()) == 8
    assert len(handle.retrieve()) == 3


def test_long_bodies_are_split_and_the_last_answer_counts(wire, transports, monkeypatch):
    lines = [b"x" * 10] * 5
    assert [len(body) for body in batches.bodies(lines, 25)] == [2, 2, 1]
    assert list(batches.bodies([], 25)) == []
    assert [len(body) for body in batches.bodies([b"x" * 100, b"y"], 25)] == [1, 1]
    monkeypatch.setattr(batches.bodies, "__defaults__", (200,))
    server = BatchServer(wire)
    assert outputs(start(transports(server), "t", list(range(6))).result(PATIENCE)) == list(
        range(6)
    )
    assert len(server.bodies) > 1


def test_items_are_sent_again_until_the_server_has_them_all(wire, transports):
    server = BatchServer(wire, forgets=2)
    assert outputs(start(transports(server), "t", [1, 2]).result(PATIENCE)) == [1, 2]
    assert len(server.bodies) == 3
    with pytest.raises(TriggerError, match=r"did not take all 2 items of batch_0"):
        start(transports(BatchServer(wire, forgets=9)), "t", [1, 2])


def test_a_failure_in_the_middle_says_what_was_triggered_before_it(wire, transports, monkeypatch):
    monkeypatch.setattr(batches, "LIMIT", 2)
    with pytest.raises(TriggerError, match="broken") as raised:
        start(transports(BatchServer(wire, broken="batch_2")), "t", [1, 2, 3, 4, 5])
    assert raised.value.__notes__ == [
        "4 of 5 runs were triggered before this, in batch_0, batch_1."
    ]
    with pytest.raises(TriggerError, match="broken") as raised:
        start(transports(BatchServer(wire, broken="batch_0")), "t", [1])
    assert not hasattr(raised.value, "__notes__")


def test_a_server_that_fails(wire, transports):
    class Down(BatchServer):
        def answer(self, request):
            return httpx.Response(503, json={"error": "down"})

    with pytest.raises(ServerError, match="create a batch"):
        start(transports(Down(wire)), "t", [1])


def test_a_timeout_leaves_the_runs_alone(wire, transports):
    server = BatchServer(wire, status="EXECUTING")
    handle = start(transports(server), "t", [1])
    with pytest.raises(ResultTimeoutError, match="batch_0"):
        handle.result(0.2)
    assert not server.canceled


def test_cancel_is_for_those_that_have_not_ended(wire, transports):
    server = BatchServer(wire, status="EXECUTING", failing=[1])
    handle = start(transports(server), "t", [1, 2, 3])
    handle.cancel()
    assert sorted(server.canceled) == ["run_batch_0x0", "run_batch_0x2"]


def test_the_embedded_engine_has_no_short_ttl_to_be_lengthened(wire, transports):
    server = BatchServer(wire)
    start(transports(server, embedded=True), "t", [1])
    start(transports(server), "t", [{"payload": 1, "options": {"ttl": "1h"}}, 2], ttl="5m")
    assert "ttl" not in server.items["batch_0"][0]["options"]
    assert [server.items["batch_1"][n]["options"]["ttl"] for n in (0, 1)] == ["1h", "5m"]


def test_a_data_frame_comes_back_as_one(wire, transports):
    frame = pd.DataFrame({"of": [2.5, None], "city": ["Köln", "Ulm"]}, index=["a", "b"])
    handle = start(transports(BatchServer(wire)), "t", frame)
    found = handle.to_pandas(5)
    assert list(found.index) == ["a", "b"]
    assert list(found["of.city"]) == ["Köln", "Ulm"]
    assert list(frame.join(found[["ok"]])["ok"]) == [True, True]
    by_city = start(transports(BatchServer(wire)), "t", frame, key="city")
    assert by_city.keys == ["Köln", "Ulm"]


def test_items_may_arrive_one_by_one_and_are_taken_a_batch_at_a_time(wire, transports, monkeypatch):
    monkeypatch.setattr(batches, "LIMIT", 2)
    server, created = BatchServer(wire), []

    async def arriving(count, last=None):
        for n in range(count):
            await asyncio.sleep(0)
            created.append(len(server.created))
            yield {"payload": n, "task": "t"}
        if last is not None:
            raise last

    async def main():
        transport = transports(server, AsyncTransport)

        def start(*args):
            return trigger_batch_async(transport, *args, key=None, options={})

        handle = await start("t", arriving(5))
        assert created == [0, 0, 1, 1, 2]
        assert outputs(await handle) == list(range(5))
        assert outputs(await (await start(arriving(2), None))) == [0, 1]
        with pytest.raises(ConfigurationError, match="items is empty"):
            await start("t", arriving(0))
        with pytest.raises(OSError, match="the source broke") as raised:
            await start("t", arriving(4, OSError("the source broke")))
        assert raised.value.__notes__ == ["4 runs were triggered before this, in batch_4, batch_5."]
        await transport.close()

    asyncio.run(main())
    with pytest.raises(ConfigurationError, match="items is a list"):
        start(transports(server), "t", arriving(1))


def test_several_tasks_in_one_batch(wire, transports):
    server = BatchServer(wire)
    handle = start(transports(server), [{"task": "a", "payload": 1}, {"task": "b", "payload": 1}])
    assert server.created[0]["taskIdentifiers"] == ["a", "b"]
    assert handle.task is None
    results = handle.result(PATIENCE)
    assert [result.run.task_identifier for result in results] == ["a", "b"]


def test_wrong_items_are_refused_before_anything_is_sent(wire, transports):
    server = BatchServer(wire)
    for wrong in ([], "text", 5, {"payload": 1}, b"x"):
        with pytest.raises(ConfigurationError):
            start(transports(server), "t", wrong)
    assert not server.created
