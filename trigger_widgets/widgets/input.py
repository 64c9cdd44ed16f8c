"""InputWidget: a person tells a run something while it goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import traitlets
from pydantic import SecretStr, TypeAdapter

from trigger_widgets.api import rights
from trigger_widgets.api.runs import run_id
from trigger_widgets.api.streams import stream_id
from trigger_widgets.client import Trigger
from trigger_widgets.errors import ConfigurationError, PermissionDeniedError
from trigger_widgets.jsonable import to_jsonable
from trigger_widgets.lock import Lock
from trigger_widgets.models import Run
from trigger_widgets.realtime.connection import Connection
from trigger_widgets.realtime.handle import RunHandle

from .dispatcher import dispatcher
from .follow import Callback, Following, FollowingWidget, client_for
from .html import status_words
from .input_html import input_html, input_line
from .input_state import Message, is_talk
from .payload_schema import PayloadSchema
from .run_state import hint

# How many the views and a saved notebook have, and can be retried; `sent` has all.
SHOWN = 200

_MAY_NOT = "This token may not send to the input streams of this run; another one can."
_BLIND = "This token may send to the run, not read it: whether the run still listens is not known."


class InputWidget(FollowingWidget):
    """A box whose text goes to an input stream of a run, with what was sent above it.

    `run` is an id, a `RunHandle` or a `Run`; `input_stream` the stream's id. With the default
    `schema=str` it is like a chat: Enter sends. A pydantic model, another type or a JSON Schema
    makes a form, `schema=None` a box for JSON; `value` is what stands there in the beginning. The
    task gets what is sent from `streams.input(id)`. A token with `write:inputStreams:<run>` is
    enough, and one that may also read the run shows when it has ended.

    Traits: `sent` (what the server has taken, in order), `status` of the run, `done` once it has
    ended, `connection`, `error`. `on_send(data)` is called for everything that was sent.
    """

    kind: ClassVar[str] = "input"
    piece: ClassVar[str | None] = "forms"
    actions: ClassVar[dict[str, str]] = {
        "send": "_submit",
        "retry": "_retry",
        "reconnect": "reconnect",
    }

    run_id = traitlets.Unicode(read_only=True).tag(sync=True)
    stream = traitlets.Unicode(read_only=True).tag(sync=True)
    status = traitlets.Unicode(None, allow_none=True, read_only=True).tag(sync=True)
    sent: traitlets.List[Any] = traitlets.List(read_only=True)

    def __init__(
        self,
        run: str | RunHandle | Run,
        input_stream: Any,
        *,
        schema: Any = str,
        value: Any = None,
        client: Trigger | None = None,
        access_token: str | SecretStr | None = None,
        api_url: str | None = None,
        enabled: bool = True,
        on_send: Callback | None = None,
        on_error: Callback | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._client = client_for(run, client, access_token, api_url)
        self._schema = _schema(schema)
        self._on_send, self._on_error = on_send, on_error
        self._lock = Lock()
        self._turn = Lock()
        self._messages: dict[str, Message] = {}
        self._count = 0
        self._taken: list[Any] = []
        self._may: bool | None = None
        self._assign(run_id=run_id(run), stream=stream_id(input_stream))
        self._show(
            {
                "run_id": self.run_id,
                "stream": self.stream,
                "task": getattr(run, "task", None),
                "mode": "chat" if is_talk(self._schema.json_schema) else "form",
                "schema": self._schema.json_schema,
                "payload": "" if value is None else json.dumps(to_jsonable(value), indent=2),
                "problem": None,
                "sent": {},
                "earlier": 0,
                "done": False,
                "can": {"send": None},
                "connection": {"state": "connecting", "reason": None},
            }
        )
        if isinstance(run, Run):
            self._see(run)
        if enabled:
            self.start()

    # ── for people ──────────────────────────────────────────────────────────────────────────

    def send(self, data: Any) -> None:
        """Send, as the box does, and come back when the server has taken it.

        What could not be sent raises, and is shown with a button that tries again.
        """
        self._submit(data)

    def __repr__(self) -> str:
        return f"<InputWidget {self._text()}>"

    # ── what is sent, one after the other ───────────────────────────────────────────────────

    def _submit(self, data: Any, key: str | None = None) -> None:
        data = to_jsonable(data, what="what is sent")
        problem = self._schema.check(data)
        self._show({"problem": problem})
        if problem:
            fields = "; ".join(f"{k or 'it'}: {v}" for k, v in problem["fields"].items())
            raise ConfigurationError(f"nothing was sent: {fields}.")
        with self._lock:
            self._count += 1
            message = Message(f"s{self._count}", data, time.time() * 1000, key=key)
            self._messages[message.id] = message
            gone = list(self._messages)[:-SHOWN]
            for each in gone:
                del self._messages[each]
        self._channel.merge("sent", dict.fromkeys(gone))
        self._deliver(message)

    def _retry(self, id: str) -> None:  # noqa: A002 - as the view names it
        with self._lock:
            message = self._messages.get(id)
            if message is None or message.state != "failed":
                return  # somebody else has retried it
            message = replace(message, state="sending", reason=None)
            self._messages[id] = message
        self._deliver(message)

    def _deliver(self, message: Message) -> None:
        self._tell(message)
        try:
            with self._turn:
                self._client.streams.send(self.run_id, self.stream, message.data)
        except Exception as e:
            self._tell(replace(message, state="failed", reason=str(e)))
            raise
        now = time.time() * 1000
        with self._lock:
            self._taken.append(message.data)
        self._tell(replace(message, state="sent", at=now))
        dispatcher.submit(lambda: self._observe_sent(message.data))

    def _tell(self, message: Message) -> None:
        with self._lock:
            earlier = self._count - len(self._messages)
            if message.id in self._messages:  # else many others were sent meanwhile
                self._messages[message.id] = message
                self._channel.merge("sent", {message.id: message.shown()})
        self._show({"earlier": earlier}, final=message.state == "sent")

    # ── from the feed of the run; on the background loop's thread ───────────────────────────

    def _follow(self) -> Following:
        if not self.done:
            self._show({"can": {"send": self._right()}})
        return self._client.watch_run(
            self.run_id, on_run=self._see, on_connection=self._see_connection
        )

    def _right(self) -> bool | str:
        if self._may is None:
            self._may = rights.may_send(self._client.endpoint.access_token, self.run_id)
        return self._may or _MAY_NOT

    def _see(self, run: Run) -> None:
        over = f"The run has ended ({status_words(run.status).lower()}): nothing can be sent to it."
        if run.is_terminal:
            self._set_finished(finished=True)
        self._show(
            {
                "task": run.task_identifier,
                "status": run.status.value,
                "hint": hint(run, embedded=self._client.is_embedded),
                "done": run.is_terminal,
                **({"can": {"send": over}} if run.is_terminal else {}),
            },
            final=run.is_terminal,
        )
        dispatcher.submit(lambda: self._assign(status=run.status.value, done=run.is_terminal))

    def _see_connection(self, connection: Connection) -> None:
        blind = isinstance(connection.error, PermissionDeniedError) and self._right() is True
        if blind:  # to send is what it is for
            self._show({"hint": _BLIND})
            connection = Connection("closed", "this token may not read the run")
        super()._see_connection(connection)

    # ── to those who observe; on the dispatcher's thread ────────────────────────────────────

    def _observe_sent(self, data: Any) -> None:
        with self._lock:
            sent = list(self._taken)
        self._assign(sent=sent)
        self._call(self._on_send, data)

    # ── copies ──────────────────────────────────────────────────────────────────────────────

    def _html(self) -> str:
        return input_html(self._channel.snapshot()[1])

    def _text(self) -> str:
        return input_line(self._channel.snapshot()[1])


def _schema(schema: Any) -> PayloadSchema:
    """Also of a type that is no model, such as `str` or `list[int]`."""
    known = schema is None or isinstance(schema, Mapping | TypeAdapter)
    return PayloadSchema(schema if known else TypeAdapter(schema))
