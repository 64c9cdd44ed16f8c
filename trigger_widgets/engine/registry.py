"""Which workers live, and who of them takes which run. In memory; rebuilt from the store."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from trigger_widgets.processes import ProcessIdentity

from .records import RunRecord, WorkerRecord

SILENT_AFTER_SECONDS = 60
"""A worker that did not say which process it is counts as alive that long after a call."""


@dataclass
class Process:
    """A process that executes runs. `worker` is its latest registration."""

    worker: WorkerRecord
    order: int
    """Of its registration: the newest process that has a task takes the plain ids of it."""
    seen: float = field(default_factory=time.monotonic)
    unheard: dict[str, int] = field(default_factory=dict)
    """Begun runs that were handed to it, as of when, and of which it has said nothing so far."""

    @property
    def identity(self) -> ProcessIdentity | None:
        """Its pid and start, where it said them."""
        if self.worker.pid is None:
            return None
        return ProcessIdentity(self.worker.pid, self.worker.started or "")

    def is_alive(self) -> bool:
        """Whether the process still runs, or spoke not long ago."""
        identity = self.identity
        if identity is None:
            return time.monotonic() - self.seen < SILENT_AFTER_SECONDS
        return identity.is_alive()


@dataclass(frozen=True)
class Coverage:
    """Which queued runs somebody would take, as a value that the writer thread can hold."""

    tasks: frozenset[str]
    locked: frozenset[tuple[str, str]]

    def covers(self, origin: str | None, task: str) -> bool:
        """Whether a live worker takes runs of `task` that are locked to `origin`, or to none."""
        return task in self.tasks if origin is None else (origin, task) in self.locked


class Registry:
    """The living processes. Belongs to the event loop."""

    def __init__(self) -> None:
        self._processes: dict[str, Process] = {}
        self._process_of_worker: dict[str, str] = {}
        self._order = 0
        self._sent_back: set[str] = set()

    def add(self, worker: WorkerRecord) -> None:
        """A registration; it replaces the one that its process had before."""
        self._order += 1
        process = Process(worker, self._order)
        before = self._processes.get(worker.process)
        if before is not None:
            process.unheard = before.unheard
        self._processes[worker.process] = process
        self._process_of_worker[worker.id] = worker.process

    def remove(self, process: str) -> Process | None:
        """Forget a process; gives what it was."""
        self._process_of_worker = {
            worker: key for worker, key in self._process_of_worker.items() if key != process
        }
        return self._processes.pop(process, None)

    def of_worker(self, worker_id: str) -> Process | None:
        """The process that made a registration, also an earlier one of its; it has now spoken."""
        return self.touch(self._process_of_worker.get(worker_id))

    def worker(self, worker_id: str | None) -> WorkerRecord | None:
        """A registration, if it is the latest one of a living process."""
        found = self._processes.get(self._process_of_worker.get(worker_id or "", ""))
        return found.worker if found and found.worker.id == worker_id else None

    def touch(self, process: str | None) -> Process | None:
        """The process of a key; it has now spoken."""
        found = self._processes.get(process or "")
        if found is not None:
            found.seen = time.monotonic()
        return found

    def handed(self, run: RunRecord) -> None:
        """A begun run is on its way to its process. Safe from the writer's thread."""
        found = self._processes.get(run.process or "")
        if found is not None:
            found.unheard[run.id] = run.updated_at

    def heard(self, run: RunRecord) -> None:
        """The process that holds a run has spoken of it."""
        found = self.touch(run.process)
        if found is not None:
            found.unheard.pop(run.id, None)

    def sends_back(self, process: Process, run: RunRecord) -> bool:
        """Whether a run never reached its process, which is gone: it said nothing, and the run is
        as it was. Of one run that is believed once, for it may be what kills who gets it.
        """
        if process.unheard.get(run.id) != run.updated_at or run.id in self._sent_back:
            return False
        self._sent_back.add(run.id)
        return True

    def processes(self) -> list[Process]:
        """All that are thought alive."""
        return list(self._processes.values())

    def takes(self, process: str) -> tuple[WorkerRecord, list[str]] | None:
        """What a process has registered, and the tasks whose plain ids it takes: those that no
        newer one has. None if it is gone. Safe from the writer's thread.
        """
        processes = self._processes.copy()
        found = processes.get(process)
        if found is None:
            return None
        newer = [other for other in processes.values() if other.order > found.order]
        return found.worker, [
            task
            for task in found.worker.tasks
            if not any(task in other.worker.tasks for other in newer)
        ]

    def coverage(self) -> Coverage:
        """What is covered now."""
        workers = [process.worker for process in self._processes.values()]
        return Coverage(
            tasks=frozenset(task for worker in workers for task in worker.tasks),
            locked=frozenset((worker.origin, task) for worker in workers for task in worker.tasks),
        )
