"""What TaggedRunsWidget and BatchWidget share: many runs as one live table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar, TypeVar

import traitlets
from pydantic import SecretStr

from trigger_widgets.api import rights
from trigger_widgets.client import Trigger
from trigger_widgets.errors import ConfigurationError
from trigger_widgets.lock import Lock
from trigger_widgets.models import Run
from trigger_widgets.realtime.connection import Connection
from trigger_widgets.realtime.frames import import_pandas
from trigger_widgets.realtime.handle import RunHandle

from .dispatcher import dispatcher
from .follow import Callback, FollowingWidget
from .pending import MOST_ENTRIES
from .run import RunWidget
from .run_state import hint
from .runs_fields import BUILT_IN, Fields, check_columns
from .runs_html import runs_html, runs_line
from .runs_many import for_each
from .runs_state import (
    SAVED_ROWS,
    Order,
    Tally,
    Throughput,
    records,
    run_row,
    saved_rows,
    table_state,
)

THROTTLE_SECONDS = 0.05
"""Between two messages about rows: nobody sees sixty changes a second of a table."""
T = TypeVar("T")


class RunsWidget(FollowingWidget):
    """What the tables share: rows that change, counts, cancel, and the way to a DataFrame.

    Traits: `runs` (a list of `Run`, oldest first), `counts` (by status), `selected` (ids), `done`,
    `connection`, `error`. `on_update(runs)` is called with what has changed.

    `columns` are run, label, task, status, progress, time, created, note, tags, cost, and fields
    such as "metadata.stage", "output.score" or "payload.city"; without it, those that say most.
    `sort` is one of them; a "-" in front is from the greatest to the least.
    """

    kind: ClassVar[str] = "runs"
    piece: ClassVar[str | None] = "table"
    actions: ClassVar[dict[str, str]] = {
        "cancel": "cancel",
        "replay": "replay",
        "select": "_select",
        "arrange": "arrange",
        "open": "open_run",
        "close": "close_run",
        "reconnect": "reconnect",
    }
    ordered_actions = frozenset({"select", "arrange"})

    # Python only: these can be large
    runs: traitlets.List[Any] = traitlets.List(read_only=True)
    counts = traitlets.Dict(read_only=True)
    selected: traitlets.List[Any] = traitlets.List(read_only=True)

    # on the class, because a widget that was refused its options is closed all the same
    run: RunWidget | None = None
    """The card of the run that is open below the table."""

    def __init__(
        self,
        client: Trigger,
        *,
        title: str,
        subtitle: str,
        total: int | None,
        columns: Sequence[str] | None,
        sort: str | None,
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
        self._tally = Tally()
        self._order = Order()
        self._fields = Fields()
        self._columns, self._sort = check_columns(columns), _checked_sort(sort)
        self._sent: list[str] = []
        self.replayed: list[RunHandle] = []
        """The new runs of the last `replay`."""
        self._rows_lock = Lock()
        self._scoped = rights.scopes_of(client.endpoint.access_token) is not None
        may = rights.may_cancel_runs(client.endpoint.access_token)
        self._show(
            {
                "title": title,
                "subtitle": subtitle,
                "rows": {},
                "columns": self._columns,
                "sort": self._sort,
                "selected": [],
                "child": None,
                "can": {
                    "cancel": may or "this token may read the runs, not cancel them",
                    "replay": not self._scoped or "only a secret key may replay runs",
                },
                "connection": {"state": "connecting", "reason": None},
                **table_state(self._tally, total, self._throughput),
            }
        )
        if enabled:
            self.start()

    # ── for people ──────────────────────────────────────────────────────────────────────────

    def cancel(self, ids: Iterable[str] | None = None) -> None:
        """Cancel these runs, or all that have not ended. All are tried; what was refused is raised
        at the end.
        """
        if ids is None:
            ids = [run.id for run in self._all.values() if not run.is_terminal]
        _, error = self._each("cancel", list(ids), self._client.runs.cancel, verb="canceled")
        if error is not None:
            raise error

    def replay(self, ids: Iterable[str]) -> list[RunHandle]:
        """Run these runs again with their payloads: new runs, of which it gives the handles. They
        have the same tags, but belong to no batch. If some are refused it raises, and `replayed`
        has the handles of the others.
        """
        again = self._client.runs.replay
        self.replayed, error = self._each("replay", list(ids), again, verb="replayed")
        self._show({"replayed": [handle.id for handle in self.replayed]})
        if error is not None:
            raise error
        return self.replayed

    def select(self, ids: str | Iterable[str]) -> None:
        """Choose runs: `selected` is then their ids."""
        self._select([ids] if isinstance(ids, str) else list(ids))
        dispatcher.catch_up()

    def _select(self, ids: list[str]) -> None:
        self._show({"selected": ids})
        dispatcher.submit(lambda: self._assign(selected=ids))

    def arrange(self, columns: Sequence[str] | None = None, sort: str | None = None) -> None:
        """Show these columns, or those that say most, in the order of `sort`, or of creation."""
        self._columns, self._sort = check_columns(columns), _checked_sort(sort)
        self._show({"columns": self._columns, "sort": self._sort})
        with self._rows_lock:
            self._send_fields(self._all)

    def open_run(self, id: str) -> RunWidget:  # noqa: A002 - the view's word for it
        """Show the card of a run below the table; gives it."""
        before = self.run
        token = self._token_for(id) if self._scoped else None
        self.run = RunWidget(self._all.get(id) or id, client=self._client, access_token=token)
        self._show({"child": {"id": id, "model": f"IPY_MODEL_{self.run.model_id}"}}, final=True)
        if before is not None:
            before.close()
        return self.run

    def close_run(self) -> None:
        """Close the card of the run that is open."""
        before, self.run = self.run, None
        self._show({"child": None}, final=True)
        if before is not None:
            before.close()

    def to_pandas(self) -> Any:
        """The table as a DataFrame, oldest run first. The fields of payloads, outputs and metadata
        are columns of their own, such as `output.score`.
        """
        return import_pandas("to_pandas").DataFrame(records(self._ordered()))

    def close(self) -> None:
        """Stop following, and remove every view and that of the open run."""
        if self.run is not None:
            self.run.close()
        super().close()

    def wait(self, timeout: float | None = None) -> list[Run]:
        """Block until every run has ended; gives them. Clicks are handled meanwhile.

        The runs of a batch are all that it will have, those of a tag all that are known.
        """
        self._wait_until_finished(timeout, "some of the runs have not ended")
        return self._ordered()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._text()}>"

    def _each(
        self, name: str, ids: Sequence[str], act: Callable[[str], T], *, verb: str
    ) -> tuple[list[T], Exception | None]:
        def tell(done: int) -> None:
            self._show({"doing": {"name": name, "done": done, "of": len(ids)}})

        try:
            return for_each(ids, act, tell, verb=verb)
        finally:
            self._show({"doing": None})

    # ── from the feed; on the background loop's thread, so nothing here may block ───────────

    def _see_runs(self, changed: Sequence[Run], everything: Mapping[str, Run]) -> None:
        before, self._all = self._all, everything
        gone = self._tally.see(changed, everything)
        with self._rows_lock:  # a view may choose other columns meanwhile
            if self._fields.see(changed):
                self._send_fields(before)
            self._send_rows(changed)
            if gone:
                self._channel.merge("rows", dict.fromkeys(gone))
        finished, known = self._tally.finished, self._tally.known
        self._throughput.observe(finished, time.monotonic())
        state = table_state(self._tally, self._total, self._throughput)
        over = known > 0 and finished >= (self._total or known)
        self._show({**state, "hint": self._waits_for() or self._hint(known)}, final=over)
        self._set_finished(finished=over)
        done = over and self._total is not None
        dispatcher.submit(lambda: self._observe(list(changed), everything, done=done))
        # the first rows come at once
        self._channel.throttle = THROTTLE_SECONDS

    def _row(self, run: Run) -> dict[str, Any]:
        return run_row(run, self._label(run), self._fields.cells(run, self._sent))

    def _send_rows(self, runs: Iterable[Run]) -> None:
        """As many at a time as fit into a message: the first are there while others are made."""
        rows = ((run.id, self._row(run)) for run in runs)
        while some := dict(islice(rows, MOST_ENTRIES)):
            self._channel.merge("rows", some)

    def _send_fields(self, shown_runs: Mapping[str, Run]) -> None:
        """Tell which fields there are, and what these runs, which views know, have in them."""
        automatic = self._fields.automatic()
        shown = [*(automatic if self._columns is None else self._columns)]
        if self._sort is not None:
            shown.append(self._sort.removeprefix("-"))
        fields = [name for name in dict.fromkeys(shown) if name not in BUILT_IN]
        if fields != self._sent:
            self._sent = fields
            self._send_rows(run for run in self._all.values() if run.id in shown_runs)
        self._show({"fields": dict(self._fields.kinds), "automatic": automatic})

    def _waits_for(self) -> str | None:
        if not self._tally.counts().get("PENDING_VERSION"):
            return None
        said = (hint(run, embedded=self._client.is_embedded) for run in self._all.values())
        return next(filter(None, said), None)

    def _see_connection(self, connection: Connection) -> None:
        super()._see_connection(connection)
        if connection.state == "closed" and self._following is not None:
            # it ended by itself: nothing will change, even if some items became no runs
            self._set_finished(finished=True)
            self._show({"done": True}, final=True)
            dispatcher.submit(lambda: self._observe([], self._all, done=True))

    def _hint(self, _known: int) -> str | None:
        """One sentence about what is missing."""
        return None

    def _token_for(self, _run: str) -> SecretStr | None:
        """The token that may read a run, where the client's own may not."""
        return None

    def _ordered(self) -> list[Run]:
        return self._order.of(self._all)

    def _label(self, _run: Run) -> str | None:
        """What a person calls the run, if not by its payload."""
        return None

    def _observe(self, changed: list[Run], everything: Mapping[str, Run], *, done: bool) -> None:
        if everything is self._all:  # else a newer state is already in line
            ordered = self._ordered()
            self._assign(runs=ordered, counts=self._tally.counts())
        if changed:
            self._call(self._on_update, changed)
        if done and not self.done:
            self._assign(done=True)
            self._call(self._on_complete, self.runs)

    # ── copies ──────────────────────────────────────────────────────────────────────────────

    def _bounded(self, state: dict[str, Any]) -> dict[str, Any]:
        rows = state["rows"]
        if len(rows) <= SAVED_ROWS:
            return state
        note = f"The saved copy holds {SAVED_ROWS} of {len(rows):,} runs."
        return {**state, "rows": saved_rows(rows), "selected": [], "hint": note}

    def _html(self) -> str:
        return runs_html(self._channel.snapshot()[1])

    def _text(self) -> str:
        return runs_line(self._channel.snapshot()[1])


def _checked_sort(sort: str | None) -> str | None:
    if sort is None:
        return None
    if not isinstance(sort, str):
        raise ConfigurationError(f'sort is the name of a column, or "-" and a name, not {sort!r}.')
    check_columns([sort.removeprefix("-")])
    return sort
