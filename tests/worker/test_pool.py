"""The pool alone, with processes that are none."""

import asyncio

import pytest

from trigger_widgets.worker import pool
from trigger_widgets.worker.pool import Pool


class Member:
    """A process that has loaded, and of which nobody has been told."""

    job = None

    def __init__(self):
        self.ended = asyncio.Event()
        self.ready = asyncio.get_running_loop().create_future()
        self.is_idle = False

    async def loaded(self):
        await self.ended.wait()

    def begin(self, job, _shipment):
        self.is_idle, self.job = False, job
        return asyncio.get_running_loop().create_future()

    def load(self):
        self.ready.set_result({"tasks": []})
        self.is_idle = True


@pytest.mark.parametrize("other_is_busy", [False, True])
def test_a_run_that_waited_for_long_gets_another_process_only_if_none_is_idle(
    monkeypatch, other_is_busy
):
    monkeypatch.setattr(pool, "_PATIENCE_SECONDS", 0.01)

    async def main():
        made, another = [], asyncio.Event()

        def make():
            made.append(Member())
            if len(made) > 1:
                another.set()
            return made[-1]

        processes = Pool(make, slots=1, ahead=1)
        begun = [asyncio.create_task(processes.begin("first"))]
        await asyncio.sleep(0.05)
        assert len(made) == 1
        made[0].load()
        await begun[0]
        if other_is_busy:
            begun.append(asyncio.create_task(processes.begin("second")))
            await another.wait()
            made[1].load()
            await begun[1]
        for task in processes._tasks:
            task.cancel()
        return [member.job for member in made]

    assert asyncio.run(main()) == ["first", "second"][: 1 + other_is_busy]
