"""BatchWidget: the runs of one batch, as one live table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from trigger_widgets.client import Trigger
from trigger_widgets.config import Token
from trigger_widgets.models import Batch, Run
from trigger_widgets.realtime.batch import BatchHandle

from .follow import Callback, Following, client_for
from .runs import RunsWidget


class BatchWidget(RunsWidget):
    """The runs of one batch, with the time that is left.

    `batch` is an id or a `BatchHandle`, whose keys then name the rows. `on_complete(runs)` is
    called once, when all have ended.
    """

    def __init__(
        self,
        batch: str | BatchHandle,
        *,
        columns: Sequence[str] | None = None,
        sort: str | None = None,
        client: Trigger | None = None,
        access_token: Token | None = None,
        api_url: str | None = None,
        enabled: bool = True,
        on_update: Callback | None = None,
        on_complete: Callback | None = None,
        on_error: Callback | None = None,
        **traits: Any,
    ) -> None:
        self._handle = batch if isinstance(batch, BatchHandle) else None
        self._batch = batch
        self._keys = self._handle.keys_by_run() if self._handle else {}
        super().__init__(
            client_for(self._handle, client, access_token, api_url),
            title=(self._handle.task if self._handle else None) or "Batch",
            subtitle=self._handle.id if self._handle else str(batch),
            total=self._handle.distinct_runs if self._handle else None,
            columns=columns,
            sort=sort,
            enabled=enabled,
            on_update=on_update,
            on_complete=on_complete,
            on_error=on_error,
            **traits,
        )

    def to_pandas(self) -> Any:
        """The table as a DataFrame: in the order of the items and labelled by their keys where
        the widget was given what `batch_trigger` gave, else oldest run first.
        """
        frame, handle = super().to_pandas(), self._handle
        places = handle.places() if handle else {}
        if handle is None or any(run not in places for run in frame["id"]):
            return frame
        frame = frame.iloc[sorted(range(len(frame)), key=lambda n: places[frame["id"].iloc[n]])]
        return frame.set_axis(handle.labels([places[run] for run in frame["id"]]))

    def _follow(self) -> Following:
        batch: BatchHandle | Batch = (
            self._handle or self._client.batches.retrieve(self._batch)  # it says how many to expect
        )
        self._total = getattr(batch, "distinct_runs", batch.run_count)
        return self._client.watch_runs(
            batch=batch, on_runs=self._see_runs, on_connection=self._see_connection
        )

    def _label(self, run: Run) -> str | None:
        key = self._keys.get(run.id)
        return None if key is None else str(key)

    def _token_for(self, run_id: str) -> SecretStr | None:
        return self._handle.token_of(run_id) if self._handle else None
