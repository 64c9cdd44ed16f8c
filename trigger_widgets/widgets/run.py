"""RunWidget: one run, live."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, ClassVar

import traitlets
from pydantic import SecretStr

from trigger_widgets.client import Trigger
from trigger_widgets.errors import TriggerError
from trigger_widgets.models import Run, RunStatus
from trigger_widgets.realtime.handle import RunHandle
from trigger_widgets.realtime.subscription import Watch

from .dispatcher import dispatcher
from .follow import Callback, FollowingWidget, client_for
from .preview import SAVED_BYTES, preview
from .progress import Pace, read_progress
from .run_html import run_html, run_line
from .run_state import hint, run_state


class RunWidget(FollowingWidget):
    """A live card of one run: status, progress, metadata, output or error, and a cancel button.

    `run` is an id, a `RunHandle` or a `Run`. With `access_token` alone the token is used at the
    default client's server. `on_update(run)` is called for the newest state that is seen,
    `on_complete(run)` once at the end, `on_error(exception)` for a run that failed and for a
    subscription that cannot go on.

    Traits to observe or link: `run_id`, `status`, `progress` (percent), `metadata`, `output`,
    `error` (an exception), `connection`, `done`.
    """

    kind: ClassVar[str] = "run"
    actions: ClassVar[dict[str, str]] = {"cancel": "cancel", "reconnect": "reconnect"}

    run_id = traitlets.Unicode(read_only=True).tag(sync=True)
    status = traitlets.Unicode(None, allow_none=True, read_only=True).tag(sync=True)
    progress = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    # Python only: these can be large
    run = traitlets.Instance(Run, allow_none=True, read_only=True)
    metadata = traitlets.Dict(read_only=True)
    output = traitlets.Any(None, read_only=True)

    def __init__(
        self,
        run: str | RunHandle | Run,
        *,
        client: Trigger | None = None,
        access_token: str | SecretStr | None = None,
        api_url: str | None = None,
        enabled: bool = True,
        skip_columns: Iterable[str] = (),
        on_update: Callback | None = None,
        on_complete: Callback | None = None,
        on_error: Callback | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._client = client_for(run, client, access_token, api_url)
        self._skip_columns = tuple(skip_columns)
        self._on_update, self._on_complete, self._on_error = on_update, on_complete, on_error
        self._pace = Pace()
        self._latest: Run | None = None
        self._may_cancel: bool | None = None
        self._assign(run_id=run if isinstance(run, str) else run.id)
        self._show(
            {
                "run_id": self.run_id,
                "task": getattr(run, "task", None),
                "connection": {"state": "connecting", "reason": None},
                "can": {"cancel": None},
            }
        )
        if isinstance(run, Run):
            self._see(run)
        if enabled:
            self.start()

    # ── for people ──────────────────────────────────────────────────────────────────────────

    def cancel(self) -> None:
        """Cancel the run."""
        self._show({"cancelling": True, "fault": None})
        try:
            self._client.runs.cancel(self.run_id)
        except TriggerError:
            self._show({"cancelling": False})
            raise

    def __repr__(self) -> str:
        return f"<RunWidget {self._text()}>"

    # ── from the feed; on the background loop's thread, so nothing here may block ───────────

    def _see(self, run: Run) -> None:
        self._latest = run
        progress = read_progress(run.metadata)
        if progress is not None and run.status.is_executing:
            self._pace.observe(progress, time.monotonic())
        state = run_state(run, progress, self._pace)
        state["hint"] = hint(run, embedded=self._client.is_embedded)
        state["can"] = {"cancel": None if run.is_terminal else self._cancel_right(run)}
        if run.is_terminal:
            state["cancelling"] = False
            self._set_finished(finished=True)
        self._show(state, final=run.is_terminal)
        percent = None if progress is None or progress.fraction is None else progress.fraction * 100
        dispatcher.submit(lambda: self._observe(run, percent))

    def _follow(self) -> Watch[Run]:
        return self._client.watch_run(
            self.run_id,
            on_run=self._see,
            on_connection=self._see_connection,
            skip_columns=self._skip_columns,
        )

    def _cancel_right(self, run: Run) -> bool | str:
        if self._may_cancel is None:  # asked once: it may have to find the engine
            self._may_cancel = self._client.may_cancel(run)
        return self._may_cancel or "this token may read the run, not cancel it"

    # ── to those who observe; on the dispatcher's thread ────────────────────────────────────

    def _observe(self, run: Run, percent: float | None) -> None:
        if run is not self._latest and not run.is_terminal:
            return  # a newer one is already in line
        values: dict[str, Any] = {
            "run": run,
            "metadata": run.metadata,
            "progress": percent,
            "status": run.status.value,
        }
        if run.is_terminal:
            values |= {"output": run.output, "error": _failure(run), "done": True}
        finished_now = run.is_terminal and not self.done
        self._assign(**values)
        self._call(self._on_update, run)
        if finished_now:
            self._call(self._on_complete, run)
            if self.error is not None:
                self._call(self._on_error, self.error)

    # ── copies ──────────────────────────────────────────────────────────────────────────────

    def _bounded(self, state: dict[str, Any]) -> dict[str, Any]:
        large = ("metadata", "output", "error")
        return {k: preview(v, SAVED_BYTES) if k in large else v for k, v in state.items()}

    def _html(self) -> str:
        return run_html(self._channel.snapshot()[1])

    def _text(self) -> str:
        return run_line(self._channel.snapshot()[1])


def _failure(run: Run) -> Exception | None:
    if run.status is RunStatus.COMPLETED:
        return None
    try:
        run.unwrap()
    except TriggerError as e:
        return e
    return None
