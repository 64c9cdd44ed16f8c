"""The kernel's side of a widget's conversation with its views.

The comm channel may lose any message, so what a view knows is numbered: a patch carries the
number after the last one, a view that misses a number says `hello` and gets the whole state, and
a `beat` repeats the last number a few times after it, so that a lost last message is noticed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trigger_widgets.lock import Lock

from .outbox import Outbox, Sent, outbox
from .pending import State

# Seconds from one repetition of the last number to the next: a line that loses a message often
# loses all of a while.
BEATS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


class Channel:
    """The state that every view of one widget shows, and the messages that keep them true.

    `send` puts one message on the wire, `send_traits` the values of these synced traits. Every
    method may be called from any thread.
    """

    def __init__(
        self,
        send: Callable[[Mapping[str, Any]], None],
        send_traits: Callable[[set[str]], None],
        outbox: Outbox = outbox,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.throttle = 0.0
        """Seconds between two messages with news; the first one goes at once."""
        self._clock = clock
        self._told_at = -math.inf
        self._send = send
        self._send_traits = send_traits
        self._outbox = outbox
        self._lock = Lock()
        self._state = State()
        self._traits: set[str] = set()
        self._replies: list[dict[str, Any]] = []
        self._wants_snapshot = False
        # nobody can use a patch before it has said hello; and if the hello cannot be heard because
        # a cell blocks the kernel, the whole state is what it needs
        self._met = False
        self._unfinished = False  # whether the rest of what was too long follows
        self._seq = 0
        self._beats: list[float] = []

    def update(self, changes: Mapping[str, Any]) -> None:
        """Make `changes` part of the state; views hear of what really is different."""
        with self._lock:
            is_news = self._state.set(changes)
        if is_news:
            self._post()

    def append(self, key: str, value: str | Sequence[Any]) -> None:
        """Let a text or a list grow; views are sent what is new, not all of it."""
        with self._lock:
            self._state.append(key, value)
        self._post()

    def merge(self, key: str, changes: Mapping[str, Any]) -> None:
        """Change entries of an object, such as rows of a table; None takes one away."""
        with self._lock:
            self._state.merge(key, changes)
        self._post()

    def touch(self, traits: set[str]) -> None:
        """The values of these synced traits have changed."""
        with self._lock:
            self._traits |= traits
        self._outbox.post(self)

    def hello(self, have: int | None) -> None:
        """A view says which number it has seen."""
        with self._lock:
            self._met = True
            if have == self._seq:  # what is news comes as a patch
                self._beats = [0.0]
            else:
                self._wants_snapshot = True
        self._outbox.post(self)

    def reply(self, request: Any, error: str | None = None) -> None:
        """Answer the action with this id."""
        answer = {"kind": "reply", "id": request, "ok": error is None, "error": error}
        with self._lock:
            self._replies.append(answer)
        self._outbox.post(self)

    def snapshot(self) -> tuple[float, dict[str, Any]]:
        """The number of the last message, and the whole state. While that has more than was told
        the number is half a one less: no patch fits on it, so a view has no part twice.
        """
        with self._lock:
            return self._seq - self._state.has_news() / 2, self._state.whole()

    def flush(self) -> Sent:
        """Send what has gathered (called by the outbox). What did not fit into one message follows
        in its turn.
        """
        with self._lock:
            traits, self._traits = self._traits, set()
        messages, beat = self._gather()
        try:
            if traits:
                self._send_traits(traits)
            for message in messages:
                self._send(message)
        finally:  # the number is repeated even so: a view then asks for what it missed
            if beat is not None:
                self._outbox.post(self, beat)
        return Sent(bool(traits) + len(messages), sum(map(_length, messages)))

    def _post(self) -> None:
        self._outbox.post(self, max(0.0, self._told_at + self.throttle - self._clock()))

    def _gather(self) -> tuple[list[dict[str, Any]], float | None]:
        with self._lock:
            messages: list[dict[str, Any]] = []
            if self._state.has_news() or self._wants_snapshot:
                messages.append(self._news())
                self._beats = list(BEATS)
            elif self._beats:
                self._beats.pop(0)
                messages.append({"kind": "beat", "seq": self._seq})
            # who is answered has seen what came of it
            messages += self._replies
            self._replies = []
            if self._unfinished:
                return messages, 0.0
            return messages, self._beats[0] if self._beats else None

    def _news(self) -> dict[str, Any]:
        if self._state.has_news():
            self._seq += 1
        if self._wants_snapshot or not (self._met or self._unfinished):
            news = {"kind": "snapshot", "seq": self._seq, "state": self._state.anew()}
        else:
            news = {"kind": "patch", "seq": self._seq, **self._state.news()}
        self._wants_snapshot, self._unfinished = False, self._state.has_news()
        self._told_at = self._clock()
        return news


def _length(message: Mapping[str, Any]) -> int:
    """About how many bytes of text, and of entries of objects, are in a message."""
    fields = {**message.get("state", {}), **message.get("set", {}), **message.get("append", {})}
    texts = [text for text in fields.values() if isinstance(text, str)]
    objects = [one for one in fields.values() if isinstance(one, dict)]
    for entries in (*objects, *message.get("merge", {}).values()):
        texts += map(str, entries.items())
    return sum(len(text.encode(errors="surrogatepass")) for text in texts)
