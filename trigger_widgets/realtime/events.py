"""Server-sent events, from bytes as they come: the framing of the HTML standard, without I/O."""

from __future__ import annotations

from typing import NamedTuple

from trigger_widgets.errors import ProtocolError

_LARGEST = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """`id` is the last one that was given, by this event or one before it."""

    name: str
    data: str
    id: str


class Events:
    """Takes the pieces of a body, and gives the events that are whole.

    Only events with data are given: keep-alives are comments, and say nothing.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._held = b""
        self._begins = True
        self._last_id = ""

    def feed(self, piece: bytes) -> list[Event]:
        """The events that end in this piece; `ProtocolError` for one that never does."""
        piece = self._one_kind_of_line_end(piece)
        if not piece:
            return []
        # a large event in many pieces is joined once; an empty line may lie between two of them
        between = piece.startswith(b"\n") and self._pieces and self._pieces[-1].endswith(b"\n")
        if b"\n\n" not in piece and not between:
            self._pieces.append(piece)
            self._size += len(piece)
            if self._size > _LARGEST:
                raise ProtocolError(f"an event of the stream is larger than {_LARGEST >> 20} MiB.")
            return []
        *blocks, rest = b"".join([*self._pieces, piece]).split(b"\n\n")
        self._pieces, self._size = [rest] if rest else [], len(rest)
        return [event for block in blocks if (event := self._event(block)) is not None]

    def _one_kind_of_line_end(self, piece: bytes) -> bytes:
        if self._begins:
            piece = self._held + piece
            if len(piece) < len(_BOM) and _BOM.startswith(piece):
                self._held = piece
                return b""
            self._begins, self._held = False, b""
            piece = piece.removeprefix(_BOM)
        if self._held:
            piece, self._held = self._held + piece, b""
        if b"\r" in piece:
            if piece.endswith(b"\r"):  # the \n of a \r\n may be on its way
                piece, self._held = piece[:-1], b"\r"
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return piece

    def _event(self, block: bytes) -> Event | None:
        name, data = "", []
        for line in block.decode(errors="replace").split("\n"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data.append(value)
            elif field == "event":
                name = value
            elif field == "id" and "\0" not in value:
                self._last_id = value
        if not data or data == [""]:
            return None
        return Event(name or "message", "\n".join(data), self._last_id)
