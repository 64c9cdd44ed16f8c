"""Packets: a value as text plus the name of its encoding, as Trigger.dev stores and sends it.

A string is `text/plain`, nothing at all is `application/json` without data, everything else
is `application/super+json` (`{"json": …, "meta"?: …}`), as the SDK writes them (protocol.md §3,
worker-protocol.md §5: "Packets").
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from .errors import ProtocolError, UnserializableError
from .jsonable import JSON, compact, convert, loads

JSON_TYPE = "application/json"
SUPERJSON_TYPE = "application/super+json"
TEXT_TYPE = "text/plain"
STORE_TYPE = "application/store"

_MAX_SAFE_INTEGER = 2**53 - 1


class Packet(NamedTuple):
    """`data` is None where there is no value."""

    data: str | None
    data_type: str


def encode_packet(value: Any, *, what: str = "value") -> Packet:
    """Datetimes arrive as a Date in JavaScript, integers beyond 2^53 as a bigint."""
    if value is None:
        return Packet('{"json":null}', SUPERJSON_TYPE)
    if isinstance(value, str):
        return Packet(value, TEXT_TYPE)
    kinds: dict[tuple[str, ...], list[str]] = {}

    def leaf(value: Any, keys: tuple[str, ...]) -> JSON:
        try:
            kind, plain = _special(value)
        except (ValueError, OverflowError):  # near year 1 or 9999, with local time beyond it
            raise UnserializableError(
                f"{what} has the time {value.isoformat()}, which is in no year from 1 to 9999 in "
                "UTC; send it as text, or None if it means that there is none."
            ) from None
        if kind:
            kinds[keys] = [kind]
        return plain

    body: dict[str, Any] = {"json": convert(value, what, leaf)}
    if () in kinds:  # the value itself is special: superjson then has no path to name
        body["meta"] = {"values": kinds[()], "v": 1}
    elif kinds:
        body["meta"] = {"values": {_join(keys): kind for keys, kind in kinds.items()}, "v": 1}
    return Packet(compact(body), SUPERJSON_TYPE)


def _join(keys: tuple[str, ...]) -> str:
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in keys)


def _special(value: Any) -> tuple[str | None, JSON]:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.astimezone()
        text = aware.astimezone(UTC).isoformat(timespec="milliseconds")
        return "Date", text.replace("+00:00", "Z")
    if isinstance(value, date | time):
        return None, value.isoformat()
    if abs(value) > _MAX_SAFE_INTEGER:
        return "bigint", str(value)
    return None, value


def decode_packet(data: str | None, data_type: str) -> Any:
    """The value of a packet; `ProtocolError` where the text is not of its type."""
    if data is None:
        return None
    if data_type == TEXT_TYPE:
        return data
    if data_type == STORE_TYPE:
        raise ProtocolError(
            "this value is larger than 512 KB and lives in the server's object store, "
            "which this client does not read; open the run in the Trigger.dev dashboard."
        )
    try:
        return _decode_json(data, data_type)
    except ValueError as e:
        raise ProtocolError(f"a packet of type {data_type} does not hold JSON: {e}") from None
    except RecursionError:
        raise ProtocolError(f"a packet of type {data_type} is nested too deeply.") from None


def _decode_json(data: str, data_type: str) -> Any:
    body = loads(data)
    if data_type != SUPERJSON_TYPE:
        return body
    if not isinstance(body, dict):
        raise ProtocolError(f"a packet of type {data_type} is not an object with a json field.")
    value, meta = body.get("json"), body.get("meta")
    return _restore(value, meta.get("values")) if isinstance(meta, dict) else value


def _restore(value: Any, annotation: Any) -> Any:
    """Apply superjson's annotation: `{path: [kind, inner?]}`, or `[kind, inner?]` for the root."""
    if isinstance(annotation, dict):
        for path, inner in annotation.items():
            value = _restore_at(value, _split(path), inner)
        return value
    if not isinstance(annotation, list) or not annotation:
        return value
    kind = annotation[0]
    if len(annotation) > 1:
        value = _restore(value, annotation[1])
    return _revive(kind, value)


def _restore_at(value: Any, keys: list[str], annotation: Any) -> Any:
    if not keys:
        return _restore(value, annotation)
    try:
        if isinstance(value, list):
            value[int(keys[0])] = _restore_at(value[int(keys[0])], keys[1:], annotation)
        elif isinstance(value, dict) and keys[0] in value:
            value[keys[0]] = _restore_at(value[keys[0]], keys[1:], annotation)
    except (ValueError, IndexError):
        pass  # an annotation that points nowhere changes nothing
    return value


def _split(path: str) -> list[str]:
    keys, current, escaped = [], "", False
    for char in path:
        if escaped:
            current, escaped = current + char, False
        elif char == "\\":
            escaped = True
        elif char == ".":
            keys.append(current)
            current = ""
        else:
            current += char
    return [*keys, current]


def _revive(kind: Any, value: Any) -> Any:
    try:
        if kind == "Date":
            return datetime.fromisoformat(value)
        if kind == "bigint":
            return int(value)
        if kind == "number":  # NaN, Infinity, -Infinity, as text
            return float(value.replace("Infinity", "inf"))
        if kind == "set":
            return set(value)
        if kind == "map":
            return {_hashable(k): v for k, v in value}
    except (TypeError, ValueError, AttributeError):
        return value
    return None if kind == "undefined" else value


def _hashable(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key
