"""What every live widget shares: its code, its channel, its traits' one writer, its fallback."""

from __future__ import annotations

import inspect
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, Self

import anywidget
import traitlets

from trigger_widgets.errors import TriggerError, refuse_unknown
from trigger_widgets.lock import Lock

from .channel import Channel
from .code import STUB, code_reference, mimebundle
from .dispatcher import Dispatcher, dispatcher
from .fallback import Fallback
from .saver import Saver

log = logging.getLogger("trigger_widgets")

_ANSWERS_KEPT = 50
_UNANSWERED = object()

# apart, and enough of them: a server that does not answer holds up the clicks for it for minutes
_actions = ThreadPoolExecutor(32, thread_name_prefix="trigger-widgets-action")
_in_order = Dispatcher("actions")
_background = ThreadPoolExecutor(4, thread_name_prefix="trigger-widgets-background")


def in_background(work: Callable[..., object], *arguments: Any) -> None:
    """Do what may block, off the event loop and out of order; what it raises is logged."""

    def attempt() -> None:
        try:
            work(*arguments)
        except Exception:
            log.exception("%s failed", work.__qualname__)

    _background.submit(attempt)


class LiveWidget(anywidget.AnyWidget):
    """A view of something that changes on a server.

    Subclasses say what they show: `self._show({...})` for the views, `self._assign(trait=...)` for
    those who observe, `_html()` for where there is no front end. Traits have one writer at a time.
    """

    _esm = STUB
    _core = traitlets.Unicode().tag(sync=True)
    _more = traitlets.Unicode().tag(sync=True)
    piece: ClassVar[str | None] = None
    """The part of the front end that its card needs beside the core."""
    kind: ClassVar[str]
    _kind = traitlets.Unicode().tag(sync=True)
    # What a notebook that is opened without a kernel has: bounded, and written rarely.
    _snapshot = traitlets.Dict().tag(sync=True)

    actions: ClassVar[dict[str, str]] = {}
    """The methods that a view may call, by the name of the action."""
    ordered_actions: ClassVar[frozenset[str]] = frozenset()
    """Those that only change what is shown: done one after the other, so that the last counts."""

    def __init__(self, **traits: Any) -> None:
        refuse_unknown(traits, self._options(), of=type(self).__name__)
        self._write_lock = Lock()
        self._saver = Saver(lambda: dispatcher.submit(self._save_now))
        more = code_reference(self.piece) if self.piece else ""
        super().__init__(_core=code_reference("core"), _more=more, _kind=self.kind, **traits)
        self._channel = Channel(self._send_message, self._send_traits)
        self._fallback = Fallback(self._html)
        self._answers: OrderedDict[Any, Any] = OrderedDict()
        self.on_msg(self._receive)

    @classmethod
    def _options(cls) -> list[str]:
        """What the class takes by name: its own arguments, and the traits anybody may set."""
        own = inspect.signature(cls.__init__).parameters.values()
        named = [each.name for each in own if each.kind is each.KEYWORD_ONLY]
        traits = cls.class_traits().items()
        return named + [n for n, t in traits if n[0] != "_" and not t.read_only]

    # ── to the views ────────────────────────────────────────────────────────────────────────

    def _show(self, changes: Mapping[str, Any], *, final: bool = False) -> None:
        """Let every view know. `final` also brings the copies in the notebook up to date now."""
        self._channel.update({**changes, "now": time.time() * 1000})
        self._saver.changed(final=final)

    def _save_now(self) -> None:
        seq, state = self._channel.snapshot()
        self._assign(
            _snapshot={"seq": seq, "saved_at": time.time() * 1000, "state": self._bounded(state)}
        )
        self._fallback.update()

    def _bounded(self, state: dict[str, Any]) -> dict[str, Any]:
        """The state as small as it should be in a file."""
        return state

    # Only the outbox's thread sends, so it needs no lock, and an observer that is slow under the
    # write lock holds up nobody's messages.

    def _send_message(self, message: Mapping[str, Any]) -> None:
        if message["kind"] == "snapshot":
            # a view sets its clock by this, and the last change may be hours old
            message = {**message, "state": {**message["state"], "now": time.time() * 1000}}
        super().send(message)  # `send` itself may be what a widget is for

    def _send_traits(self, names: set[str]) -> None:
        super().send_state(names)

    def send_state(self, key: Any = None) -> None:
        """Send synced traits in their turn, so that they count in the messages a second."""
        channel = self.__dict__.get("_channel")
        if channel is None or key is None:
            super().send_state(key)
        else:
            channel.touch({key} if isinstance(key, str) else set(key))

    # ── from the views ──────────────────────────────────────────────────────────────────────

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Hand a view's message on: this runs on whichever thread the kernel uses."""
        match message:
            case {"kind": "hello"}:
                self._channel.hello(message.get("have"))
                self._on_shown()
            case {"kind": "action", "id": request, "name": str(name)} if name in self.actions:
                if self._is_new(request):
                    act = partial(self._act, request, self.actions[name], message.get("args") or {})
                    (_in_order if name in self.ordered_actions else _actions).submit(act)
            case _:
                log.warning("ignored a message of an unknown kind from the front end")

    def _is_new(self, request: Any) -> bool:
        """Whether an action is asked for the first time: a view repeats itself when unanswered."""
        if request in self._answers:
            error = self._answers[request]
            if error is not _UNANSWERED:
                self._channel.reply(request, error)
            return False
        self._answers[request] = _UNANSWERED
        while len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)
        return True

    def _act(self, request: Any, method: str, arguments: dict[str, Any]) -> None:
        error = None
        try:
            getattr(self, method)(**arguments)
        except TriggerError as e:
            error = str(e)
        except Exception as e:
            log.exception("a widget's action failed")
            error = _brief(e)
        self._answers[request] = error
        self._channel.reply(request, error)

    # ── to those who observe ────────────────────────────────────────────────────────────────

    def _assign(self, **values: Any) -> None:
        """Set traits under the one lock; what an observer raises is shown and stops nobody."""
        for name, value in values.items():
            with self._write_lock:
                try:
                    self.set_trait(name, value)
                except Exception as e:
                    log.exception("an observer of %s raised", name)
                    self._channel.update({"fault": f"an observer of {name} raised {_brief(e)}"})

    def _call(self, callback: Callable[..., object] | None, *arguments: Any) -> None:
        """Run a callback of the user's; what it raises is shown in the card and logged."""
        if callback is None:
            return
        try:
            callback(*arguments)
        except Exception as e:
            name = getattr(callback, "__name__", "a callback")
            log.exception("%s raised", name)
            self._channel.update({"fault": f"{name} raised {_brief(e)}"})

    # ── where it is shown ───────────────────────────────────────────────────────────────────

    def _html(self) -> str:
        """The widget as static HTML, everything in it escaped."""
        raise NotImplementedError

    def _text(self) -> str:
        """The widget as one line of text."""
        return repr(self)

    def to_html(self) -> str:
        """The present state as a piece of static HTML, for reports."""
        return self._html()

    def _on_shown(self) -> None:
        """Somebody looks: called for every view, and more than once."""

    def _ipython_display_(self) -> None:
        from IPython.display import display

        self._on_shown()
        self._fallback.show()
        display(mimebundle(self, self._text()), raw=True)

    def close(self) -> None:
        """Remove every view."""
        saver = self.__dict__.get("_saver")  # missing in a widget that was refused its options
        if saver is not None:
            saver.stop()
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
