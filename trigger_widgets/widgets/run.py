"""RunWidget: one run, live."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

import traitlets

from trigger_widgets.api import rights
from trigger_widgets.client import Trigger
from trigger_widgets.config import Token
from trigger_widgets.errors import TriggerError
from trigger_widgets.lock import Lock
from trigger_widgets.models import Run, RunStatus
from trigger_widgets.realtime.handle import RunHandle
from trigger_widgets.realtime.subscription import Watch

from .approval import ApprovalWidget
from .base import in_background
from .dispatcher import dispatcher
from .follow import Callback, FollowingWidget, client_for
from .preview import SAVED_BYTES, preview
from .progress import Pace, read_progress
from .run_details import RunDetails
from .run_html import run_html, run_line
from .run_log import SAVED_LINES, Line
from .run_parts import RunParts
from .run_state import details_state, hint, run_state
from .stream import StreamWidget

# how often a run that changes is asked for what its feed does not tell
_EVERY_SECONDS = 1.0
_EVERY_SECONDS_AT_LEISURE = 5.0


class RunWidget(FollowingWidget):
    """A live card of one run: how far it is, what came of it, its metadata, payload and log.

    `run` is an id, a `RunHandle` or a `Run`. With `access_token` alone the token is used at the
    default client's server. `streams=True` (or some names) shows in the card what the run streams,
    `approvals=True` the wait tokens that it waits for or that its metadata names, up to two levels
    deep: the widgets are then in `.streams` and `.approvals`.

    `on_update(run)` is called for the newest state that is seen, `on_complete(run)` once at the
    end, `on_error(exception)` for a run that failed and for a subscription that cannot go on.

    Traits to observe or link: `run_id`, `status`, `progress` (percent), `metadata`, `output`,
    `error` (an exception), `connection`, `done`.
    """

    kind: ClassVar[str] = "run"
    actions: ClassVar[dict[str, str]] = {
        "cancel": "cancel",
        "replay": "replay",
        "reconnect": "reconnect",
    }

    run_id = traitlets.Unicode(read_only=True).tag(sync=True)
    status = traitlets.Unicode(None, allow_none=True, read_only=True).tag(sync=True)
    progress = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    # on the class, because a widget that was refused its options is closed all the same
    _beside: tuple[RunDetails | RunParts, ...] = ()
    replayed: RunWidget | None = None
    """The card of the newest run that repeats this one."""
    # Python only: these can be large
    run = traitlets.Instance(Run, allow_none=True, read_only=True)
    metadata = traitlets.Dict(read_only=True)
    output = traitlets.Any(None, read_only=True)

    def __init__(
        self,
        run: str | RunHandle | Run,
        *,
        client: Trigger | None = None,
        access_token: Token | None = None,
        api_url: str | None = None,
        enabled: bool = True,
        skip_columns: Iterable[str] = (),
        streams: bool | Iterable[str] = False,
        approvals: bool = False,
        on_update: Callback | None = None,
        on_complete: Callback | None = None,
        on_error: Callback | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._client = client_for(run, client, access_token, api_url)
        self._skip_columns = tuple(skip_columns)
        streams = streams if isinstance(streams, bool | str) else tuple(streams)
        self._on_update, self._on_complete, self._on_error = on_update, on_complete, on_error
        self._again = partial(
            RunWidget,
            client=self._client,
            skip_columns=self._skip_columns,
            streams=streams,
            approvals=approvals,
            on_update=on_update,
            on_complete=on_complete,
            on_error=on_error,
        )
        self._pace = Pace()
        self._latest: Run | None = None
        self._may_cancel: bool | None = None
        self._composing = Lock()
        self._assign(run_id=run if isinstance(run, str) else run.id)
        self._parts = RunParts(
            self._client,
            streams=streams,
            approvals=approvals,
            enabled=enabled,
            on_end=self._see_part,
        )
        self._details = RunDetails(
            self._client,
            self.run_id,
            every=_EVERY_SECONDS if approvals else _EVERY_SECONDS_AT_LEISURE,
            on_run=self._see_details,
            on_log=self._see_log,
        )
        self._beside = (self._details, self._parts)
        self._show(
            {
                "run_id": self.run_id,
                "task": getattr(run, "task", None),
                "connection": {"state": "connecting", "reason": None},
                "can": {"cancel": None, "replay": None},
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
        except BaseException:  # also a Ctrl-C
            self._show({"cancelling": False})
            raise

    def replay(self) -> RunHandle:
        """Start it again, with the same payload: the new run is shown below this one.

        `.replayed` is its card; that of an earlier replay is closed.
        """
        handle = self._client.runs.replay(self.run_id)
        before, self.replayed = self.replayed, self._again(handle)
        child = f"IPY_MODEL_{self.replayed.model_id}"
        self._show({"replayed": {"id": handle.id, "child": child}}, final=True)
        self.replayed.observe(self._see_part, "done")
        if before is not None:
            before.close()
        return handle

    @property
    def streams(self) -> Mapping[str, StreamWidget]:
        """The widgets of its streams, by name, where they were asked for."""
        return dict(self._parts.streams)

    @property
    def approvals(self) -> Mapping[str, ApprovalWidget]:
        """The widgets of its wait tokens, by id, where they were asked for."""
        return dict(self._parts.approvals)

    def start(self) -> None:
        """Follow the run and what it is composed of, from now on or again."""
        super().start()
        for each in self._beside:
            each.start()

    def stop(self) -> None:
        """Stop following. The run goes on, and what is known stays."""
        super().stop()
        for each in self._beside:
            each.stop()

    def close(self) -> None:
        """Stop following, and remove every view."""
        super().close()
        for each in (*self._beside, self.replayed):
            if each is not None:
                each.close()

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
        state["can"] = {
            "cancel": None if run.is_terminal else self._cancel_right(run),
            "replay": self._replay_right() if run.is_terminal else None,
        }
        if run.is_terminal:
            state["cancelling"] = False
            self._set_finished(finished=True)
        self._show(state, final=run.is_terminal)
        self._details.see(run)
        if self._parts.are_wanted:
            in_background(self._compose, run)
        percent = None if progress is None or progress.fraction is None else progress.fraction * 100
        dispatcher.submit(lambda: self._observe(run, percent))

    def _compose(self, run: Run) -> None:
        with self._composing:  # what was seen later is shown later
            parts = self._parts.see(run)
            if parts is not None:
                self._show({"parts": parts}, final=True)

    def _see_part(self, _change: Any) -> None:
        """A part has ended: the static copy has it, too."""
        self._saver.changed(final=True)

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

    def _replay_right(self) -> bool | str:
        may = rights.may_replay(self._client.endpoint.access_token)
        return may or "this token may read the run; replay needs the secret key"

    # ── from its details; on the poller's thread ────────────────────────────────────────────

    def _see_details(self, run: Run) -> None:
        self._show(details_state(run), final=run.is_terminal)
        self._compose(run)

    def _see_log(self, lines: list[Line]) -> None:
        self._channel.append("log", lines)  # which keeps the last of them
        self._saver.changed(final=self.done)

    def _on_shown(self) -> None:
        self._details.look()

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
        large = ("payload", "metadata", "output", "error")
        saved = {k: preview(v, SAVED_BYTES) if k in large else v for k, v in state.items()}
        log: list[Line] = state.get("log", [])
        return {**saved, "log": log[-SAVED_LINES:]}

    def _html(self) -> str:
        below = self.replayed.to_html() if self.replayed is not None else ""
        return run_html(self._channel.snapshot()[1], self._parts.html()) + below

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
