"""What a run's card is composed of if asked: the run's streams, and the tokens it waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trigger_widgets.client import Trigger
from trigger_widgets.lock import Lock
from trigger_widgets.models import Run

from .approval import ApprovalWidget
from .stream import StreamWidget

_DEPTH = 2


@dataclass(frozen=True)
class Asked:
    """A wait token that metadata names: `title` is its key, `prompt` a text of that name."""

    token: str
    title: str | None = None
    prompt: str | None = None


def tokens_in(metadata: Any, *, depth: int = _DEPTH, title: str | None = None) -> Iterator[Asked]:
    """Every value `waitpoint_…`, up to two levels deep, in order."""
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(metadata, Mapping):
        pairs = metadata.items()
    elif isinstance(metadata, list):
        pairs = enumerate(metadata)
    prompt = metadata.get("prompt") if isinstance(metadata, Mapping) else None
    for key, value in pairs:
        # {"deploy": {"token": "waitpoint_…", "prompt": "…"}} is called "deploy"
        name = title if title is not None else str(key)
        if isinstance(value, str) and value.startswith("waitpoint_"):
            yield Asked(value, name, prompt if isinstance(prompt, str) else None)
        elif depth > 1:
            yield from tokens_in(value, depth=depth - 1, title=name)


class RunParts:
    """The widgets inside of a run's card, made as their subjects appear. For any thread."""

    def __init__(
        self,
        client: Trigger,
        *,
        streams: bool | Iterable[str],
        approvals: bool,
        enabled: bool,
        on_end: Callable[[Any], object],
    ) -> None:
        self._client = client
        self._on_end = on_end
        self._wanted = None if isinstance(streams, bool) else _names(streams)
        self._any_stream, self._any_approval = streams is True, approvals
        self._enabled = enabled
        self._lock = Lock()
        self._closed = False
        self.streams: dict[str, StreamWidget] = {}
        self.approvals: dict[str, ApprovalWidget] = {}
        self._shown: list[dict[str, Any]] = []

    @property
    def are_wanted(self) -> bool:
        """Whether anybody asked for any."""
        return self._any_stream or self._any_approval or bool(self._wanted)

    def see(self, run: Run) -> list[dict[str, Any]] | None:
        """Make what `run` now has and did not have; the whole list, or None if that is nothing."""
        with self._lock:
            if self._closed:
                return None
            before = len(self._shown)
            for name in run.streams:
                if name not in self.streams and self._wants(name):
                    stream = StreamWidget(run.id, name, client=self._client, enabled=self._enabled)
                    self.streams[name] = stream
                    self._add("stream", name, stream)
            for asked in self._asked(run):
                if asked.token not in self.approvals:
                    approval = ApprovalWidget(
                        asked.token, client=self._client, enabled=self._enabled
                    )
                    self.approvals[asked.token] = approval
                    self._add("approval", asked.token, approval)
                # that a run waits may be known before its metadata is
                self.approvals[asked.token].describe(title=asked.title, prompt=asked.prompt)
            return list(self._shown) if len(self._shown) > before else None

    def html(self) -> str:
        """All of them as static HTML."""
        with self._lock:
            parts = {"stream": self.streams, "approval": self.approvals}
            return "".join(parts[each["kind"]][each["name"]].to_html() for each in self._shown)

    def start(self) -> None:
        """Follow them, from now on or again."""
        if not self._enabled:
            self._enabled = True
            for part in self._all():
                part.start()

    def stop(self) -> None:
        """Follow them no more."""
        self._enabled = False
        for part in self._all():
            part.stop()

    def close(self) -> None:
        """Remove their views; none is made any more."""
        with self._lock:
            self._closed = True
        for part in self._all():
            part.close()

    def _wants(self, stream: str) -> bool:
        return self._any_stream or (self._wanted is not None and stream in self._wanted)

    def _asked(self, run: Run) -> Iterator[Asked]:
        if self._any_approval:
            yield from tokens_in(run.metadata)
            yield from map(Asked, run.waits_for)

    def _add(self, kind: str, name: str, part: StreamWidget | ApprovalWidget) -> None:
        part.observe(self._on_end, "done")
        self._shown.append({"kind": kind, "name": name, "child": f"IPY_MODEL_{part.model_id}"})

    def _all(self) -> list[StreamWidget | ApprovalWidget]:
        with self._lock:
            return [*self.streams.values(), *self.approvals.values()]


def _names(streams: Iterable[str]) -> frozenset[str]:
    return frozenset([streams] if isinstance(streams, str) else streams)
