import pytest

from trigger_widgets.engine.stream_frames import (
    PartFrames,
    RecordFrames,
    record_number,
    redis_id,
)
from trigger_widgets.engine.stream_table import Part, Tail


def test_v1_is_an_event_a_part():
    """raw-20 0002."""
    frames = PartFrames()
    parts = [Part(0, 1795459576207, r'"Hello \"quoted\"\n"'), Part(1, 1795459576208, '"日本語 ✓ "')]
    assert frames.parts(parts, Tail(2, 1795459576208)).decode() == (
        'id: 1795459576207-0\ndata: "Hello \\"quoted\\"\\n"\n\n'
        'id: 1795459576208-1\ndata: "日本語 ✓ "\n\n'
    )
    assert frames.ping(Tail(2, 0), 5) == b": ping\n\n"
    assert frames.end() == b""
    assert frames.greeted


def test_v2_is_an_event_for_all_that_is_there():
    """raw-21 0021: the id counts records and bytes over the whole connection."""
    frames = RecordFrames()
    assert not frames.greeted
    first = [Part(0, 1795460381964, '{"data":"part 0\\n","id":"yszKIPD"}')]
    assert frames.parts(first, Tail(1, 1795460381964)).decode() == (
        "event: batch\nid: 0,1,42\n"
        r'data: {"records":[{"seq_num":0,"timestamp":1795460381964,'
        r'"body":"{\"data\":\"part 0\\n\",\"id\":\"yszKIPD\"}"}],'
        '"tail":{"seq_num":1,"timestamp":1795460381964}}\n\n'
    )
    second = [Part(1, 1795460382270, '{"data":"part 1\\n","id":"Ea1rzCA"}')]
    assert b"id: 1,2,84\n" in frames.parts(second, Tail(2, 1795460382270))
    assert frames.greeted


def test_v2_pings_and_its_end():
    """raw-21 0009."""
    frames = RecordFrames()
    assert frames.ping(Tail(200, 1795460342681), 1795460357797).decode() == (
        'event: ping\ndata: {"timestamp":1795460357797,'
        '"tail":{"seq_num":200,"timestamp":1795460342681}}\n\n'
    )
    assert frames.greeted
    assert frames.end() == b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [("100", 100), ("0", 0), ("107,108,4340", None), ("garbage", None), ("", None),
     ("1795459576207-0", 1795459576207), ("-1", None)],
)  # fmt: skip
def test_where_v2_resumes(text, found):
    """raw-21 0007 to 0012."""
    assert record_number(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("1795459578091-3", (1795459578091, 3)), ("0-0", (0, 0)), ("5", (5, 0)),
     ("garbage", None), ("107,108,4340", None), ("", None)],
)  # fmt: skip
def test_where_v1_resumes(text, found):
    """raw-20 0007 to 0011."""
    assert redis_id(text) == found
