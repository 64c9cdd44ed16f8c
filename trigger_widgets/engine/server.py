"""The life of an engine process: lock, socket, store, recovery, ready, service, end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from trigger_widgets.engine_file import FILES, STOPPED_NAME, EngineFile, new_secret_key
from trigger_widgets.processes import ProcessIdentity
from trigger_widgets.version import __version__

from . import lock
from .app import create_app
from .core import Engine, log
from .liveness import watch_idleness, watch_workers
from .pruning import run_pruning
from .timers import run_timers

_KEEP_ALIVE_SECONDS = 75
_LAST_WORDS_SECONDS = 1


@dataclass(frozen=True)
class Settings:
    """`port` None means: the one of before if it is free, else any."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int | None = None
    idle_minutes: float = 15
    keep_days: float = 30


class _Server(uvicorn.Server):
    """uvicorn, without its signal handling, and with a moment at which it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own would raise the signal again at the end, and so never exit with 0."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then the file that says so."""
        await super().startup(sockets)
        self._on_ready()


def run(settings: Settings) -> None:
    """Serve until told to stop. `lock.TakenError`, `EngineError`, `OSError` if it cannot."""
    os.umask(0o077)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock.take(settings.data_dir)
    before = EngineFile.read(settings.data_dir)
    _log_to(settings.data_dir / "engine.log")
    with _bind(settings, before) as listening:
        asyncio.run(_serve(settings, before, listening))


def reset(data_dir: Path) -> None:
    """Delete everything that an engine keeps; `lock.TakenError` while one runs."""
    if data_dir.exists():
        lock.take(data_dir)
        for name in FILES:
            (data_dir / name).unlink(missing_ok=True)


async def _serve(settings: Settings, before: EngineFile | None, listening: socket.socket) -> None:
    me = ProcessIdentity.current()
    file = EngineFile(
        host=settings.host,
        port=listening.getsockname()[1],
        pid=me.pid,
        started=me.started,
        version=__version__,
        secret_key=before.secret_key if before else new_secret_key(),
    )
    engine = Engine(settings.data_dir, file.secret_key)
    await engine.recover()
    config = uvicorn.Config(
        create_app(engine, settings.host),
        lifespan="off",
        ws="none",
        http="auto",  # httptools, which takes half of what h11 does; h11 where there is none
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_LAST_WORDS_SECONDS,
    )
    server = _Server(config, on_ready=lambda: _ready(file, settings.data_dir))

    def stop() -> None:
        engine.hub.close()  # held requests get their empty answers now
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    tasks = [
        asyncio.create_task(run_timers(engine)),
        asyncio.create_task(watch_workers(engine)),
        asyncio.create_task(run_pruning(engine, settings.keep_days)),
        asyncio.create_task(watch_idleness(engine, settings.idle_minutes * 60, stop)),
    ]
    for task in tasks:
        task.add_done_callback(_complain)
    try:
        await server.serve(sockets=[listening])
    finally:
        engine.hub.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        engine.close()
        log.info("stopped")


def _ready(file: EngineFile, data_dir: Path) -> None:
    file.write(data_dir)
    (data_dir / STOPPED_NAME).unlink(missing_ok=True)
    log.info("engine %s, process %d, listens on port %d", file.version, file.pid, file.port)


def _complain(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a part of the engine has failed", exc_info=task.exception())


def _bind(settings: Settings, before: EngineFile | None) -> socket.socket:
    """The port that is asked for; else the one of before, so that addresses stay valid."""
    if settings.port is not None:
        return _listen(settings.host, settings.port)
    if before is not None and before.host == settings.host:
        with contextlib.suppress(OSError):
            return _listen(settings.host, before.port)
    return _listen(settings.host, 0)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay (40 ms an answer) off only where it reads the protocol here
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def _log_to(path: Path) -> None:
    """A small log, started anew: what happened to the engine, never what it was sent."""
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    log.setLevel(logging.INFO)
