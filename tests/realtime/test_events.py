"""Server-sent events: the standard's framing, however the bytes are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.errors import ProtocolError
from trigger_widgets.realtime import events
from trigger_widgets.realtime.events import Event, Events


def read(*pieces):
    decoder = Events()
    return [event for piece in pieces for event in decoder.feed(piece)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"data: a\n\n", [Event("message", "a", "")]),
        (b"data:a\n\n", [Event("message", "a", "")]),
        (b"data:  a\n\n", [Event("message", " a", "")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("message", "a", "")]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [("message", c, "") for c in "abc"]),
        (b"data: a\ndata: b\ndata\n\n", [Event("message", "a\nb\n", "")]),
        (b"event: batch\nid: 1,2,3\ndata: {}\n\n", [Event("batch", "{}", "1,2,3")]),
        (b"id: 1\n\ndata: a\n\n", [Event("message", "a", "1")]),
        (b"id: 1\ndata: a\n\n: ping\n\nretry: 5\n\n", [Event("message", "a", "1")]),
        (b"id: 1\ndata: a\n\nid\ndata: b\n\n", [("message", "a", "1"), ("message", "b", "")]),
        (b"id: a\0b\ndata: a\n\n", [Event("message", "a", "")]),
        (b"\n\n\n\ndata: a\n\n\n\n", [Event("message", "a", "")]),
        (b"data\n\ndata:\n\nevent: x\n\nnonsense: y\n\n", []),
        (b"data: not whole\n", []),
        ("data: \u65e5\u672c \u2713\n\n".encode(), [Event("message", "\u65e5\u672c \u2713", "")]),
        (b"data: \xff\n\n", [Event("message", "\ufffd", "")]),
        ("data: a\u2028b\x0bc\n\n".encode(), [Event("message", "a\u2028b\x0bc", "")]),
    ],
)
def test_the_standards_framing(body, expected):
    assert read(body) == expected
    assert read(*[body[n : n + 1] for n in range(len(body))]) == expected


def test_keep_alives_are_no_events_even_after_an_id():
    """httpx-sse 0.4.3 gives an event without data for each, once an id was seen."""
    assert len(read(b"id: 1-0\ndata: 1\n\n", *[b": ping\n\n"] * 3)) == 1


def test_an_event_without_an_end_is_refused(monkeypatch):
    monkeypatch.setattr(events, "_LARGEST", 1000)
    decoder = Events()
    for _ in range(10):
        assert decoder.feed(b"x" * 100) == []
    with pytest.raises(ProtocolError, match="larger than"):
        decoder.feed(b"x")


LINES = st.sampled_from(
    [b"data: a", b"data:", b"data", b"event: e", b"id: 7", b"id", b": c", b"", b"", b"\xe6\x97"]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
BODIES = st.lists(st.tuples(LINES, ENDS)).map(lambda lines: b"".join(a + b for a, b in lines))


@given(BODIES | st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_how_it_is_cut_changes_nothing(body, cuts):
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[a:b] for a, b in itertools.pairwise(places)]
    # what ends with \r may go on with \n: the last event waits for the next byte
    assert read(*pieces, b":") == read(body, b":")


@given(BODIES)
def test_an_event_is_what_the_standards_own_algorithm_says(body):
    assert read(body, b":") == list(standard(body))


def standard(body):
    """The algorithm of the HTML standard, section 9.2.6, line by line and slowly."""
    text = body.decode(errors="replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]
    data, name, last = [], "", ""
    for line in lines:
        if not line:
            if "".join(data) or len(data) > 1:
                yield Event(name or "message", "\n".join(data), last)
            data, name = [], ""
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "data":
                data.append(value)
            case "event":
                name = value
            case "id" if "\0" not in value:
                last = value
