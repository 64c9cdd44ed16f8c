"""How a thing of the server is named: by its id, or by anything that has one."""

from __future__ import annotations

from typing import Protocol


class HasId(Protocol):
    """A handle, a `Run`, a `Batch`, a `WaitToken`, a task object."""

    @property
    def id(self) -> str:
        """What the server knows it by."""


Ref = str | HasId
