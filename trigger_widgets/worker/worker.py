"""A worker: registers the tasks of this process with a server and executes their runs.

It lives on a thread and an event loop of its own, so a busy notebook does not hold it up, and it
outlives the server: one that comes back, even at another address, is found and told everything
again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context
from typing import Any, TypeVar

from trigger_widgets.api.quiet import hush_background_requests
from trigger_widgets.api.requests import Answer
from trigger_widgets.config import Locate, unattended
from trigger_widgets.errors import (
    APIConnectionError,
    APIStatusError,
    EngineError,
    ServerError,
    TriggerError,
)
from trigger_widgets.lock import Lock
from trigger_widgets.processes import ProcessIdentity
from trigger_widgets.tasks.definition import Task
from trigger_widgets.tasks.link import Parts, WaitFor
from trigger_widgets.tasks.manifest import TaskManifest
from trigger_widgets.tasks.options import RetryOptions
from trigger_widgets.tasks.registry import registry

from .handover import Handover
from .input_readers import InputReaders
from .jobs import Executor, Listener
from .own_executor import OwnExecutor
from .protocol import Backoff, Registered, WorkerApi
from .run_driver import RunDriver
from .slots import Slots
from .stream_writers import StreamWriters

_HOLD_SECONDS = 30.0
_DEBOUNCE_SECONDS = 0.01
_VERSION_SECONDS = 30.0
_DISCONNECT_SECONDS = 0.5

T = TypeVar("T")


class Worker:
    """One process's worker.

    `origin` says where its tasks come from, the same after a restart of the same notebook or
    command; `label` says it in words. Without an `executor`, those of this process run in threads
    or where they say. `listener` hears of runs as they start and end, on the worker's thread.
    """

    def __init__(
        self,
        locate: Locate,
        *,
        origin: str,
        label: str,
        project_ref: str,
        executor: Executor | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._api = WorkerApi(locate)
        self._streams = StreamWriters(self._api)
        self._inputs = InputReaders(self._api)
        self._project_ref = project_ref
        identity = ProcessIdentity.current()
        self._process = {
            "pid": identity.pid, "started": identity.started, "origin": origin, "label": label,
        }  # fmt: skip
        self._executor: Executor = executor or OwnExecutor(registry, locate)
        self._listener = listener or (lambda *_: None)
        self._lock = Lock()
        self._changed = threading.Condition(self._lock)
        self._manifests: tuple[TaskManifest, ...] = ()
        self._wanted = 0  # counts what the caller asked for, and
        self._told = -1  # what the server knows of it
        self._registered: Registered | None = None
        self._problem: TriggerError | None = None
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sync: asyncio.Event | None = None
        self._known: asyncio.Event | None = None
        self._main: asyncio.Task[None] | None = None
        self._thread = threading.Thread(
            target=Context().run, args=(self._run,), name="trigger-widgets-worker", daemon=True
        )
        self._drivers: dict[str, RunDriver] = {}

    def start(self) -> None:
        """Begin; returns at once."""
        hush_background_requests()
        self._thread.start()

    def sync_tasks(self, tasks: Iterable[Task[..., Any] | TaskManifest]) -> None:
        """From now on these are the tasks; returns at once, `version` waits until it is so."""
        manifests = tuple(t if isinstance(t, TaskManifest) else t.manifest for t in tasks)
        with self._lock:
            if manifests == self._manifests and self._wanted:
                return
            self._manifests = manifests
            self._wanted += 1
            self._problem = None
        self._poke()

    @property
    def version(self) -> str:
        """What the server calls the present tasks; waits until it knows them.

        `EngineError` if that takes longer than 30 seconds, the server's own error if it refuses.
        """
        end = time.monotonic() + _VERSION_SECONDS
        with self._lock:
            while self._registered is None or self._told != self._wanted:
                if isinstance(self._problem, APIStatusError):
                    raise self._problem
                if self._stopping or not self._thread.is_alive():
                    raise EngineError("the worker of this process is not running; start it anew.")
                if time.monotonic() >= end:
                    reason = f": {self._problem}" if self._problem else ""
                    raise EngineError(f"this process's tasks could not be registered{reason}")
                self._changed.wait(0.1)  # short, so that Ctrl-C is heard
            return self._registered.version

    @property
    def worker_id(self) -> str | None:
        """The server's name for this worker, once registered."""
        return self._registered.worker_id if self._registered else None

    def stop(self, timeout: float = 2.0) -> None:
        """End within `timeout` seconds: runs under way are given up, and the server told so."""
        with self._lock:
            first, self._stopping = not self._stopping, True
            self._changed.notify_all()
        loop, main = self._loop, self._main
        if first and loop is not None and main is not None and not loop.is_closed():
            with suppress(RuntimeError):  # it ended in this moment
                loop.call_soon_threadsafe(main.cancel)
        if self._thread.is_alive():
            self._thread.join(timeout)

    # ---- RunLink, for tasks in this process

    def call(
        self, method: str, path: str, body: Any, *, key: str | None = None, patient: bool = False
    ) -> Future[Answer]:
        """One request of a running task."""
        if patient:
            return self._submit(self._api.ask(method, path, body))
        return self._submit(self._api.send(method, path, body, key=key))

    def write(self, run_id: str, parts: Parts) -> Future[None]:
        """Parts of a stream that a running task writes."""
        return self._submit(self._streams.write(run_id, parts))

    def read(self, run_id: str, stream: str, reader: str, start: int) -> Future[list[str]]:
        """What has been sent to an input stream of a running task."""
        return self._submit(self._inputs.read(run_id, stream, reader, start))

    def wait(self, run_id: str, what: WaitFor) -> Future[dict[str, Any]]:
        """Block a running task's run."""
        return self._submit(self._wait(run_id, what))

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        loop = self._loop
        if loop is None or loop.is_closed():
            work.close()
            failed: Future[T] = Future()
            failed.set_exception(APIConnectionError("the worker has stopped"))
            return failed
        return asyncio.run_coroutine_threadsafe(work, loop)

    async def _wait(self, run_id: str, what: WaitFor) -> dict[str, Any]:
        driver = self._drivers.get(run_id)
        if driver is None:
            raise TriggerError(f"{run_id} is no longer executed by this worker.")
        return await driver.wait(what)

    # ---- on the worker's thread

    def _run(self) -> None:
        unattended.set(True)
        with suppress(asyncio.CancelledError):
            asyncio.run(self._live())

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        self._sync, self._known = asyncio.Event(), asyncio.Event()
        if self._stopping:
            return
        background: set[asyncio.Task[None]] = set()
        try:
            await self._executor.open(self)
            background.add(asyncio.create_task(self._keep_registered()))
            await self._work(background)
        finally:
            runs = list(self._drivers)
            for doing in background:
                doing.cancel()
            await asyncio.shield(self._say_goodbye(runs))

    async def _say_goodbye(self, runs: list[str]) -> None:
        if self._registered is not None:
            with suppress(TriggerError, TimeoutError):
                async with asyncio.timeout(_DISCONNECT_SECONDS):
                    await self._api.disconnect(self._registered.worker_id, runs)
        await self._executor.close()
        await self._api.close()

    async def _keep_registered(self) -> None:
        """Tell the server the tasks: at first, when they change, and when it was away."""
        assert self._sync is not None  # noqa: S101 - made just before
        backoff, lost = Backoff(), 0
        while True:
            self._sync.clear()  # what it told of is read now
            with self._lock:
                wanted, manifests = self._wanted, self._manifests
            if wanted == self._told and lost == self._api.connections_lost:
                await self._sync.wait()
                await asyncio.sleep(_DEBOUNCE_SECONDS)  # a cell defines several tasks in a row
                continue
            if not wanted:
                await self._sync.wait()
                continue
            seen = self._api.connections_lost
            try:
                registered = await self._api.register(self._project_ref, manifests, self._process)
            except (TriggerError, KeyError, TypeError) as e:
                self._note_problem(e)
                with suppress(TimeoutError):  # new tasks may be what helps
                    async with asyncio.timeout(backoff.next()):
                        await self._sync.wait()
                continue
            backoff.reset()
            lost = seen
            with self._lock:
                self._registered, self._told, self._problem = registered, wanted, None
                self._changed.notify_all()
            if self._known is not None:
                self._known.set()

    def _note_problem(self, error: Exception) -> None:
        with self._lock:
            self._problem = error if isinstance(error, TriggerError) else TriggerError(str(error))
            if isinstance(error, ServerError):  # a passing one
                self._problem = TriggerError(str(error))
            self._changed.notify_all()

    async def _work(self, background: set[asyncio.Task[None]]) -> None:
        slots = Slots(self._executor.slots, self._executor.ahead)

        def begin(message: dict[str, Any]) -> None:
            doing = asyncio.create_task(self._drive(message, handover))
            background.add(doing)
            doing.add_done_callback(background.discard)

        handover = Handover(self._api, slots, begin)
        backoff = Backoff()
        while True:
            await slots.available()
            try:
                await handover.dequeue(await self._current_worker(), _HOLD_SECONDS)
                backoff.reset()
            except (TriggerError, KeyError, TypeError) as e:
                if isinstance(e, APIConnectionError | APIStatusError):
                    self._api.connections_lost += 1  # it may have forgotten us
                self._poke_here()
                await asyncio.sleep(backoff.next())

    async def _current_worker(self) -> str:
        if self._registered is None:
            assert self._known is not None  # noqa: S101 - made at the thread's start
            await self._known.wait()
            return await self._current_worker()
        return self._registered.worker_id

    async def _drive(self, message: dict[str, Any], handover: Handover) -> None:
        try:
            driver = RunDriver(
                message,
                api=self._api,
                executor=self._executor,
                handover=handover,
                retry_options=self._retry_options,
                listener=self._listener,
            )
        except (KeyError, TypeError):  # not the message of a run; the next one may be
            handover.slots.release()
            return
        self._drivers[driver.run_id] = driver
        try:
            await driver.drive()
        finally:
            if self._drivers.get(driver.run_id) is driver:
                del self._drivers[driver.run_id]
                self._streams.forget(driver.run_id)
                self._inputs.forget(driver.run_id)

    def _retry_options(self, task_id: str) -> RetryOptions:
        for manifest in self._manifests:
            if manifest.id == task_id:
                return manifest.options.retry
        return RetryOptions()

    def _poke(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._poke_here)

    def _poke_here(self) -> None:
        if self._sync is not None:
            self._sync.set()
