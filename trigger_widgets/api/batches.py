"""Batches: create one, send its items, retrieve it (protocol.md §2, "Batch")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from trigger_widgets.errors import ConfigurationError, ProtocolError
from trigger_widgets.models import Batch
from trigger_widgets.packets import Packet

from .checks import checked
from .refs import Ref
from .requests import Answer, Request, to_json

LIMIT = 1000
"""Items a batch may have; the server refuses more (protocol.md §2)."""

LONGEST_BODY = 2_000_000
"""Bytes of items in one request; a body beyond 3 MB is refused with 413."""


@dataclass(frozen=True)
class Item:
    """One run to be: its task, its payload as a packet, its options as the wire has them."""

    task: str
    payload: Packet
    options: Mapping[str, Any]

    def line(self, index: int) -> bytes:
        """The item as a line of NDJSON."""
        body = {
            "index": index,
            "task": self.task,
            "payload": self.payload.data,
            "options": {**self.options, "payloadType": self.payload.data_type},
        }
        return to_json(body) + b"\n"


@dataclass(frozen=True)
class CreatedBatch:
    """A batch without its items. `public_access_token` may read it for one hour."""

    id: str
    public_access_token: SecretStr | None


@dataclass(frozen=True)
class SentItems:
    """What the server has of a batch; `sealed` means all of it."""

    sealed: bool
    accepted: int


def batch_id(batch: Any) -> str:
    """The id of a batch: a text, or anything that has it as `.id`."""
    found = batch if isinstance(batch, str) else getattr(batch, "id", None)
    if not isinstance(found, str) or not found.startswith("batch_"):
        raise ConfigurationError(f'{found or batch!r} is not a batch; its id looks like "batch_…".')
    return found


def create(run_count: int, tasks: Iterable[str]) -> Request[CreatedBatch]:
    """`POST /api/v3/batches`: the first phase. With `taskIdentifiers`, a token that may trigger
    these tasks is enough.
    """
    return Request(
        "POST",
        "/api/v3/batches",
        _created,
        doing="create a batch",
        body={"runCount": run_count, "taskIdentifiers": sorted(set(tasks))},
    )


def send_items(batch: str, lines: Sequence[bytes]) -> Request[SentItems]:
    """`POST /api/v3/batches/<id>/items`: the second phase. The server knows an item by its index:
    sending one again changes nothing.
    """
    return Request(
        "POST",
        f"/api/v3/batches/{quote(batch, safe='')}/items",
        _sent,
        doing=f"send the items of {batch}",
        subject=f"batch {batch}",
        raw=b"".join(lines),
        content_type="application/x-ndjson",
    )


def bodies(lines: Iterable[bytes], longest: int = LONGEST_BODY) -> Iterator[list[bytes]]:
    """The lines in order, in as few requests as the limit of a body allows."""
    body: list[bytes] = []
    size = 0
    for line in lines:
        if body and size + len(line) > longest:
            yield body
            body, size = [], 0
        body.append(line)
        size += len(line)
    if body:
        yield body


def retrieve(batch: Ref) -> Request[Batch]:
    """The batch as it is now: how many runs it has, which, and what became no run."""
    found = batch_id(batch)
    return Request(
        "GET",
        f"/api/v2/batches/{quote(found, safe='')}",
        lambda answer: checked(Batch, answer.object()),
        doing=f"retrieve {found}",
        subject=f"batch {found}",
    )


def _created(answer: Answer) -> CreatedBatch:
    batch = answer.object().get("id")
    if not isinstance(batch, str):
        raise ProtocolError("the server created a batch without giving its id.")
    token = answer.headers.get("x-trigger-jwt")
    return CreatedBatch(batch, SecretStr(token) if token else None)


def _sent(answer: Answer) -> SentItems:
    body = answer.object()
    accepted = body.get("itemsAccepted")
    return SentItems(body.get("sealed") is True, accepted if isinstance(accepted, int) else 0)
