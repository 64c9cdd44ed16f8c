"""The feeds of many runs: those that have some tags, and those of a batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from trigger_widgets.api.batches import batch_id
from trigger_widgets.api.options import encode_duration, encode_tags
from trigger_widgets.api.server import Server
from trigger_widgets.errors import ConfigurationError, ProtocolError
from trigger_widgets.lock import Lock
from trigger_widgets.models import Run

from .connection import Connection, worst
from .feed import Source
from .rows import decode_run
from .runs import skipped_columns
from .shape import Row
from .subscription import Watch

_log = logging.getLogger(__name__)


def tag_source(
    tags: str | Iterable[str],
    created_at: str | float | timedelta | None = None,
    skip_columns: Iterable[str] = (),
) -> Source[list[Run]]:
    """`GET /realtime/v1/runs?tags=…`: the runs that have all of the tags, created within
    `created_at` (a day, which is also the most). It never ends.
    """
    wanted = encode_tags(tags, "tags")
    if not wanted:
        raise ConfigurationError("give at least one tag; without one, every run would be meant.")
    for tag in wanted:
        if "," in tag:
            # the server splits at commas, and would look for other tags (protocol.md §4)
            raise ConfigurationError(f'runs with the tag "{tag}" cannot be followed: it has a ",".')
    params = {"tags": ",".join(wanted), **skipped_columns(skip_columns)}
    if created_at is not None:
        params["createdAt"] = encode_duration(created_at, "created_at")
    named = " and ".join(f'"{tag}"' for tag in wanted)
    return Source(
        path="/realtime/v1/runs",
        decode=RunList(f"runs tagged {named}"),
        supersedes=_differs,
        is_final=lambda _runs: False,
        doing=f"subscribe to runs tagged {named}",
        subject=f"runs tagged {named}",
        params=params,
    )


def batch_source(
    batch: Any, skip_columns: Iterable[str] = (), *, run_count: int | None = None
) -> Source[list[Run]]:
    """`GET /realtime/v1/batches/<id>`. It ends when all runs have ended, if their number is known:
    `run_count`, or that of `batch`.
    """
    found = batch_id(batch)
    others = [other for other in getattr(batch, "ids", ()) if other != found]
    if others and run_count is None:
        raise ConfigurationError(
            f"{found} and {len(others)} more batches are one handle; subscribe to each of its ids."
        )
    counted = getattr(batch, "distinct_runs", getattr(batch, "run_count", None))
    expected = counted if run_count is None else run_count

    def is_final(runs: list[Run]) -> bool:
        if expected is None or len(runs) < expected:
            return False
        return all(run.is_terminal for run in runs)

    return Source(
        path=f"/realtime/v1/batches/{quote(found, safe='')}",
        decode=RunList(f"batch {found}"),
        supersedes=_differs,
        is_final=is_final,
        doing=f"subscribe to {found}",
        subject=f"batch {found}",
        params=skipped_columns(skip_columns),
        variant=expected,
    )


def _differs(runs: list[Run], before: list[Run]) -> bool:
    # a run that is as it was is the same object
    return len(runs) != len(before) or any(a is not b for a, b in zip(runs, before, strict=True))


class RunList:
    """Rows as runs, oldest first. A row that has not changed is decoded once; one that cannot be
    read is skipped, which `malformed` counts, and its run stays as it was known.
    """

    def __init__(self, subject: str) -> None:
        self.malformed = 0
        self._subject = subject
        self._known: dict[str, tuple[Row, Run | None]] = {}

    def __call__(self, rows: Mapping[str, Row]) -> list[Run]:
        """All runs; the same object for one that is as it was."""
        self._known = {key: self._decoded(key, row) for key, row in rows.items()}
        runs = (run for _, run in self._known.values() if run is not None)
        return sorted(runs, key=lambda run: (run.created_at, run.id))

    def _decoded(self, key: str, row: Row) -> tuple[Row, Run | None]:
        before, known = self._known.get(key, (None, None))
        if before is not None and (row is before or row == before):
            return before, known
        try:
            run = decode_run(row)
        except ProtocolError as error:
            self.malformed += 1
            _log.warning(
                "skipped a malformed row of %s, %d so far: %s", self._subject, self.malformed, error
            )
            return row, known
        # a snapshot may be up to 250 ms older than what was already seen (protocol.md §4)
        return row, run if known is None or run.updated_at >= known.updated_at else known


class RunsWatch:
    """Callbacks for the runs of one or more feeds, as if they were one.

    They are called on the background loop's thread, in order, and must return soon. The first feed
    has the server to itself until it has told its runs: of many thousands some are there soon.
    """

    def __init__(
        self,
        sources: Sequence[Source[list[Run]]],
        servers: Sequence[Server],
        *,
        on_runs: Callable[[list[Run], Mapping[str, Run]], object],
        on_connection: Callable[[Connection], object] | None = None,
        on_each: Callable[[int, list[Run]], object] | None = None,
    ) -> None:
        """`on_each` is told, before `on_runs`, what the feed of the `n`th source has."""
        self._on_runs = on_runs
        self._on_each = on_each
        self._on_connection = on_connection
        self._seen: list[dict[str, Run]] = [{} for _ in sources]
        self._states = [Connection("connecting")] * len(sources)
        self._said: Connection | None = None
        self._watches: list[Watch[list[Run]]] = []
        self._lock = Lock()
        self._later = [
            partial(
                Watch,
                source,
                server,
                on_value=partial(self._runs_of, n),
                on_connection=partial(self._connection_of, n),
            )
            for n, (source, server) in enumerate(zip(sources, servers, strict=True))
        ]
        self._begin(1)

    def _begin(self, count: int | None = None) -> None:
        with self._lock:
            some, self._later = self._later[:count], self._later[count:] if count else []
            self._watches += [begin() for begin in some]

    def stop(self) -> None:
        """Disconnect. No callback is called after this, except one that is running."""
        with self._lock:
            self._later = []
        for watch in self._watches:
            watch.stop()

    def wake(self) -> None:
        """If it is waiting to try again: try now."""
        for watch in self._watches:
            watch.wake()

    def _runs_of(self, n: int, runs: list[Run]) -> None:
        self._begin()
        if self._on_each is not None:
            self._on_each(n, runs)
        before, now = self._seen[n], {run.id: run for run in runs}
        self._seen[n] = now
        changed = [run for run in runs if before.get(run.id) is not run]
        self._on_runs(changed, {k: run for seen in self._seen for k, run in seen.items()})

    def _connection_of(self, n: int, connection: Connection) -> None:
        self._states[n] = connection
        if connection.state not in ("connecting", "live"):
            self._begin()  # it may take long, or never tell
        whole = worst(self._states)
        if self._on_connection is not None and whole != self._said:
            self._said = whole
            self._on_connection(whole)
