"""The feed of one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from trigger_widgets.api.runs import run_id
from trigger_widgets.errors import refuse_unknown
from trigger_widgets.models import Run

from .feed import Source
from .rows import decode_run
from .shape import Row

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


def run_source(run: Any, skip_columns: Iterable[str] = ()) -> Source[Run]:
    """`GET /realtime/v1/runs/<id>`; columns may be given by their names in `Run` or on the wire."""
    found = run_id(run)
    return Source(
        path=f"/realtime/v1/runs/{quote(found, safe='')}",
        decode=_only_run,
        supersedes=_supersedes,
        is_final=lambda run: run.is_terminal,
        doing=f"subscribe to {found}",
        subject=f"run {found}",
        params=skipped_columns(skip_columns),
    )


def skipped_columns(names: Iterable[str]) -> dict[str, str]:
    """The query parameter of every feed of runs that leaves columns out."""
    skipped = [names] if isinstance(names, str) else list(names)
    columns = sorted({_NAMES.get(column, column) for column in skipped})
    refuse_unknown(columns, _COLUMNS, of="skip_columns")
    return {"skipColumns": ",".join(columns)} if columns else {}


def _only_run(rows: Mapping[str, Row]) -> Run | None:
    for row in rows.values():
        return decode_run(row)
    return None


def _supersedes(run: Run, before: Run) -> bool:
    # a snapshot may be up to 250 ms older than what was already seen (protocol.md §4)
    return run.updated_at >= before.updated_at and run != before
