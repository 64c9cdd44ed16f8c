"""TaggedRunsWidget and BatchWidget: many runs as one live table."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, ClassVar

import traitlets

from trigger_widgets.api import rights
from trigger_widgets.client import Trigger
from trigger_widgets.config import Token
from trigger_widgets.errors import ConfigurationError
from trigger_widgets.models import Batch, Run
from trigger_widgets.realtime.batch import BatchHandle
from trigger_widgets.realtime.connection import Connection

from .dispatcher import dispatcher
from .follow import Callback, Following, FollowingWidget, client_for
from .runs_html import runs_html, runs_line
from .runs_state import Throughput, counts, record, run_row, table_state

SAVED_ROWS = 200
_AT_ONCE = 8


class RunsWidget(FollowingWidget):
    """What the tables share: rows that change, counts, cancel, and the way to a DataFrame.

    Traits: `runs` (a list of `Run`, oldest first), `counts` (by status), `selected` (ids), `done`,
    `connection`, `error`. `on_update(runs)` is called with what has changed.
    """

    kind: ClassVar[str] = "runs"
    actions: ClassVar[dict[str, str]] = {
        "cancel": "cancel",
        "open": "select",
        "reconnect": "reconnect",
    }

    # Python only: these can be large
    runs: traitlets.List[Any] = traitlets.List(read_only=True)
    counts = traitlets.Dict(read_only=True)
    selected: traitlets.List[Any] = traitlets.List(read_only=True)

    def __init__(
        self,
        client: Trigger,
        *,
        title: str,
        subtitle: str,
        total: int | None,
        enabled: bool,
        on_update: Callback | None,
        on_complete: Callback | None,
        on_error: Callback | None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._client = client
        self._total = total
        self._on_update, self._on_complete, self._on_error = on_update, on_complete, on_error
        self._all: Mapping[str, Run] = {}
        self._throughput = Throughput()
        self._rows: set[str] = set()
        may = rights.may_cancel_runs(client.endpoint.access_token)
        self._show(
            {
                "title": title,
                "subtitle": subtitle,
                "rows": {},
                "can": {"cancel": may or "this token may read the runs, not cancel them"},
                "connection": {"state": "connecting", "reason": None},
                **table_state({}, total, self._throughput),
            }
        )
        if enabled:
            self.start()

    # ── for people ──────────────────────────────────────────────────────────────────────────

    def cancel(self, ids: Iterable[str] | None = None) -> None:
        """Cancel these runs, or all that have not ended; the first refusal is raised at the end."""
        chosen = [r.id for r in self.runs if not r.is_terminal] if ids is None else list(ids)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            answers = [threads.submit(self._client.runs.cancel, run_id) for run_id in chosen]
        refusals = [answer.exception() for answer in answers if answer.exception()]
        if refusals and refusals[0] is not None:
            raise refusals[0]

    def select(self, id: str) -> None:  # noqa: A002 - the view's word for it
        """Choose a run: `selected` is then its id, and whoever observes it can show it."""
        self._assign(selected=[id])

    def to_pandas(self) -> Any:
        """The table as a DataFrame, oldest run first."""
        try:
            import pandas as pd
        except ImportError:
            raise ConfigurationError(
                "to_pandas() needs pandas; install it with `pip install trigger-widgets[pandas]`."
            ) from None
        return pd.DataFrame([record(run) for run in self.runs])

    def wait(self, timeout: float | None = None) -> list[Run]:
        """Block until every run has ended; gives them. Clicks are handled meanwhile.

        The runs of a batch are all that it will have, those of a tag all that are known.
        """
        self._wait_until_finished(timeout, "some of the runs have not ended")
        return self._ordered()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._text()}>"

    # ── from the feed; on the background loop's thread, so nothing here may block ───────────

    def _see_runs(self, changed: Sequence[Run], everything: Mapping[str, Run]) -> None:
        self._all = everything
        rows: dict[str, Any] = {run.id: run_row(run, self._label(run)) for run in changed}
        gone = self._rows - everything.keys()
        self._rows = (self._rows | rows.keys()) - gone
        self._channel.merge("rows", {**rows, **dict.fromkeys(gone)})
        finished = sum(run.is_terminal for run in everything.values())
        self._throughput.observe(finished, time.monotonic())
        state = table_state(everything, self._total, self._throughput)
        over = bool(everything) and finished >= (self._total or len(everything))
        self._show(state, final=over)
        self._set_finished(finished=over)
        done = over and self._total is not None
        dispatcher.submit(lambda: self._observe(list(changed), everything, done=done))

    def _see_connection(self, connection: Connection) -> None:
        super()._see_connection(connection)
        if connection.state == "closed" and self._following is not None:
            # it ended by itself: nothing will change, even if some items became no runs
            self._set_finished(finished=True)
            self._show({"done": True}, final=True)
            dispatcher.submit(lambda: self._observe([], self._all, done=True))

    def _ordered(self) -> list[Run]:
        return sorted(self._all.values(), key=lambda run: (run.created_at, run.id))

    def _label(self, _run: Run) -> str | None:
        """What a person calls the run, if not by its payload."""
        return None

    def _observe(self, changed: list[Run], everything: Mapping[str, Run], *, done: bool) -> None:
        if everything is self._all:  # else a newer state is already in line
            ordered = self._ordered()
            self._assign(runs=ordered, counts=counts(ordered))
        if changed:
            self._call(self._on_update, changed)
        if done and not self.done:
            self._assign(done=True)
            self._call(self._on_complete, self.runs)

    # ── copies ──────────────────────────────────────────────────────────────────────────────

    def _bounded(self, state: dict[str, Any]) -> dict[str, Any]:
        rows = list(state["rows"].items())
        if len(rows) <= SAVED_ROWS:
            return state
        note = f"the saved copy holds {SAVED_ROWS} of {len(rows):,} runs"
        return {**state, "rows": dict(rows[:SAVED_ROWS]), "hint": note}

    def _html(self) -> str:
        return runs_html(self._channel.snapshot()[1])

    def _text(self) -> str:
        return runs_line(self._channel.snapshot()[1])


class TaggedRunsWidget(RunsWidget):
    """All runs that have these tags, and those to come.

    `tags` is one tag or several (a run must have all of them). `created_at` says how far back the
    table goes: "1h", or a timedelta; a server goes back 24 hours at most (protocol.md §4).
    """

    def __init__(
        self,
        tags: str | Sequence[str],
        *,
        created_at: str | timedelta | None = None,
        skip_columns: Iterable[str] = (),
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


class BatchWidget(RunsWidget):
    """The runs of one batch, with the time that is left.

    `batch` is an id or a `BatchHandle`, whose keys then name the rows. `on_complete(runs)` is
    called once, when all have ended.
    """

    def __init__(
        self,
        batch: str | BatchHandle,
        *,
        client: Trigger | None = None,
        access_token: Token | None = None,
        api_url: str | None = None,
        enabled: bool = True,
        on_update: Callback | None = None,
        on_complete: Callback | None = None,
        on_error: Callback | None = None,
        **traits: Any,
    ) -> None:
        handle = batch if isinstance(batch, BatchHandle) else None
        self._batch = batch
        self._keys = handle.keys_by_run() if handle else {}
        super().__init__(
            client_for(handle, client, access_token, api_url),
            title=(handle.task if handle else None) or "Batch",
            subtitle=handle.id if handle else str(batch),
            total=handle.run_count if handle else None,
            enabled=enabled,
            on_update=on_update,
            on_complete=on_complete,
            on_error=on_error,
            **traits,
        )

    def _follow(self) -> Following:
        batch: BatchHandle | Batch = (
            self._batch
            if isinstance(self._batch, BatchHandle)
            else self._client.batches.retrieve(self._batch)  # it says how many runs to expect
        )
        self._total = batch.run_count
        return self._client.watch_runs(
            batch=batch, on_runs=self._see_runs, on_connection=self._see_connection
        )

    def _label(self, run: Run) -> str | None:
        key = self._keys.get(run.id)
        return None if key is None else str(key)
