"""The feed of one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from trigger_widgets.api.columns import wire_columns
from trigger_widgets.api.runs import run_id
from trigger_widgets.models import Run

from .feed import Source
from .rows import decode_run
from .shape import Row


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
    columns = wire_columns(names)
    return {"skipColumns": ",".join(columns)} if columns else {}


def _only_run(rows: Mapping[str, Row]) -> Run | None:
    for row in rows.values():
        return decode_run(row)
    return None


def _supersedes(run: Run, before: Run) -> bool:
    # a snapshot may be up to 250 ms older than what was already seen (protocol.md §4)
    return run.updated_at >= before.updated_at and run != before
