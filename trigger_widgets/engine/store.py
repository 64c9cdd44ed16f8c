"""The SQLite file: one thread writes, in groups; the event loop reads what is committed.

A write is acknowledged when its commit has reached the disk (`synchronous=FULL`). Writes that
wait at the same time share one commit, and so one fsync. Who waits for what only another's write
brings about stands by, and is given its share in that very write: it waits for one fsync, not two.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from . import schema

T = TypeVar("T")
_GROUP = 512


class Transaction:
    """What a write sees: the connection, and where to say whom its commit will wake."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self.topics: set[str] = set()
        self.ended: list[str] = []
        """The runs that have ended in it, for `conclude`."""
        self.claims: list[Standing[Any]] = []

    def wake(self, topic: str) -> None:
        """Notify `topic` once this is committed."""
        self.topics.add(topic)


class Standing(Generic[T]):
    """Work that is tried at the end of each write that wakes `topic`, until it gives something."""

    def __init__(
        self, topic: str, work: Callable[[Transaction], T | None], told: Callable[[], None]
    ) -> None:
        self.topic = topic
        self.result: T | None = None
        """What it gave, once that is on the disk; `told` is called then."""
        self._work = work
        self._told = told
        self._claimed: T | None = None

    def attempt(self, transaction: Transaction) -> None:
        """Try it now, as part of a write."""
        if self._claimed is None:
            self._claimed = self._work(transaction)
            if self._claimed is not None:
                transaction.claims.append(self)

    def settle(self, *, happened: bool) -> None:
        """Whether the write that gave something is on the disk."""
        if happened:
            self.result = self._claimed
            self._told()
        else:
            self._claimed = None


class _Job(Generic[T]):
    def __init__(
        self,
        work: Callable[[Transaction], T],
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[T],
    ) -> None:
        self.work = work
        self.loop = loop
        self.future = future
        self.result: T | None = None
        self.error: BaseException | None = None
        self.topics: set[str] = set()
        self.claims: list[Standing[Any]] = []

    def run(
        self,
        connection: sqlite3.Connection,
        conclude: Callable[[Transaction], None],
        standing: Sequence[Standing[Any]],
    ) -> None:
        """Do the work in a savepoint, so that its failure is its own."""
        transaction = Transaction(connection)
        connection.execute("SAVEPOINT job")
        try:
            self.result = self.work(transaction)
            conclude(transaction)
            for waiting in standing:
                if waiting.topic in transaction.topics:
                    waiting.attempt(transaction)
        except Exception as e:  # the caller's, whatever it is; it is raised where it awaits
            connection.execute("ROLLBACK TO job")
            self.error = e
            for waiting in transaction.claims:
                waiting.settle(happened=False)
        else:
            self.topics = transaction.topics
            self.claims = transaction.claims
        connection.execute("RELEASE job")

    def settle(self) -> None:
        """Tell whoever awaits it; runs in the event loop."""
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # run() has set it


class Store:
    """`reader` is for the thread that made the store; `write` takes functions to the writer.

    `conclude` ends each of them, in the same transaction.
    """

    def __init__(
        self,
        path: Path,
        notify: Callable[[set[str]], None],
        conclude: Callable[[Transaction], None] = lambda _transaction: None,
    ) -> None:
        self._path = path
        self._notify = notify
        self._conclude = conclude
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._standing: tuple[Standing[Any], ...] = ()
        self._writer_connection = _connect(path)
        schema.migrate(self._writer_connection)
        self.reader = _connect(path)
        self.reader.execute("PRAGMA query_only = ON")
        self._thread = threading.Thread(target=self._write_groups, name="writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` in a transaction; returns when it is on the disk.

        Works run one after the other in the order of these calls, so `work` may read and decide.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, loop, future))
        return await future

    @asynccontextmanager
    async def stand_by(self, standing: Standing[T]) -> AsyncIterator[None]:
        """Let `standing` have its share in writes; afterwards its `result` is final."""
        self._standing = (*self._standing, standing)
        try:
            yield
        finally:
            self._standing = tuple(other for other in self._standing if other is not standing)
            if standing.result is None:
                await self.write(lambda _: None)  # the writer may have been at it

    def close(self) -> None:
        """Finish what was asked for, and close the file."""
        self._jobs.put(None)
        self._thread.join()
        self.reader.close()
        self._writer_connection.close()

    def _write_groups(self) -> None:
        while (job := self._jobs.get()) is not None:
            group = [job]
            error: sqlite3.Error | None = None
            try:
                stopping = self._write_group(group)
            except sqlite3.Error as e:  # a full disk, say: nothing of the group happened
                stopping, error = False, e
                if self._writer_connection.in_transaction:
                    self._writer_connection.execute("ROLLBACK")
            try:
                group[0].loop.call_soon_threadsafe(self._settle, group, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more
            if stopping:
                return

    def _write_group(self, group: list[_Job[Any]]) -> bool:
        """Run what waits and commit it; True if `close` was reached."""
        connection = self._writer_connection
        connection.execute("BEGIN IMMEDIATE")
        group[0].run(connection, self._conclude, self._standing)
        stopping = False
        while len(group) < _GROUP and not stopping:
            try:
                following = self._jobs.get_nowait()
            except Empty:
                break
            if following is None:
                stopping = True
            else:
                group.append(following)
                following.run(connection, self._conclude, self._standing)
        connection.execute("COMMIT")
        return stopping

    def _settle(self, group: list[_Job[Any]], error: sqlite3.Error | None) -> None:
        topics: set[str] = set()
        for job in group:
            job.error = job.error or error
            topics |= job.topics if error is None else set()
            for standing in job.claims:
                standing.settle(happened=error is None)
            job.settle()
        self._notify(topics)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection
