"""Every second: which workers have died, and whether anybody still needs the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from . import attempts
from .core import Engine, log

_INTERVAL_SECONDS = 1.0


async def watch_workers(engine: Engine) -> None:
    """Take the runs of dead processes away from them, until the hub is closed."""
    with engine.hub.listen("liveness") as listener:
        while not engine.hub.closed:
            processes = engine.registry.processes()
            # a look into /proc is quick, but on macOS it starts a process
            alive = await asyncio.to_thread(lambda: [p.is_alive() for p in processes])  # noqa: B023
            dead = [p for p, lives in zip(processes, alive, strict=True) if not lives]
            # what registered again meanwhile is another entry, and stays
            dead = [p for p in dead if p in engine.registry.processes()]
            if dead:
                for process in dead:
                    log.info("died: %s (%s)", process.worker.friendly_id, process.worker.label)
                await attempts.lose(engine, dead)
            await listener.wait(_INTERVAL_SECONDS)


async def watch_idleness(engine: Engine, idle_seconds: float, stop: Callable[[], None]) -> None:
    """Call `stop` once nobody has needed the engine for `idle_seconds`; 0 means never."""
    if idle_seconds <= 0:
        return
    with engine.hub.listen("idleness") as listener:
        while not engine.hub.closed:
            if engine.is_busy():
                engine.active_at = time.monotonic()
            elif time.monotonic() - engine.active_at > idle_seconds:
                log.info("nobody needed the engine for %d s", idle_seconds)
                stop()
                return
            await listener.wait(_INTERVAL_SECONDS)
