import asyncio

import pytest
from patience import PATIENCE

from trigger_widgets.errors import ConfigurationError
from trigger_widgets.worker.slots import Slots, default_ahead, default_slots


async def blocks(waiting):
    task = asyncio.ensure_future(waiting)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


def test_runs_that_go_on_come_before_new_ones_in_their_order():
    async def main():
        slots = Slots(1)
        await slots.available()
        slots.take()
        order = []

        async def go_on(name):
            await slots.acquire()
            order.append(name)

        new = await blocks(slots.available())
        first, second = await blocks(go_on("first")), await blocks(go_on("second"))
        slots.release()
        await first
        assert not second.done()
        assert not new.done()
        slots.release()
        await second
        slots.release()
        await asyncio.wait_for(new, PATIENCE)
        assert order == ["first", "second"]

    asyncio.run(main())


def test_a_run_that_comes_when_the_last_slot_is_gone_is_one_too_many_for_once():
    async def main():
        slots = Slots(1)
        await slots.available()  # the server is asked
        await slots.acquire()  # somebody goes on meanwhile
        slots.take()  # and there is a run
        new = await blocks(slots.available())
        slots.release()
        await asyncio.sleep(0)
        assert not new.done()
        slots.release()
        await asyncio.wait_for(new, PATIENCE)

    asyncio.run(main())


def test_one_who_gives_up_takes_nothing_along():
    async def main():
        slots = Slots(1)
        await slots.acquire()
        waits, late = await blocks(slots.acquire()), await blocks(slots.acquire())
        waits.cancel()
        slots.release()  # while the cancel is on its way
        late.cancel()
        await asyncio.gather(waits, late, return_exceptions=True)
        await asyncio.wait_for(slots.available(), PATIENCE)
        await asyncio.wait_for(slots.acquire(), PATIENCE)
        assert not (await blocks(slots.available())).done()

    asyncio.run(main())


def test_the_number_comes_from_the_environment(monkeypatch):
    assert default_slots() >= 2
    assert default_ahead(2) == 2
    monkeypatch.setenv("TRIGGER_WIDGETS_CONCURRENCY", "7")
    assert (default_slots(), default_ahead(7)) == (7, 0)
    for text in ("0", "many", "-1"):
        monkeypatch.setenv("TRIGGER_WIDGETS_CONCURRENCY", text)
        with pytest.raises(ConfigurationError, match="must be a whole number, at least 1"):
            default_slots()


def test_while_runs_are_short_there_are_slots_for_more():
    async def main():
        slots = Slots(2, ahead=2)
        slots.take(), slots.take()
        new = await blocks(slots.available())
        slots.took(0.001)
        await asyncio.wait_for(new, PATIENCE)
        assert slots.free == 2
        slots.take(), slots.take()
        slots.took(60)
        assert slots.wanted  # to have no more than there should be
        slots.release(), slots.release()
        assert (slots.free, slots.wanted) == (0, False)
        slots.release()
        assert slots.free == 1

    asyncio.run(main())
