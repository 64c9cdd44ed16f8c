"""TaggedRunsWidget: the runs that have some tags, as one live table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from trigger_widgets.client import Trigger
from trigger_widgets.config import Token

from .follow import Callback, Following, client_for
from .runs import RunsWidget

_MOST_RUNS = 1000


class TaggedRunsWidget(RunsWidget):
    """All runs that have these tags, and those to come.

    `tags` is one tag or several (a run must have all of them). `created_at` says how far back the
    table goes: "1h", or a timedelta; a server goes back 24 hours at most, and tells of 1,000 runs
    at most (protocol.md §4).
    """

    def __init__(
        self,
        tags: str | Sequence[str],
        *,
        created_at: str | timedelta | None = None,
        skip_columns: Iterable[str] = (),
        columns: Sequence[str] | None = None,
        sort: str | None = None,
        client: Trigger | None = None,
        access_token: Token | None = None,
        api_url: str | None = None,
        enabled: bool = True,
        on_update: Callback | None = None,
        on_error: Callback | None = None,
        **traits: Any,
    ) -> None:
        self._tags = [tags] if isinstance(tags, str) else list(tags)
        self._created_at, self._skip_columns = created_at, tuple(skip_columns)
        super().__init__(
            client_for(None, client, access_token, api_url),
            title="Runs",
            subtitle=", ".join(self._tags),
            total=None,
            columns=columns,
            sort=sort,
            enabled=enabled,
            on_update=on_update,
            on_complete=None,
            on_error=on_error,
            **traits,
        )

    def _follow(self) -> Following:
        return self._client.watch_runs(
            tags=self._tags,
            created_at=self._created_at,
            skip_columns=self._skip_columns,
            on_runs=self._see_runs,
            on_connection=self._see_connection,
        )

    def _hint(self, known: int) -> str | None:
        if known < _MOST_RUNS:
            return None
        return f"A server tells of {_MOST_RUNS:,} runs with a tag at most; there may be more."
