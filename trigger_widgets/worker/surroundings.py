"""What code finds around itself in a process, taken along where it runs in another one."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

_SERVER_VARIABLES = (
    "TRIGGER_SECRET_KEY", "TRIGGER_ACCESS_TOKEN", "TRIGGER_API_URL",
    "TRIGGER_PREVIEW_BRANCH", "TRIGGER_DEV_BRANCH",
)  # fmt: skip


def without_server(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's environment, without the server it may name: tasks speak to the server that
    runs them.
    """
    return {name: value for name, value in environ.items() if name not in _SERVER_VARIABLES}


@dataclass(frozen=True)
class Surroundings:
    """Where a process imports from, where it is, and its environment."""

    path: list[str]
    folder: str | None
    environ: dict[str, str]

    @classmethod
    def here(cls) -> Surroundings:
        """Those of this process, now."""
        folder = None
        with contextlib.suppress(OSError):  # it may have been deleted under our feet
            folder = os.getcwd()  # noqa: PTH109 - a text that travels
        return cls(list(sys.path), folder, without_server(os.environ))

    def enter(self) -> None:
        """Have this process look the same."""
        sys.path[:] = self.path
        importlib.invalidate_caches()  # a cell may have written a module just now
        if self.folder is not None:
            with contextlib.suppress(OSError):
                os.chdir(self.folder)
        for name in os.environ.keys() - self.environ.keys():
            del os.environ[name]
        os.environ.update(self.environ)
