"""Streams v1: lines of JSON, in one request or in many."""

from patience import until

from tests.engine.streams import TOKENS, Reader, path, trigger, write_lines


def test_v1_is_read_as_it_was_written(engine, task):
    run = trigger(engine, task, "v1")
    put = engine.http.put(path(run, "ai-output", "self"))
    assert (put.status_code, put.json()) == (202, {"version": "v1"})
    assert "x-s2-endpoint" not in put.headers
    reader = Reader(engine, run)
    answer = write_lines(engine, run, TOKENS)
    assert (answer.status_code, answer.text) == (200, "")
    assert reader.rest() == TOKENS
    assert len(set(reader.ids)) == len(TOKENS)
    assert "x-stream-version" not in reader.headers
    assert reader.headers["cache-control"] == "no-cache"
    assert "DONE" not in reader.raw


def test_lines_are_read_while_the_writer_still_sends(engine, task):
    """A v1 writer holds one request open; each part is out before the next is written."""
    run = trigger(engine, task, "v1")
    reader = Reader(engine, run, silence=60, enough=6)

    def lines():
        for i in range(5):
            yield f'"tok{i} "\n'.encode()
            until(lambda i=i: len(reader.parts) == i + 1)
        yield b'"cut in '
        yield '日本"'.encode()[:3]
        yield '日本"'.encode()[3:]

    url = path(run, "ai-output", "self")
    assert engine.http.post(url, content=lines()).status_code == 200
    assert reader.rest()[-1] == "cut in 日本"


def test_v1_goes_on_after_the_last_part(engine, task):
    run = trigger(engine, task, "v1")
    write_lines(engine, run, range(10))
    first = Reader(engine, run, enough=10)
    assert first.rest() == list(range(10))
    assert Reader(engine, run, last=first.ids[6], enough=3).rest() == [7, 8, 9]
    assert Reader(engine, run, last=first.ids[9]).rest() == []
    for unusable in ("garbage", "5", "0-0"):
        assert Reader(engine, run, last=unusable, enough=10).rest() == list(range(10))


def test_lines_a_writer_sends_again_are_not_there_twice(engine, task):
    run = trigger(engine, task, "v1")
    client = {"x-client-id": "c1"}
    write_lines(engine, run, ["a", "b"], **client, **{"x-resume-from-chunk": "0"})
    index = engine.http.head(path(run, "ai-output", "self"), headers=client)
    assert index.headers["x-last-chunk-index"] == "1"
    write_lines(engine, run, ["a", "b", "c"], **client, **{"x-resume-from-chunk": "0"})
    write_lines(engine, run, ["d"], **client, **{"x-resume-from-chunk": "3"})
    write_lines(engine, run, ["a"], **{"x-client-id": "c2", "x-resume-from-chunk": "0"})
    write_lines(engine, run, ["a"])
    assert Reader(engine, run).rest() == ["a", "b", "c", "d", "a", "a"]
    other = engine.http.head(path(run, "ai-output", "self"), headers={"x-client-id": "c9"})
    assert other.headers["x-last-chunk-index"] == "-1"


def test_a_line_that_is_no_json_is_refused_and_those_before_it_stay(engine, task):
    run = trigger(engine, task, "v1")
    answer = engine.http.post(path(run, "s", "self"), content=iter([b'"a"\n', b"{oops\n"]))
    assert answer.status_code == 400
    assert Reader(engine, run, "s").rest()[:1] in ([], ["a"])
    assert engine.http.post(path(run, "s2", "self"), content=b'"\xff"\n').status_code == 400
    engine.http.post(path(run, "s3", "self"), content=b'{"a":\r1}\r\n\n"\\ud83d"\n')
    assert Reader(engine, run, "s3").rest() == [{"a": 1}, "\ud83d"]
