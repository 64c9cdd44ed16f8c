"""StreamWidget: what a task streams, as it comes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Literal, cast

import traitlets

from trigger_widgets.client import Trigger
from trigger_widgets.config import Token
from trigger_widgets.errors import ConfigurationError, TriggerError
from trigger_widgets.jsonable import to_jsonable
from trigger_widgets.lock import Lock
from trigger_widgets.models import Run
from trigger_widgets.realtime.connection import Connection
from trigger_widgets.realtime.handle import RunHandle
from trigger_widgets.realtime.waiting import Event, wait_for

from .dispatcher import dispatcher
from .follow import Callback, Following, FollowingWidget, client_for
from .gathered import Gathered
from .run_state import hint
from .stream_fields import FIELDS, field_of, text_fields
from .stream_html import stream_html, stream_line

Render = Literal["markdown", "text", "json"]

# What a view and a saved notebook get of a very long stream; Python has all of it. Of parts that
# are shown one by one a view gets the last ones (pending.LIST_KEPT).
LIVE_CHARACTERS = 5 * 1024 * 1024
SAVED_CHARACTERS = 64_000
SAVED_ITEMS = 200


class StreamWidget(FollowingWidget):
    """The parts of one stream of a run, as they come: text that grows, or a list of objects.

    `run` is an id, a `RunHandle` or a `Run`; `stream` the stream's id. `render` is "markdown",
    "text" or "json" (each part for itself). Text parts are joined; a part that is an object is
    shown as JSON, or by `text_field` of it, such as "delta" or "choices.0.delta.content"; which one
    can be chosen in the card, too, and `text` follows. A page
    that is reloaded, a second view and a cell that is run late show the whole text.

    Traits: `text` and `parts` (Python only), `done`, `connection`, `error`. `on_data(part)` is
    called for every part, `on_complete(widget)` once the stream has ended, `on_error(exception)`.
    Iterating over the widget gives the parts, and waits for more until it is done.
    """

    kind: ClassVar[str] = "stream"
    actions: ClassVar[dict[str, str]] = {
        "stop": "stop",
        "start": "resume",
        "reconnect": "reconnect",
        "field": "_choose",
    }
    ordered_actions = frozenset({"field"})

    run_id = traitlets.Unicode(read_only=True).tag(sync=True)
    stream = traitlets.Unicode(read_only=True).tag(sync=True)
    text = Gathered(lambda widget: widget._whole_text())  # noqa: SLF001 - its own
    parts = Gathered(lambda widget: widget._whole_list())  # noqa: SLF001 - its own

    def __init__(
        self,
        run: str | RunHandle | Run,
        stream: str = "default",
        *,
        render: Render = "markdown",
        text_field: str | None = None,
        throttle_ms: float = 50,
        start_index: int = 0,
        client: Trigger | None = None,
        access_token: Token | None = None,
        api_url: str | None = None,
        enabled: bool = True,
        on_data: Callback | None = None,
        on_complete: Callback | None = None,
        on_error: Callback | None = None,
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._client = client_for(run, client, access_token, api_url)
        self._render, self._text_field = render, text_field
        self._channel.throttle = throttle_ms / 1000
        self._start_index = start_index
        self._on_data, self._on_complete, self._on_error = on_data, on_complete, on_error
        self._arrived: list[Any] = []
        self._fields: dict[str, None] = {}
        self._texts: list[str] = []
        self._shown = self._observed = 0
        self._lock = Lock()
        self._turn = 0
        self._readers: set[Event] = set()
        self._assign(run_id=run if isinstance(run, str) else run.id, stream=stream)
        self._show(
            {
                "run_id": self.run_id,
                "stream": stream,
                "task": getattr(run, "task", None),
                "mode": render,
                "text": "",
                "length": 0,
                "items": [],
                "parts": 0,
                "field": text_field,
                "fields": [],
                "done": False,
                "stopped": False,
                "connection": {"state": "connecting", "reason": None},
            }
        )
        if enabled:
            self.start()

    # ── for people ──────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Follow the stream, from now on or again; nothing is shown twice."""
        self._show({"stopped": False})
        super().start()

    def resume(self) -> None:
        """Follow again, now: after a stop, a failure, or while it waits to try again."""
        self._show({"stopped": False})
        self.reconnect()

    def stop(self) -> None:
        """Stop following. The run goes on, and what has come stays."""
        if self._following is not None and not self._finished:
            self._show({"stopped": True}, final=True)
        super().stop()
        self._wake_readers()

    def __iter__(self) -> Iterator[Any]:
        """The parts from the first on; waits for more until the stream has ended or is stopped.

        Clicks are handled meanwhile. Raises what has made following fail.
        """
        news = Event()
        with self._lock:
            self._readers.add(news)
        try:
            yield from self._read(news)
        finally:
            self._readers.discard(news)

    def _read(self, news: Event) -> Iterator[Any]:
        seen = 0
        while True:
            news.clear()
            halted = self._halted.is_set()
            with self._lock:
                parts = self._arrived[seen:]
            yield from parts
            seen += len(parts)
            if halted:
                break
            if not parts:
                wait_for(news)
        if self._failure is not None and not self._finished:
            raise self._failure

    def _wake_readers(self) -> None:
        for news in list(self._readers):
            news.set()

    def _see_connection(self, connection: Connection) -> None:
        super()._see_connection(connection)
        self._wake_readers()

    def __repr__(self) -> str:
        return f"<StreamWidget {self._text()}>"

    # ── from the feed; on the background loop's thread, so nothing here may block ───────────

    def _follow(self) -> Following:
        with self._lock:
            self._turn += 1  # what an earlier watch still brings comes again
            turn, start = self._turn, self._start_index + len(self._arrived)
        return self._client.watch_stream(
            self.run_id,
            self.stream,
            on_parts=lambda parts: self._take(parts, turn),
            on_run=self._see_run,
            on_connection=self._see_connection,
            on_end=self._end,
            start_index=start,
        )

    def _take(self, parts: Sequence[Any], turn: int) -> None:
        parts = list(parts)
        shown = self._render != "json"
        with self._lock:
            if turn != self._turn:
                return
            text = "".join(map(self._as_text, parts))
            self._arrived += parts
            self._texts.append(text)
            if shown:
                self._grow(text)  # under the lock: a field is chosen before this or after it
            count = len(self._arrived)
            is_due = count - len(parts) == self._observed  # else somebody is on the way there
        self._wake_readers()
        if shown:
            self._find_fields(parts)
        else:
            self._channel.append("items", [to_jsonable(part) for part in parts])
        now = time.time() * 1000
        known = {"parts": count, "length": self._length(), "last_at": now}
        if count == len(parts):
            known["first_at"] = now
        self._show(known)
        if is_due:
            dispatcher.submit(self._observe)

    def _grow(self, text: str) -> None:
        room = LIVE_CHARACTERS - self._shown
        self._shown += len(text)
        if text and room > 0:
            self._channel.append("text", text[:room])
        if self._shown > LIVE_CHARACTERS:
            self._channel.update(
                {"truncated": f"only the first {LIVE_CHARACTERS:,} characters are shown here"}
            )

    def _find_fields(self, parts: list[Any]) -> None:
        found = self._fields
        for part in parts:
            if len(found) < FIELDS and isinstance(part, dict | list):
                found |= dict.fromkeys(text_fields(part))
        if found:
            self._show({"fields": list(found)[:FIELDS]})

    def _choose(self, field: str | None) -> None:
        """Show this field of parts that are objects, from the first on; None means all of them."""
        if not (field is None or isinstance(field, str)):
            raise ConfigurationError(f"a field is the path of one, not {field!r}.")
        with self._lock:
            self._text_field = field
            text = "".join(map(self._as_text, self._arrived))
            self._texts = [text]
            self._shown = 0
            self._channel.update({"field": field, "text": "", "truncated": None})
            self._grow(text)
        self._show({"length": self._length()}, final=True)
        dispatcher.submit(self._observe)

    def _length(self) -> int:
        """Of the text that views get: one that has got a part of it knows that there is more."""
        return min(self._shown, LIVE_CHARACTERS)

    def _as_text(self, part: Any) -> str:
        if isinstance(part, str):
            return part
        if self._text_field is not None and isinstance(part, dict | list):
            value = field_of(part, self._text_field)
            return value if isinstance(value, str) else ""
        return json.dumps(to_jsonable(part), ensure_ascii=False) + "\n"

    def _see_run(self, run: Run) -> None:
        self._show(
            {
                "task": run.task_identifier,
                "status": run.status.value,
                "hint": hint(run, embedded=self._client.is_embedded),
            }
        )

    def _end(self, error: TriggerError | None) -> None:
        if error is None:
            self._set_finished(finished=True)
            self._wake_readers()
            self._show({"done": True}, final=True)
            dispatcher.submit(self._observe_end)

    # ── to those who observe; on the dispatcher's thread ────────────────────────────────────

    def _observe(self) -> None:
        with self._lock:
            parts = self._arrived[self._observed :]
            self._observed = len(self._arrived)  # several arrivals are one change
        for name in ("parts", "text"):
            self._call(self._announcing(name))
        if self._on_data is not None:
            for part in parts:
                self._call(self._on_data, part)

    def _announcing(self, name: str) -> Callable[[], None]:
        trait = cast("Gathered", self.traits()[name])

        def announce() -> None:
            with self._write_lock:
                trait.announce(self)

        announce.__name__ = f"an observer of {name}"
        return announce

    def _whole_text(self) -> str:
        with self._lock:
            self._texts = ["".join(self._texts)]
            return self._texts[0]

    def _whole_list(self) -> list[Any]:
        with self._lock:
            return list(self._arrived)

    def _observe_end(self) -> None:
        self._assign(done=True)
        self._call(self._on_complete, self)

    # ── copies ──────────────────────────────────────────────────────────────────────────────

    def _bounded(self, state: dict[str, Any]) -> dict[str, Any]:
        text, items = state.get("text", ""), state.get("items", [])
        if len(text) <= SAVED_CHARACTERS and len(items) <= SAVED_ITEMS:
            return state
        if items:
            told = f"the last {SAVED_ITEMS:,} of {state['parts']:,} parts"
        else:
            told = f"the first {SAVED_CHARACTERS:,} of {self._shown:,} characters"
        cut = {"text": text[:SAVED_CHARACTERS], "items": items[-SAVED_ITEMS:]}
        return {**state, **cut, "truncated": f"this saved copy holds {told}"}

    def _html(self) -> str:
        return stream_html(self._bounded(self._channel.snapshot()[1]))

    def _text(self) -> str:
        return stream_line(self._channel.snapshot()[1])
