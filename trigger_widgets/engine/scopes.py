"""What the scopes of a public token allow (protocol.md §1)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

_SCOPE = re.compile(r"admin|(read|write|trigger|batchTrigger):[A-Za-z]+(:.+)?", re.DOTALL)

Resources = Mapping[str, Collection[str]]
"""What is asked for: its type, and the ids that a scope may name it by."""


def allows(scopes: Collection[str], actions: Collection[str], resources: Resources) -> bool:
    """Whether one of `scopes` covers one of `actions` on one of `resources`.

    `read:runs` covers every run, `read:runs:<id>` one; `read:all` reads anything, `admin` may do
    anything. There are no wildcards.
    """
    if "admin" in scopes or ("read" in actions and "read:all" in scopes):
        return True
    return any(
        f"{action}:{kind}" in scopes or any(f"{action}:{kind}:{name}" in scopes for name in names)
        for action in actions
        for kind, names in resources.items()
        if names
    )


def denied(requested: Collection[Any]) -> list[Any]:
    """Those that are no scopes at all; a secret key may give away everything else."""
    return [
        scope for scope in requested if not isinstance(scope, str) or not _SCOPE.fullmatch(scope)
    ]
