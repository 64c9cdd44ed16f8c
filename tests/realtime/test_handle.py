"""What triggering one run gives: waiting for it, and refusing to wait for nobody's click."""

import asyncio
import contextlib
import threading

import httpx
import pytest
from patience import PATIENCE

from trigger_widgets.api.tasks import Triggered
from trigger_widgets.api.transports import AsyncTransport, Transport
from trigger_widgets.errors import NobodyCanClickError, TriggerError
from trigger_widgets.realtime.handle import AsyncRunHandle, RunHandle
from trigger_widgets.realtime.waiting import install_audience, install_awaiting, nobody_can_click


class Waits:
    """A run that waits, for the tokens that it is asked to name; asking ends it."""

    def __init__(self, wire, *tokens, ends=False):
        self.tokens, self.canceled, self.retrieved = list(tokens), 0, 0
        self.may_end = threading.Event()
        if ends:
            self.may_end.set()
        self.states = [
            wire.answer(wire.row("WAITING_TO_RESUME"), offset="1_1"),
            wire.answer(wire.row("COMPLETED_SUCCESSFULLY", second=1, output="7"), offset="2_1"),
        ]

    def __call__(self, request):
        if request.url.path.startswith("/realtime/"):
            return self.state()
        if request.method == "POST":
            self.canceled += 1
            return httpx.Response(200, json={"id": "run_1"})
        self.retrieved += 1
        self.may_end.set()
        moment = "2026-11-23T18:44:00Z"
        body = {"id": "run_1", "taskIdentifier": "task", "status": "WAITING"}
        body |= {"createdAt": moment, "updatedAt": moment, "waitsFor": self.tokens}
        return httpx.Response(200, json=body)

    async def state(self):
        if len(self.states) == 1:
            await asyncio.to_thread(self.may_end.wait, 10)
        return self.states.pop(0)


TRIGGERED = Triggered("run_1", is_cached=False, public_access_token=None)


@pytest.fixture(params=["result()", "await", "await result()"])
def how(request):
    return request.param


@pytest.fixture
def result_of(how, wire):
    """The result of a server's run, in each way to wait for it; then it is canceled."""

    def result_of(server):
        if how != "await result()":
            transport = Transport(wire.fake_server(server))
            handle = RunHandle(TRIGGERED, task="task", transport=transport)
            result = (
                handle.result(timeout=PATIENCE) if how == "result()" else asyncio.run(wait(handle))
            )
            handle.cancel()
            return result

        async def main():
            transport = AsyncTransport(wire.fake_server(server))
            handle = AsyncRunHandle(TRIGGERED, task="task", transport=transport)
            try:
                result = await handle.result(timeout=PATIENCE)
                await handle.cancel()
            finally:
                await transport.close()
            return result

        return asyncio.run(main())

    return result_of


async def wait(handle):
    return await handle


@pytest.fixture
def nobody():
    """Nobody is in front of the notebook; gives whether each wait was a blocking one."""
    asked = []

    def audience(*, blocking):
        asked.append(blocking)
        return True

    install_audience(audience)
    yield asked
    install_audience(None)


def test_a_wait_that_only_a_click_ends_is_refused_where_nobody_can_click(
    wire, nobody, how, result_of
):
    with pytest.raises(NobodyCanClickError, match=r'complete_token\("waitpoint_1", …\)'):
        result_of(Waits(wire, "waitpoint_1"))
    assert nobody == [how == "result()"]


def test_a_wait_that_ends_by_itself_is_not_refused(wire, nobody, result_of):
    server = Waits(wire)
    assert result_of(server) == 7
    assert (server.retrieved, server.canceled) == (1, 1)


def test_somebody_may_click(wire, result_of):
    server = Waits(wire, "waitpoint_1", ends=True)
    assert not nobody_can_click(blocking=True)
    assert result_of(server) == 7
    assert server.retrieved == 0


def test_what_is_installed_is_held_while_something_is_awaited(wire):
    held = []

    @contextlib.contextmanager
    def hold():
        held.append("in")
        yield
        held.append("out")

    handle = RunHandle(
        TRIGGERED, task="task", transport=Transport(wire.fake_server(Waits(wire, ends=True)))
    )
    install_awaiting(hold)
    try:
        assert asyncio.run(wait(handle)) == 7
    finally:
        install_awaiting(None)
    assert held
    assert held == ["in", "out"] * (len(held) // 2)


def test_a_handle_says_what_it_is_and_keeps_what_it_came_through(wire):
    transport = Transport(wire.fake_server(Waits(wire)))
    assert RunHandle(TRIGGERED, task="t", transport=transport).transport is transport
    handle = RunHandle(TRIGGERED, task=None, transport=transport)
    assert repr(handle) == "<run_1; .result() waits for its output>"
    with pytest.raises(TriggerError, match="the subscription to run_1 was stopped"):
        handle._unwrap(None)
