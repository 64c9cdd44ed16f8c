"""What a run of a batch is known by: its task, payload, ttl and tags, which its feed tells.

Items that differ in something else only, or whose payload is too large for the feed, would look
alike. Such an item gets a ttl of its own, seconds apart from the others', unless it names one: the
ttl is text that a server keeps as it is, and it costs no tag and no field of the metadata.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trigger_widgets.api.batches import Item
from trigger_widgets.jsonable import dumps
from trigger_widgets.models import Run
from trigger_widgets.packets import decode_packet

LARGE = 512_000
"""Characters of a payload that a server may keep in its object store, out of its feeds."""

LONG_TTL = "14d"
"""Runs of a development environment expire after 10 minutes in the queue unless a ttl is given
(protocol.md §2), which is soon for the last of thousands. The embedded engine has no such default.
"""
_LONG_SECONDS = 14 * 86_400


@dataclass(frozen=True)
class Mark:
    """`digest` is of task and payload; None where the payload is not here."""

    digest: bytes | None
    ttl: str | None = None
    tags: frozenset[str] = frozenset()
    key: str | None = None
    """The idempotency key: a feed does not tell it, but a run that is retrieved does."""
    large: bool = False

    def fits(self, run: Mark) -> tuple[bool, int]:
        """How well this item's mark fits a run of the same digest; a run may have got more tags."""
        return self.ttl == run.ttl, len(self.tags) if self.tags <= run.tags else -1


def mark_of_item(item: Item) -> Mark:
    """What the run of an item will be known by."""
    options = item.options
    return Mark(
        _digest(item.task, decode_packet(*item.payload)),
        options.get("ttl") or None,
        frozenset(options.get("tags", ())),
        options.get("idempotencyKeyOptions", {}).get("key") or options.get("idempotencyKey"),
        len(item.payload.data or "") > LARGE,
    )


def mark_of_run(run: Run) -> Mark:
    """The same of a run."""
    digest = None if "payload" in run.large else _digest(run.task_identifier, run.payload)
    return Mark(digest, run.ttl, frozenset(run.tags), run.idempotency_key)


def told_apart(items: Sequence[Item]) -> list[Item]:
    """The items of one batch, with a ttl of its own for each that another one looks like."""
    alike: dict[Mark, set[bytes]] = defaultdict(set)
    marks = []
    for item in items:
        mark = replace(mark_of_item(item), key=None)
        marks.append(replace(mark, digest=None) if mark.large else mark)
        alike[marks[-1]].add(_digest(dumps(item.options), item.payload.data))
    return [
        _with_ttl(item, place) if len(alike[mark]) > 1 and mark.ttl in (None, LONG_TTL) else item
        for place, (item, mark) in enumerate(zip(items, marks, strict=True))
    ]


def _with_ttl(item: Item, place: int) -> Item:
    return replace(item, options={**item.options, "ttl": f"{_LONG_SECONDS - 1 - place}s"})


def _digest(task: str, payload: object) -> bytes:
    # equal packets decode to values with equal reprs; the digest is small where payloads are not
    text = f"{task}\0{payload!r}"
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
