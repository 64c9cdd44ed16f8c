import asyncio
import time

from patience import PATIENCE

from trigger_widgets.worker.countdown import Countdown


def test_a_pause_does_not_count():
    async def main():
        over = asyncio.Event()
        began = time.monotonic()
        countdown = Countdown(0.1, over.set)
        countdown.pause()
        countdown.pause()
        await asyncio.sleep(0.2)
        assert not over.is_set()
        countdown.resume()
        countdown.resume()
        await asyncio.wait_for(over.wait(), PATIENCE)
        assert time.monotonic() - began >= 0.29

    asyncio.run(main())


def test_no_limit_never_ends():
    async def main():
        over = asyncio.Event()
        countdown = Countdown(None, over.set)
        countdown.pause()
        countdown.resume()
        await asyncio.sleep(0.01)
        assert not over.is_set()

    asyncio.run(main())
