"""TriggerWidget: a task's form, and below it the run that it has started."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

import traitlets
from pydantic import BaseModel

from trigger_widgets.client import Trigger
from trigger_widgets.config import Token
from trigger_widgets.errors import ConfigurationError, TriggerError
from trigger_widgets.jsonable import to_jsonable
from trigger_widgets.lock import Lock
from trigger_widgets.realtime.handle import RunHandle

from .base import LiveWidget
from .dispatcher import dispatcher
from .follow import Callback, client_for
from .payload_schema import PayloadSchema
from .run import RunWidget
from .trigger_html import trigger_html, trigger_line
from .trigger_options import beside_form, in_form, options_schema

REMEMBERED = 8
"""Runs whose cards can be shown again."""
_PAYLOAD_CHARACTERS = 4_000


class TriggerWidget(LiveWidget):
    """Start a task from the notebook: a form, or a box for JSON, with the live run below it.

    `task` is an id or a task. `schema` is a pydantic model or a JSON Schema; without one the type
    that the task's payload is annotated with is used. `payload` fills the form in the beginning.
    `options` are those of `tasks.trigger`, such as `{"tags": ["demo"]}`; a person can change them.
    `streams`, `approvals`, `on_update`, `on_complete`, `on_error` and `enabled` are those of the
    `RunWidget` below.

    Traits: `run_id` of the newest run, `submitting`, `error` of the last try to start one.
    `on_submit(handle)` is called for each run. `run` is the card of the newest, `runs` those of
    the last eight, newest first.
    """

    kind: ClassVar[str] = "trigger"
    piece: ClassVar[str | None] = "forms"
    actions: ClassVar[dict[str, str]] = {"submit": "submit"}

    run_id = traitlets.Unicode(None, allow_none=True, read_only=True).tag(sync=True)
    submitting = traitlets.Bool(False, read_only=True).tag(sync=True)
    connection = traitlets.Unicode("closed", read_only=True).tag(sync=True)
    error = traitlets.Instance(Exception, allow_none=True, read_only=True)

    # on the class, because a widget that was refused its options is closed all the same
    runs: tuple[RunWidget, ...] = ()
    """The cards of the last runs, newest first."""

    def __init__(
        self,
        task: Any,
        *,
        schema: type[BaseModel] | Mapping[str, Any] | None = None,
        payload: Any = None,
        options: Mapping[str, Any] | None = None,
        client: Trigger | None = None,
        access_token: Token | None = None,
        api_url: str | None = None,
        enabled: bool = True,
        streams: bool | Iterable[str] = False,
        approvals: bool = False,
        on_submit: Callback | None = None,
        on_update: Callback | None = None,
        on_complete: Callback | None = None,
        on_error: Callback | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._task = task
        self._own_client = client is not None or access_token is not None or api_url is not None
        self._client = client_for(None, client, access_token, api_url)
        self._given = dict(options or {})
        self._schema = PayloadSchema(schema if schema is not None else _annotation(task))
        self._on_submit, self._on_error = on_submit, on_error
        self._card = partial(
            RunWidget,
            enabled=enabled,
            streams=streams if isinstance(streams, bool | str) else tuple(streams),
            approvals=approvals,
            on_update=on_update,
            on_complete=on_complete,
            on_error=on_error,
        )
        self._lock = Lock()
        self._submitting = False
        self._started: list[dict[str, Any]] = []
        text = "" if payload is None else json.dumps(to_jsonable(payload), indent=2)
        self._show(
            {
                "name": self.model_id,
                "task": task if isinstance(task, str) else task.id,
                "schema": self._schema.json_schema,
                "payload": text,
                "options_schema": options_schema(embedded=self._client.is_embedded),
                "options": json.dumps(in_form(self._given)),
                "submitting": False,
                "problem": None,
                "runs": [],
            }
        )

    @property
    def run(self) -> RunWidget | None:
        """The card of the newest run."""
        return self.runs[0] if self.runs else None

    def submit(
        self, payload: Any = None, options: Mapping[str, Any] | None = None
    ) -> RunHandle | None:
        """Start a run, as the button does. None while another one is being started, and where
        the payload is refused: the form then says why.

        `options` take the place of those that the form has had from the beginning.
        """
        first = False
        try:
            with self._lock:
                if not self._submitting:
                    first = self._submitting = True
            if not first:
                return None
            problem = self._schema.check(payload)
            self._show({"problem": problem})
            return None if problem else self._trigger(payload, options)
        finally:
            if first:
                self._submitting = False

    def stop(self) -> None:
        """Follow no run any more. The runs go on, and what is known stays."""
        for run in self.runs:
            run.stop()

    def _trigger(self, payload: Any, options: Mapping[str, Any] | None) -> RunHandle:
        given = self._given if options is None else {**beside_form(self._given), **options}
        self._set_submitting(value=True)
        try:
            handle = self._start(payload, given)
        except TriggerError as e:
            self._show({"problem": {"message": str(e), "fields": {}}})
            dispatcher.submit(partial(self._observe_refusal, e))
            raise
        finally:
            self._set_submitting(value=False)
        self._add(handle, payload)
        return handle

    def _start(self, payload: Any, options: Mapping[str, Any]) -> RunHandle:
        if isinstance(self._task, str) or self._own_client:
            return self._client.tasks.trigger(self._task, payload, **options)
        handle: RunHandle = self._task.trigger(payload, **options)
        return handle

    def _add(self, handle: RunHandle, payload: Any) -> None:
        run = self._card(handle)
        text = json.dumps(to_jsonable(payload), ensure_ascii=False)
        started = {
            "id": handle.id,
            "created_at": time.time() * 1000,
            "status": run.status,
            "payload": text if len(text) <= _PAYLOAD_CHARACTERS else None,
            "child": f"IPY_MODEL_{run.model_id}",
        }
        old = self.runs[REMEMBERED - 1 :]
        self.runs = (run, *self.runs)[:REMEMBERED]
        with self._lock:
            self._started = [started, *self._started][:REMEMBERED]
            self._show({"runs": self._started}, final=True)
        for each in old:
            each.close()
        run.observe(lambda _: self._see_status(run), ["status", "done"])
        run.observe(lambda change: self._see_connection(run, change["new"]), "connection")
        self._see_status(run)
        dispatcher.submit(lambda: self._assign(run_id=handle.id, error=None))
        dispatcher.submit(lambda: self._call(self._on_submit, handle))

    def _see_status(self, run: RunWidget) -> None:
        with self._lock:  # observers are on another thread than who submits
            self._started = [
                {**each, "status": run.status} if each["id"] == run.run_id else each
                for each in self._started
            ]
            self._show({"runs": self._started}, final=run.done)

    def _see_connection(self, run: RunWidget, connection: str) -> None:
        if run is self.run:
            self._assign(connection=connection)

    def _observe_refusal(self, error: TriggerError) -> None:
        self._assign(error=error)
        self._call(self._on_error, error)

    def _set_submitting(self, *, value: bool) -> None:
        self._show({"submitting": value})
        dispatcher.submit(lambda: self._assign(submitting=value))

    def __repr__(self) -> str:
        return f"<TriggerWidget {self._text()}>"

    def close(self) -> None:
        """Remove every view, and those of the runs."""
        for run in self.runs:
            run.close()
        super().close()

    def _html(self) -> str:
        below = self.run.to_html() if self.run is not None else ""
        return trigger_html(self._channel.snapshot()[1]) + below

    def _text(self) -> str:
        return trigger_line(self._channel.snapshot()[1])


def _annotation(task: Any) -> Any:
    """The type a task's payload is annotated with, if it says one."""
    if isinstance(task, str):
        return None
    if not hasattr(task, "parameters"):
        raise ConfigurationError(
            f"{task!r} is not a task; give its id, or the function decorated with @task."
        )
    return task.parameters.input_type
