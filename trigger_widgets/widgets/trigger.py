"""TriggerWidget: a task's form, and below it the run that it has started."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import traitlets
from pydantic import BaseModel, SecretStr

from trigger_widgets.client import Trigger
from trigger_widgets.errors import ConfigurationError, TriggerError
from trigger_widgets.jsonable import to_jsonable
from trigger_widgets.realtime.handle import RunHandle

from .base import LiveWidget
from .dispatcher import dispatcher
from .follow import Callback, client_for
from .html import box, heading, row
from .payload_schema import PayloadSchema
from .run import RunWidget

_REMEMBERED = 5


class TriggerWidget(LiveWidget):
    """Start a task from the notebook: a form, or a box for JSON, with the live run below it.

    `task` is an id or a task. `schema` is a pydantic model or a JSON Schema; without one the type
    that the task's payload is annotated with is used. `payload` fills the form in the beginning.
    `options` are those of `tasks.trigger`, such as `{"tags": ["demo"]}`.

    Traits: `run_id` of the newest run, `submitting`. `on_submit(handle)` is called for each run.
    """

    kind: ClassVar[str] = "trigger"
    actions: ClassVar[dict[str, str]] = {"submit": "submit"}

    run_id = traitlets.Unicode(None, allow_none=True, read_only=True).tag(sync=True)
    submitting = traitlets.Bool(False, read_only=True).tag(sync=True)

    # on the class, because a widget that was refused its options is closed all the same
    run: RunWidget | None = None
    """The card of the newest run."""

    def __init__(
        self,
        task: Any,
        *,
        schema: type[BaseModel] | Mapping[str, Any] | None = None,
        payload: Any = None,
        options: Mapping[str, Any] | None = None,
        client: Trigger | None = None,
        access_token: str | SecretStr | None = None,
        api_url: str | None = None,
        on_submit: Callback | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._task = task
        self._own_client = client is not None or access_token is not None or api_url is not None
        self._client = client_for(None, client, access_token, api_url)
        self._trigger_options = dict(options or {})
        self._schema = PayloadSchema(schema if schema is not None else _annotation(task))
        self._on_submit = on_submit
        self._submit_lock = threading.Lock()
        self._runs: list[dict[str, Any]] = []
        text = "" if payload is None else json.dumps(to_jsonable(payload), indent=2)
        self._show(
            {
                "task": task if isinstance(task, str) else task.id,
                "schema": self._schema.json_schema,
                "payload": text,
                "submitting": False,
                "problem": None,
                "runs": [],
                "child": None,
            }
        )

    def submit(self, payload: Any = None) -> RunHandle | None:
        """Start a run, as the button does. None while another one is being started, and where
        the payload is refused: the form then says why.
        """
        if not self._submit_lock.acquire(blocking=False):
            return None
        try:
            problem = self._schema.check(payload)
            self._show({"problem": problem})
            return None if problem else self._trigger(payload)
        finally:
            self._submit_lock.release()

    def _trigger(self, payload: Any) -> RunHandle:
        self._set_submitting(value=True)
        try:
            handle = self._start(payload)
        except TriggerError as e:
            self._show({"problem": {"message": str(e), "fields": {}}})
            raise
        finally:
            self._set_submitting(value=False)
        before, self.run = self.run, RunWidget(handle)
        now = {"id": handle.id, "created_at": time.time() * 1000}
        self._runs = [now, *self._runs][:_REMEMBERED]
        self._show({"runs": self._runs, "child": f"IPY_MODEL_{self.run.model_id}"}, final=True)
        if before is not None:
            before.close()  # its card is no longer shown, so nothing should follow it
        dispatcher.submit(lambda: self._assign(run_id=handle.id))
        dispatcher.submit(lambda: self._call(self._on_submit, handle))
        return handle

    def _start(self, payload: Any) -> RunHandle:
        if isinstance(self._task, str) or self._own_client:
            return self._client.tasks.trigger(self._task, payload, **self._trigger_options)
        handle: RunHandle = self._task.trigger(payload, **self._trigger_options)
        return handle

    def _set_submitting(self, *, value: bool) -> None:
        self._show({"submitting": value})
        dispatcher.submit(lambda: self._assign(submitting=value))

    def __repr__(self) -> str:
        return f"<TriggerWidget {self._text()}>"

    def close(self) -> None:
        """Remove every view, and that of the newest run."""
        if self.run is not None:
            self.run.close()
        super().close()

    def _html(self) -> str:
        _, state = self._channel.snapshot()
        runs = [row(f"triggered {each['id']}") for each in state["runs"]]
        return box(heading(state["task"], "", "can be triggered here"), *runs)

    def _text(self) -> str:
        _, state = self._channel.snapshot()
        return f"{state['task']} · {len(state['runs'])} runs triggered here"


def _annotation(task: Any) -> Any:
    """The type a task's payload is annotated with, if it says one."""
    if isinstance(task, str):
        return None
    if not hasattr(task, "parameters"):
        raise ConfigurationError(
            f"{task!r} is not a task; give its id, or the function decorated with @task."
        )
    return task.parameters.input_type
