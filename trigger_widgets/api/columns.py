"""The columns of a run that a feed can leave out, by their names in `Run` or on the wire."""

from __future__ import annotations

from collections.abc import Iterable

from trigger_widgets.errors import refuse_unknown

_COLUMNS = {
    "startedAt", "delayUntil", "queuedAt", "expiredAt", "completedAt", "number", "isTest",
    "usageDurationMs", "costInCents", "baseCostInCents", "ttl", "payload", "payloadType",
    "metadata", "metadataType", "output", "outputType", "runTags", "error",
}  # fmt: skip
_NAMES = {
    "started_at": "startedAt",
    "delayed_until": "delayUntil",
    "queued_at": "queuedAt",
    "expired_at": "expiredAt",
    "finished_at": "completedAt",
    "is_test": "isTest",
    "duration_ms": "usageDurationMs",
    "cost_in_cents": "costInCents",
    "base_cost_in_cents": "baseCostInCents",
    "tags": "runTags",
}


def wire_columns(names: str | Iterable[str], *, of: str = "skip_columns") -> list[str]:
    """As the server names them, sorted; a name that is no column is refused."""
    given = [names] if isinstance(names, str) else list(names)
    columns = sorted({_NAMES.get(name, name) for name in given})
    refuse_unknown(columns, _COLUMNS, of=of)
    return columns
