"""The stream machine, alone: what is read is what was written, whatever happens on the way."""

import contextlib
import json

import pytest
from httpx_sse._decoders import SSEDecoder, SSELineDecoder
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.errors import ProtocolError
from trigger_widgets.realtime.stream import Phase, Stream

V1: dict[str, str] = {}
V2 = {"x-stream-version": "v2"}


def opened(headers=V2, **options):
    stream = Stream(**options)
    stream.opened(headers)
    return stream


def record(number, data, part_id=None, **more):
    body = {"data": data} | ({"id": part_id} if part_id else {})
    return {"seq_num": number, "timestamp": 1, "body": json.dumps(body), **more}


def batch(*records, tail=None):
    body = {"records": list(records)} | ({"tail": {"seq_num": tail}} if tail is not None else {})
    return "batch", json.dumps(body), f"{records[-1]['seq_num']},1,1"


def ping(tail):
    return "ping", json.dumps({"timestamp": 1, "tail": {"seq_num": tail}}), ""


DONE = ("message", "[DONE]", "")


# ── the two framings, as recorded ────────────────────────────────────────────────────────────


def events(text):
    """What httpx-sse makes of a body."""
    lines, decoder = SSELineDecoder(), SSEDecoder()
    for line in [*lines.decode(text), *lines.flush()]:
        event = decoder.decode(line)
        if event is not None:
            yield event.event, event.data, event.id


def read(exchange, stream=None):
    stream = stream or Stream()
    stream.opened(exchange["headers"])
    return [p for event in events(exchange["response"]) for p in stream.event(*event)], stream


def by_note(wire, name, words):
    (found,) = [e for e in wire.recorded(name) if words in e["note"]]
    return found


@pytest.mark.parametrize(
    ("name", "words"), [("streams-v1", "read after run completed"), ("streams-v2", "read after")]
)
def test_a_recorded_stream_is_its_parts(wire, name, words):
    parts, stream = read(by_note(wire, name, words))
    assert parts == ['Hello "quoted"\n', "日本語 ✓ ", *[f"tok{n} " for n in range(2, 200)]]
    assert stream.version == name[-2:]
    assert stream.malformed == 0


def test_recorded_pieces(wire):
    assert read(by_note(wire, "streams-v1", "externally ingested"))[0] == ["a", "b"]
    assert read(by_note(wire, "streams-v1", "externally appended"))[0] == [
        "hello from outside",
        '"json string"',
    ]
    assert read(by_note(wire, "streams-v1", "input stream GET"))[0] == [
        '{"ok":true}',
        '{"ok":2}',
        None,
    ]
    assert read(by_note(wire, "streams-v2", "input stream GET"))[0] == [
        '{"ok":true}',
        '{"ok":2}',
        None,
    ]
    assert read(by_note(wire, "streams-v2", "unknown stream"))[0] == []
    twice = ['Hello "quoted"\n', "日本語 ✓ ", "tok2 ", "tok3 ", "tok4 "] * 2
    assert read(by_note(wire, "streams-v2", "two pipes"))[0] == twice


def test_where_a_recorded_stream_is_resumed(wire):
    """Each version as its server wants it: recorded resumptions are asked for in these words."""
    first = by_note(wire, "streams-v2", "read after")
    cut = {**first, "response": first["response"].replace('"seq_num":101', '"seq_num":1e9', 1)}
    with pytest.raises(ProtocolError):
        read(cut)
    parts, stream = read({**first, "response": batch_text(first, upto=101)})
    resumed = by_note(wire, "streams-v2", "resume Last-Event-ID 100")
    assert stream.headers()["last-event-id"] == resumed["request_headers"]["last-event-id"]
    assert [*parts, *read(resumed, stream)[0]][-1] == "tok199 "
    assert len(parts) + 99 == 200

    v1 = by_note(wire, "streams-v1", "read after")
    resumed = by_note(wire, "streams-v1", "resume Last-Event-ID mid")
    after = resumed["request_headers"]["last-event-id"]
    one_more = v1["response"].index("\n\n", v1["response"].index(f"id: {after}\n") + 60) + 2
    parts, stream = read({**v1, "response": v1["response"][:one_more]})
    assert stream.headers()["last-event-id"] == after
    assert len(parts + read(resumed, stream)[0]) == 200


def batch_text(exchange, upto):
    """The recorded batch, but only its first records."""
    event = next(e for e in events(exchange["response"]) if e[0] == "batch")
    body = json.loads(event[1])
    body["records"] = body["records"][:upto]
    return f"event: batch\nid: 1,2,3\ndata: {json.dumps(body)}\n\n"


def test_recorded_ends(wire):
    drained = by_note(wire, "streams-v2", "resume Last-Event-ID 199")
    stream = opened()
    for n in range(200):
        stream.event(*batch(record(n, n)))
    stream.run_ended(orderly=False)
    assert read(drained, stream)[0] == []
    assert stream.phase is Phase.DRAINING
    stream.closed(2.0)
    assert stream.phase is Phase.DONE


# ── the rules ────────────────────────────────────────────────────────────────────────────────


def test_the_first_question_asks_for_everything():
    assert Stream().headers() == {"timeout-seconds": "300"}
    assert opened().headers() == {"timeout-seconds": "300"}
    assert Stream().version is None


def test_keep_alives_are_no_parts():
    v1 = opened(V1)
    assert v1.event("message", '"a"', "1-0") == ["a"]
    assert v1.event("message", "", "1-0") == []  # httpx-sse, of ": ping" after an id
    v2 = opened()
    assert v2.event(*ping(0)) == []
    assert v2.event(*DONE) == []
    assert Stream().event("message", '"a"', "1-0") == []


def test_v1_parts_that_share_an_id_survive_a_cut_between_them():
    stream = opened(V1)
    seen = [*stream.event("message", '"a"', "1-0"), *stream.event("message", '"b"', "2-0")]
    assert stream.headers()["last-event-id"] == "1-0"
    stream.opened(V1)
    for part in ("b", "c"):
        seen += stream.event("message", json.dumps(part), "2-0")
    seen += stream.event("message", '"d"', "2-1")
    assert seen == ["a", "b", "c", "d"]


def test_v1_ids_are_numbers_not_texts():
    stream = opened(V1)
    assert stream.event("message", "1", "9-0") == [1]
    assert stream.event("message", "2", "10-0") == [2]
    assert stream.event("message", "3", "10-10") == [3]
    assert stream.event("message", "0", "10-9") == []


def test_v2_resumes_by_the_last_record_and_never_by_the_event():
    stream = opened()
    stream.event("batch", json.dumps({"records": [record(0, "a"), record(1, "b")]}), "107,108,4340")
    assert stream.headers()["last-event-id"] == "1"


def test_v2_drops_what_a_writer_sent_twice_and_what_the_store_says_to_itself():
    stream = opened()
    parts = stream.event(
        *batch(
            record(0, "a", "p"),
            record(1, "a", "p"),
            record(2, "fence", headers=[["", "fence"]]),
            record(3, "b", "q", headers=[["name", "value"]]),
            record(4, "c"),
            record(5, "c"),
        )
    )
    assert parts == ["a", "b", "c", "c"]


def test_a_body_may_have_space_around_it():
    bodies = ['{"data":1} ', ' {"data":2}\n', '{"data":3}}']
    records = [{"seq_num": n, "body": body} for n, body in enumerate(bodies)]
    stream = opened()
    assert stream.event(*batch(*records)) == [1, 2]
    assert stream.malformed == 1


def test_v2_remembers_part_ids_for_a_while(monkeypatch):
    monkeypatch.setattr("trigger_widgets.realtime.stream._REMEMBERED", 2)
    stream = opened()
    ids = ["a", "b", "c", "b", "d", "a"]
    parts = stream.event(*batch(*[record(n, n, part_id) for n, part_id in enumerate(ids)]))
    assert parts == [0, 1, 2, 4, 5]


@pytest.mark.parametrize("version", [V1, V2])
def test_start_index_leaves_out_so_many_parts(version):
    stream = opened(version, start_index=3)
    parts = []
    for n in range(5):
        if n == 2:
            stream.opened(version)
        event = batch(record(n, n)) if version else ("message", str(n), f"{n}-0")
        parts += stream.event(*event)
    assert parts == [3, 4]


def test_the_end_is_that_of_the_run():
    stream = opened()
    stream.event(*DONE)
    stream.closed(60)
    assert stream.phase is Phase.FOLLOWING  # silence is no end
    stream.run_ended(orderly=True)
    assert stream.headers()["timeout-seconds"] == "1"
    stream.opened(V2)
    assert stream.event(*batch(record(0, "a"), tail=2)) == ["a"]
    assert stream.phase is Phase.DRAINING
    assert stream.event(*batch(record(1, "b"), tail=2)) == ["b"]
    assert stream.phase is Phase.DONE
    stream.run_ended(orderly=True)
    assert stream.phase is Phase.DONE
    stream.stay()
    assert stream.phase is Phase.FOLLOWING


def test_after_a_disorderly_end_only_the_server_says_that_there_is_no_more():
    stream = opened()
    stream.run_ended(orderly=False)
    stream.opened(V2)
    stream.event(*ping(0))
    stream.closed(5)  # somebody on the way closed it
    assert stream.phase is Phase.DRAINING
    stream.opened(V2)
    stream.event(*DONE)
    stream.closed(1)
    assert stream.phase is Phase.DONE


def test_v1_ends_when_the_body_closes_after_the_silence_that_was_asked_for():
    stream = opened(V1)
    stream.run_ended(orderly=True)
    stream.closed(0.1)
    assert stream.phase is Phase.DRAINING
    stream.closed(1.0)
    assert stream.phase is Phase.DONE


def test_what_is_malformed_is_counted_or_refused():
    v1, v2 = opened(V1), opened()
    assert v1.event("message", "{", "1-0") == []
    assert v2.event(*batch({"seq_num": 0, "body": "{"}, {"seq_num": 1}, record(2, 1))) == [1]
    assert (v1.malformed, v2.malformed) == (1, 2)
    for event in [
        ("batch", "{", ""),
        ("batch", "[]", ""),
        ("batch", "{}", ""),
        ("batch", '{"records":[1]}', ""),
        ("batch", '{"records":[{"seq_num":"1"}]}', ""),
        ("error", '{"message":"no"}', ""),
    ]:
        with pytest.raises(ProtocolError):
            v2.event(*event)
    with pytest.raises(ProtocolError):
        v1.event("message", '"a"', "")
    with pytest.raises(ProtocolError):
        v1.opened(V2)
    with pytest.raises(ProtocolError):
        Stream().opened({"x-stream-version": "v9"})


def test_of_a_batch_that_cannot_be_read_whole_nothing_is_taken_so_that_nothing_is_lost():
    stream = opened()
    for bad in ({"body": "{}"}, 5, {"seq_num": "1"}, {"seq_num": True}, {"seq_num": 1.0}):
        with pytest.raises(ProtocolError, match="no number"):
            stream.event("batch", json.dumps({"records": [record(0, "a", "p"), bad]}), "")
    assert "last-event-id" not in stream.headers()
    assert stream.event(*batch(record(0, "a", "p"), record(1, "b", "q"))) == ["a", "b"]


# ── any interleaving ─────────────────────────────────────────────────────────────────────────

groups = st.lists(st.integers(1, 4), min_size=1, max_size=8)
cuts = st.lists(st.integers(0, 6), max_size=12)


def v1_log(sizes):
    """(id, part) as a server has them: the parts of a network chunk share an id."""
    return [(f"{n // 3}-{n % 3}", f"{n}.{i}") for n, size in enumerate(sizes) for i in range(size)]


def order(text):
    return tuple(map(int, text.split("-")))


@given(groups, cuts, st.integers(0, 5))
def test_v1_gives_exactly_what_was_written(sizes, cuts, start):
    log, stream, seen = v1_log(sizes), Stream(start_index=start), []
    for length in [*cuts, len(log)]:
        after = stream.headers().get("last-event-id")
        stream.opened(V1)
        left = [e for e in log if after is None or order(e[0]) > order(after)]
        for event_id, part in left[:length]:
            seen += stream.event("message", json.dumps(part), event_id)
            stream.event("message", "", event_id)
    assert seen == [part for _, part in log][start:]


@st.composite
def v2_logs(draw):
    """Records, some of which are a writer's second attempt, or the store's own."""
    log = []
    for n in range(draw(st.integers(1, 12))):
        log.append(record(len(log), n, f"part{n}"))
        if draw(st.booleans()):
            log.append(record(len(log), n, f"part{n}"))
        if draw(st.booleans()):
            log.append(record(len(log), "trim", headers=[["", "trim"]]))
    return log


@given(v2_logs(), cuts, st.data(), st.integers(0, 5))
def test_v2_gives_exactly_what_was_written(log, cuts, data, start):
    stream, seen = Stream(start_index=start), []
    for length in [*cuts, len(log)]:
        after = stream.headers().get("last-event-id")
        stream.opened(V2)
        first = 0 if after is None else int(after) + 1
        # a server may well say again what is known
        left = log[max(0, first - data.draw(st.integers(0, 2))) :][:length]
        while left:
            size = data.draw(st.integers(1, len(left)))
            seen += stream.event(*batch(*left[:size]))
            left = left[size:]
    assert seen == list(range(len({json.loads(r["body"])["data"] for r in log} - {"trim"})))[start:]


@given(st.text(), st.text(), st.text(), st.booleans())
def test_no_event_does_worse_than_a_protocol_error(name, data, event_id, second):
    stream = opened(V2 if second else V1)
    with contextlib.suppress(ProtocolError):
        assert isinstance(stream.event(name, data, event_id), list)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["records", "seq_num", "body", "headers", "tail", "id", "data"]), inner
    ),
)  # fmt: skip


@given(json_values)
def test_no_record_does_worse_than_a_protocol_error(value):
    for body in (value, {"records": [value]}, {"records": [{"seq_num": 0, "body": value}]}):
        with contextlib.suppress(ProtocolError):
            opened().event("batch", json.dumps(body), "")
