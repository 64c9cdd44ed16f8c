"""What a worker tells the server about a task: plain data that also travels between processes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .options import TaskOptions


@dataclass(frozen=True)
class TaskManifest:
    """One task as it is registered. `code` changes when its source does."""

    id: str
    file_path: str
    export_name: str
    options: TaskOptions
    code: str = ""

    def to_wire(self) -> dict[str, Any]:
        """The task entry of a registration (worker-protocol.md §2.3)."""
        wire: dict[str, Any] = {
            "id": self.id,
            "filePath": self.file_path,
            "exportName": self.export_name,
            "retry": self.options.retry.to_wire(),
        }
        if self.options.queue is not None:
            wire["queue"] = self.options.queue.to_wire(self.id)
        if self.options.max_duration is not None:
            wire["maxDuration"] = self.options.max_duration
        if self.options.ttl is not None:
            wire["ttl"] = self.options.ttl
        if self.options.machine is not None:
            wire["machine"] = {"preset": self.options.machine}
        if self.options.description is not None:
            wire["description"] = self.options.description
        return wire


def content_hash(tasks: Iterable[TaskManifest], salt: str) -> str:
    """Equal for equal tasks and code of the same `salt` (who registers them)."""
    body = [salt, [[task.to_wire(), task.code] for task in tasks]]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
