"""Streams v2: records, numbered from 0."""

import json

import pytest
from patience import until

from tests.engine.streams import TOKENS, Reader, Writer, stored, trigger, write_lines


def test_v2_is_read_as_it_was_written(engine, task):
    run = trigger(engine, task)
    writer = Writer(engine, run)
    reader = Reader(engine, run)
    answer = writer.send(*TOKENS[:2])
    assert answer.status_code == 200
    assert answer.json()["start"]["seq_num"] == 0
    assert answer.json()["tail"] == answer.json()["end"]
    assert answer.json()["end"]["seq_num"] == 2
    for data in TOKENS[2:]:
        writer.send(data)
    assert reader.rest() == TOKENS
    assert reader.ids == [0, 1, 2, 3]
    assert reader.raw.endswith("data: [DONE]\n\n")
    assert reader.raw.startswith("event: ping\n")
    assert reader.headers["x-stream-version"] == "v2"
    assert reader.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reader.headers["cache-control"] == "no-cache, no-transform"
    assert stored(engine, run) == TOKENS


def test_a_part_is_read_before_the_next_is_written(engine, task):
    run = trigger(engine, task)
    writer, reader = Writer(engine, run), Reader(engine, run, silence=60, enough=5)
    for i in range(5):
        writer.send(i)
        until(lambda i=i: len(reader.parts) == i + 1)
    assert reader.rest() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("last", [None, "garbage", "107,108,4340", "7,8,100"])
def test_v2_without_a_number_starts_at_the_top(engine, task, last):
    run = trigger(engine, task)
    Writer(engine, run).send(*range(5))
    assert stored(engine, run, last=last) == [0, 1, 2, 3, 4]


def test_v2_goes_on_after_the_last_record(engine, task):
    run = trigger(engine, task)
    Writer(engine, run).send(*range(5))
    assert stored(engine, run, last=2) == [3, 4]
    for beyond in (4, 5000, "1795459576207-0"):
        late = Reader(engine, run, last=beyond, enough=1)
        Writer(engine, run).post([{"body": json.dumps({"data": "late", "id": f"l{beyond}"})}])
        assert late.rest()[-1] == "late"
        assert len(late.parts) == 1


def test_a_long_stream_is_read_whole(engine, task):
    """Beyond the 1,000 records of one batch, and beyond the 1 MiB."""
    run = trigger(engine, task)
    writer = Writer(engine, run)
    for start in range(0, 3000, 1000):
        writer.send(*range(start, start + 1000))
    writer.send(*("x" * 700_000 for _ in range(4)))
    found = stored(engine, run)
    assert found[:3000] == list(range(3000))
    assert [len(part) for part in found[3000:]] == [700_000] * 4
    assert stored(engine, run, last=2998)[0] == 2999


def test_lines_into_a_v2_stream_are_records(engine, task):
    run = trigger(engine, task)
    write_lines(engine, run, ["a", {"b": 1}])
    assert stored(engine, run) == ["a", {"b": 1}]


def test_what_a_writer_sends_again_is_not_there_twice(engine, task):
    run = trigger(engine, task)
    writer = Writer(engine, run)
    records = [{"body": json.dumps({"data": i, "id": f"same{i}"})} for i in range(4)]
    assert writer.post(records[:2]).json()["start"]["seq_num"] == 0
    again = writer.post(records).json()
    assert again["start"]["seq_num"] == 0
    assert again["end"]["seq_num"] == 4
    assert stored(engine, run) == [0, 1, 2, 3]


def test_the_token_of_a_writer_writes_its_run_and_nothing_else(engine, task):
    run, other = trigger(engine, task), trigger(engine, task)
    writer = Writer(engine, run)
    writer.url = writer.url.replace(run, other)
    assert writer.send("x").status_code == 403
    assert writer.http.get(f"/api/v3/runs/{run}").status_code == 403
    writer.url = writer.url.replace(other, "run_nope")
    assert writer.send("x").status_code == 404


def test_an_id_of_half_a_surrogate_pair_names_nothing(engine, task):
    writer = Writer(engine, trigger(engine, task))
    half = {"body": '{"data":1,"id":"\\ud800"}'}
    assert writer.post([half, half]).json()["end"]["seq_num"] == 2


def test_refused_records(engine, task):
    run = trigger(engine, task)
    writer = Writer(engine, run)
    for body in ("no json", "[1]", '"x"', None):
        assert writer.post([{"body": body}]).status_code == 400
    assert writer.post([{"body": "{}", "headers": [["", "trim"]]}]).status_code == 400
    assert writer.post([{"body": "{}"}] * 1001).status_code == 400
    assert writer.http.post(writer.url, json={"records": [], "match_seq_num": 3}).status_code == 400
    base64 = {"s2-format": "base64"}
    assert writer.http.post(writer.url, json={"records": []}, headers=base64).status_code == 400
    assert stored(engine, run) == []
