"""Streams over HTTP: written as a worker does it, read as the SDK does it."""

import json
import threading
import time
from urllib.parse import quote

import httpx
import pytest

V2 = {"x-trigger-realtime-streams-version": "v2"}


def trigger(engine, task, version="v2", **options):
    answer = engine.http.post(
        f"/api/v1/tasks/{task}/trigger",
        json={"payload": 1, "options": options},
        headers={"x-trigger-realtime-streams-version": version},
    )
    return answer.json()["id"]


def path(run, stream, target=None):
    return f"/realtime/v1/streams/{run}/{target + '/' if target else ''}{stream}"


class Writer:
    """A v2 writer: what the PUT said is all it knows."""

    def __init__(self, engine, run, stream="ai-output"):
        answer = engine.http.put(path(run, stream, "self"))
        assert answer.status_code == 202, answer.text
        assert answer.json() == {"version": "v2"}
        self.headers = answer.headers
        name = quote(answer.headers["x-s2-stream-name"], safe="")
        self.url = f"{answer.headers['x-s2-endpoint']}/streams/{name}/records"
        self.http = engine.client(answer.headers["x-s2-access-token"])
        self.count = 0

    def send(self, *parts):
        records = []
        for data in parts:
            records.append({"body": json.dumps({"data": data, "id": f"id{self.count:05}"})})
            self.count += 1
        return self.post(records)

    def post(self, records):
        headers = {"s2-basin": self.headers["x-s2-basin"], "s2-format": "raw"}
        return self.http.post(self.url, json={"records": records}, headers=headers)


def stored(engine, run, stream="ai-output", *, last=None, token=None):
    """The parts of a v2 stream that are there now."""
    headers = {"authorization": f"Bearer {token or engine.key}"}
    headers |= {"last-event-id": str(last)} if last is not None else {}
    parts, rest, url = [], "", engine.url + path(run, stream)
    with httpx.Client() as client, client.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200
        for text in answer.iter_text():
            *events, rest = (rest + text).split("\n\n")
            for event in events:
                data = json.loads(event.partition("data: ")[2])
                records = data.get("records", [])
                parts += [json.loads(record["body"])["data"] for record in records]
                if not records or records[-1]["seq_num"] + 1 == data["tail"]["seq_num"]:
                    return parts
    raise AssertionError("it ended before its tail")


class Reader:
    """Reads in a thread: `parts` grow, `ids` are what to resume with.

    It ends after a silence, or once it has read `enough` parts.
    """

    def __init__(
        self, engine, run, stream="ai-output", *, last=None, silence=1, enough=None, token=None
    ):
        headers = {"authorization": f"Bearer {token or engine.key}"}
        headers["timeout-seconds"] = str(silence)
        if last is not None:
            headers["last-event-id"] = str(last)
        self.parts, self.ids, self.times, self.raw, self.pings = [], [], [], "", 0
        self.request = (engine.url + path(run, stream), headers)
        self.enough = enough
        self.opened = threading.Event()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()
        assert self.opened.wait(5)

    def _read(self):
        url, headers = self.request
        with httpx.Client(timeout=30) as client, client.stream("GET", url, headers=headers) as got:
            self.headers, self.status = got.headers, got.status_code
            self.opened.set()
            rest = ""
            try:
                for text in got.iter_text():
                    self.raw += text
                    *events, rest = (rest + text).split("\n\n")
                    for event in events:
                        self._event(event)
                    if self.enough is not None and len(self.parts) >= self.enough:
                        return
            except httpx.RemoteProtocolError:
                pass  # the engine was killed

    def _event(self, event):
        fields = dict(line.split(": ", 1) for line in event.split("\n"))
        if "id" not in fields:
            self.pings += "[DONE]" not in event
            return
        now = time.time()
        if fields.get("event") == "batch":
            for record in json.loads(fields["data"])["records"]:
                self._part(record["seq_num"], json.loads(record["body"])["data"], now)
        else:
            self._part(fields["id"], json.loads(fields["data"]), now)

    def _part(self, number, data, now):
        self.ids.append(number)
        self.times.append(now)
        self.parts.append(data)

    def rest(self):
        self.thread.join(60)
        assert not self.thread.is_alive()
        return self.parts


def write_lines(engine, run, parts, stream="ai-output", **headers):
    body = "".join(json.dumps(part) + "\n" for part in parts)
    return engine.http.post(path(run, stream, "self"), content=body, headers=headers)


TOKENS = [
    'Hello "quoted"\n',
    "日本語 ✓ ",
    {"type": "delta", "nested": {"a": [1, None, "x"]}},
    "\u2028",
]


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
    reader = Reader(engine, run, silence=3)

    def lines():
        for i in range(5):
            yield f'"tok{i} "\n'.encode()
            deadline = time.monotonic() + 5
            while len(reader.parts) <= i and time.monotonic() < deadline:
                time.sleep(0.002)
            assert len(reader.parts) == i + 1
        yield b'"cut in '
        yield '日本"'.encode()[:3]
        yield '日本"'.encode()[3:]

    url = path(run, "ai-output", "self")
    assert engine.http.post(url, content=lines()).status_code == 200
    assert reader.rest()[-1] == "cut in 日本"


def test_parts_arrive_in_milliseconds(engine, task):
    run = trigger(engine, task)
    writer, reader = Writer(engine, run), Reader(engine, run)
    sent = []
    for i in range(20):
        sent.append(time.time())
        writer.send(i)
    reader.rest()
    delays = sorted(read - sent for read, sent in zip(reader.times, sent, strict=True))
    assert delays[10] < 0.1


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
        late = Reader(engine, run, last=beyond, silence=1)
        Writer(engine, run).post([{"body": json.dumps({"data": "late", "id": f"l{beyond}"})}])
        assert late.rest()[-1] == "late"
        assert len(late.parts) == 1


def test_v1_goes_on_after_the_last_part(engine, task):
    run = trigger(engine, task, "v1")
    write_lines(engine, run, range(10))
    first = Reader(engine, run)
    assert first.rest() == list(range(10))
    assert Reader(engine, run, last=first.ids[6]).rest() == [7, 8, 9]
    assert Reader(engine, run, last=first.ids[9]).rest() == []
    for unusable in ("garbage", "5", "0-0"):
        assert Reader(engine, run, last=unusable).rest() == list(range(10))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_appended_text_is_a_string(engine, task, version):
    """raw-21 0023 to 0030, raw-22: whatever is sent is read as a string of just that."""
    run = trigger(engine, task, version)
    url = path(run, "ext", "self") + "/append"
    assert engine.http.post(url, content="hello from outside").json() == {"ok": True}
    for _ in range(2):  # sent again under the same part id, it is the same part
        sent = engine.http.post(url, content='"json string"', headers={"x-part-id": "p1"})
        assert sent.json() == {"ok": True}
    assert Reader(engine, run, "ext").rest() == ["hello from outside", '"json string"']
    assert engine.feed_row(run)["realtimeStreams"] == '{"ext"}'


def test_only_the_secret_key_writes(engine, task):
    run = trigger(engine, task)
    client = engine.client(engine.mint(f"write:runs:{run}"))
    for answer in (
        client.post(path(run, "s", "self") + "/append", content="x"),
        client.put(path(run, "s", "self")),
        client.post(path(run, "s", "self"), content='"x"\n'),
    ):
        assert (answer.status_code, answer.json()) == (401, {"error": "Invalid API key"})


def test_the_token_of_a_writer_writes_its_run_and_nothing_else(engine, task):
    run, other = trigger(engine, task), trigger(engine, task)
    writer = Writer(engine, run)
    writer.url = writer.url.replace(run, other)
    assert writer.send("x").status_code == 403
    assert writer.http.get(f"/api/v3/runs/{run}").status_code == 403
    writer.url = writer.url.replace(other, "run_nope")
    assert writer.send("x").status_code == 404


def test_who_may_read(engine, task):
    run = trigger(engine, task, tags=["t:1"])
    Writer(engine, run).send("x")
    for scope in (f"read:runs:{run}", "read:runs", "read:tags:t:1", f"read:tasks:{task}"):
        assert stored(engine, run, token=engine.mint(scope)) == ["x"]
    for scope in ("read:runs:run_other", f"write:runs:{run}"):
        answer = engine.client(engine.mint(scope)).get(path(run, "ai-output"))
        assert answer.status_code == 403
    answer = engine.client().get(path(run, "ai-output"))
    assert (answer.status_code, answer.json()) == (401, {"error": "Invalid or Missing API key"})


def test_an_unknown_run_and_an_unknown_stream(engine, task):
    answer = engine.http.get(path("run_unknown", "x"))
    assert (answer.status_code, answer.json()) == (404, {"error": "Not found"})
    assert answer.headers["x-should-retry"] == "false"
    run = trigger(engine, task)
    began = time.monotonic()
    reader = Reader(engine, run, "nothing-here", silence=1)
    assert reader.rest() == []
    assert 0.9 < time.monotonic() - began < 3
    assert reader.raw.startswith('event: ping\ndata: {"timestamp":')
    assert '"tail":{"seq_num":0,"timestamp":0}' in reader.raw
    assert engine.feed_row(run)["realtimeStreams"] == "{}"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        ("601", "Timeout seconds must be less than 600"),
        ("-1", "Timeout seconds must be greater than 0"),
    ],
)
def test_impossible_silences(engine, task, seconds, words):
    """raw-20 0020, 0021."""
    run = trigger(engine, task, "v1")
    answer = engine.http.get(path(run, "x"), headers={"timeout-seconds": seconds})
    assert (answer.status_code, answer.text) == (400, words)


def test_silence_counts_from_the_last_part(engine, task):
    run = trigger(engine, task)
    writer, reader = Writer(engine, run), Reader(engine, run, silence=1)
    for i in range(4):
        writer.send(i)
        time.sleep(0.5)  # shorter than the silence, longer in sum
    assert reader.rest() == [0, 1, 2, 3]


def test_the_row_has_a_stream_from_the_moment_it_is_opened(engine, task):
    run = trigger(engine, task)
    offset = engine.http.get(f"/realtime/v1/runs/{run}?offset=-1").headers
    engine.http.put(path(run, "ai-output", "self"))
    live = {"live": "true", "handle": "h", "offset": offset["electric-chunk-last-offset"]}
    row = engine.http.get(f"/realtime/v1/runs/{run}", params=live).json()[0]["value"]
    assert row["realtimeStreams"] == '{"ai-output"}'
    write_lines(engine, run, [1], stream="events")
    engine.http.put(path(run, "ai-output", "self"))
    assert engine.feed_row(run)["realtimeStreams"] == '{"ai-output","events"}'


def test_lines_into_a_v2_stream_are_records(engine, task):
    run = trigger(engine, task)
    write_lines(engine, run, ["a", {"b": 1}])
    assert stored(engine, run) == ["a", {"b": 1}]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_completed_run_takes_no_more(engine, task, version):
    """raw-21 0039."""
    run = trigger(engine, task, version)
    writer = Writer(engine, run) if version == "v2" else None
    engine.http.post(f"/api/v2/runs/{run}/cancel")
    words = "Cannot append to a realtime stream on a completed run"
    late = engine.http.post(path(run, "ai-output", "self") + "/append", content="late")
    assert (late.status_code, late.text) == (400, words)
    lines = write_lines(engine, run, ["late"])
    assert (lines.status_code, lines.text) == (400, words)
    assert engine.http.put(path(run, "ai-output", "self")).status_code == 400
    if writer is not None:
        assert writer.send("late").status_code == 400
    assert Reader(engine, run).rest() == []


def test_what_a_writer_sends_again_is_not_there_twice(engine, task):
    run = trigger(engine, task)
    writer = Writer(engine, run)
    records = [{"body": json.dumps({"data": i, "id": f"same{i}"})} for i in range(4)]
    assert writer.post(records[:2]).json()["start"]["seq_num"] == 0
    again = writer.post(records).json()
    assert again["start"]["seq_num"] == 0
    assert again["end"]["seq_num"] == 4
    assert stored(engine, run) == [0, 1, 2, 3]


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


def test_streams_of_the_parent_and_the_root(engine, task):
    top = trigger(engine, task)
    middle = trigger(engine, task, parentRunId=top)
    child = trigger(engine, task, parentRunId=middle)
    for target in ("self", "parent", "root"):
        engine.http.post(path(child, "s", target) + "/append", content=target)
    found = [stored(engine, run, "s") for run in (child, middle, top)]
    assert found == [["self"], ["parent"], ["root"]]
    assert engine.http.put(path(top, "s", "parent")).status_code == 404
    assert engine.http.put(path(top, "s", "root")).status_code == 202


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


def test_odd_stream_ids(engine, task):
    run = trigger(engine, task)
    for stream in ("ä/b c%", 'q"uo,te'):
        quoted = quote(stream, safe="")
        Writer(engine, run, quoted).send(stream)
        assert stored(engine, run, quoted) == [stream]


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


def test_a_line_that_is_no_json_is_refused_and_those_before_it_stay(engine, task):
    run = trigger(engine, task, "v1")
    answer = engine.http.post(path(run, "s", "self"), content=iter([b'"a"\n', b"{oops\n"]))
    assert answer.status_code == 400
    assert Reader(engine, run, "s").rest()[:1] in ([], ["a"])
    assert engine.http.post(path(run, "s2", "self"), content=b'"\xff"\n').status_code == 400
    engine.http.post(path(run, "s3", "self"), content=b'{"a":\r1}\r\n\n"\\ud83d"\n')
    assert Reader(engine, run, "s3").rest() == [{"a": 1}, "\ud83d"]


def test_only_head_reads_the_writers_side(engine, task):
    """raw-21 0029."""
    answer = engine.http.get(path(trigger(engine, task), "s", "self"))
    words = "Only HEAD requests are allowed for this endpoint"
    assert (answer.status_code, answer.text) == (405, words)


def test_many_readers_of_one_stream(engine, task):
    run = trigger(engine, task)
    writer = Writer(engine, run)
    readers = [Reader(engine, run, silence=60, enough=30) for _ in range(10)]
    for i in range(30):
        writer.send(i)
    assert all(reader.rest() == list(range(30)) for reader in readers)


def test_an_acknowledged_part_survives_a_kill(own_engine):
    """Written and read over three kills: each part is there once, and in order."""
    engine = own_engine
    run = trigger(engine, "t")
    sent, seen, last = 0, [], None
    for _ in range(3):
        writer = Writer(engine, run)
        writer.count = sent
        reader = Reader(engine, run, last=last, silence=5)
        stopping = threading.Event()

        def send(writer=writer, stopping=stopping):
            nonlocal sent
            try:
                while not stopping.is_set():
                    # the number that was not acknowledged is sent again after the kill
                    writer.count = sent
                    if writer.send(sent).status_code == 200:
                        sent += 1
            except httpx.TransportError:
                pass

        thread = threading.Thread(target=send)
        thread.start()
        deadline = time.monotonic() + 10
        while len(reader.parts) < 20 and time.monotonic() < deadline:
            time.sleep(0.01)
        engine.kill()
        stopping.set()
        thread.join(10)
        seen += reader.rest()
        last = reader.ids[-1]
        engine.start()
    seen += Reader(engine, run, last=last).rest()
    assert seen == list(range(len(seen)))
    assert len(seen) in (sent, sent + 1)
    assert sent >= 60


def test_readers_are_let_go_when_the_engine_stops(own_engine):
    run = trigger(own_engine, "t")
    readers = [Reader(own_engine, run, silence=60), Reader(own_engine, run, "other", silence=60)]
    began = time.monotonic()
    own_engine.stop()
    for reader in readers:
        reader.rest()
    assert time.monotonic() - began < 2
    assert "DONE" not in readers[0].raw


@pytest.mark.slow
@pytest.mark.parametrize(("version", "ping"), [("v1", ": ping\n\n"), ("v2", "event: ping\n")])
def test_a_silent_stream_shows_that_it_lives(engine, task, version, ping):
    run = trigger(engine, task, version)
    began = time.monotonic()
    reader = Reader(engine, run, silence=12)
    reader.rest()
    assert 11.5 < time.monotonic() - began < 14
    assert reader.raw.count(ping) == (1 if version == "v1" else 2)
