"""Any bytes as the body of a stream, cut anywhere, through httpx's and httpx-sse's decoders."""

import asyncio
import json

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from realtime.support import Body

from trigger_widgets.errors import ProtocolError
from trigger_widgets.realtime.stream_feed import StreamFeed, StreamSource

ANY_BYTES = settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def batch(number, text, **more):
    body = json.dumps({"data": text, "id": f"p{number}"}, ensure_ascii=False)
    data = json.dumps({"records": [{"seq_num": number, "body": body}], **more}, ensure_ascii=False)
    return f"event: batch\nid: {number},1,1\ndata: {data}\n\n".encode()


MALFORMED = b'event: batch\r\ndata: {"records":[{"seq_num":0,"body":"{"}]}\r\n\r\n'
# what streams are made of, whole and in bits; line ends of every kind, and what are none
WHOLE = [
    *[batch(n, text) for n, text in enumerate(["a", "ü\u2028\x85", "日本語\n"])],
    *[f'id: {n}-0\ndata: "part {n}"\n\n'.encode() for n in range(3)],
    b'event: ping\ndata: {"tail":{"seq_num":3}}\n\n',
    b"data: [DONE]\n\n",
    b": ping\n\n",
    b"data: undefined\n\n",
    MALFORMED,
    b'event: batch\ndata: {"records":[1]}\n\n',
    b"event: error\ndata: {}\n\n",
    b"data: " + b"[" * 5000 + b"\n\n",
]
BITS = [
    b"data", b"data:", b"event", b"id: 1-0", b"id: \0", b"retry: 5", b"retry: x", b":", b" ", b"\n",
    b"\r", b"\r\n", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff",
    b"\xe6\x97", b"\xa5", b"\0", b'"', b"{", b"}", b"1", b"-",
]  # fmt: skip
BODIES = st.lists(st.sampled_from(WHOLE) | st.sampled_from(BITS) | st.binary(max_size=4)).map(
    b"".join
)
VERSIONS = pytest.mark.parametrize("version", ["v1", "v2"])


class Told:
    """A reader that only listens."""

    until_final = True
    patient = is_full = False

    def __init__(self):
        self.seen, self.skipped = [], 0

    def parts(self, parts):
        self.seen += parts

    def malformed(self, count):
        self.skipped += count

    def connection(self, connection):
        """Of no interest here."""


def outcome(server, version, pieces):
    """What a reader is told of a body: its parts, how many were malformed, and how it ended."""
    reader = Told()

    async def main():
        feed = StreamFeed(StreamSource("run_1", "out"), server)
        feed.add(reader)
        headers = {"content-type": "text/event-stream"}
        if version == "v2":
            headers["x-stream-version"] = "v2"
        response = httpx.Response(200, headers=headers, stream=Body(pieces))
        feed._stream.opened(response.headers)
        try:
            async with asyncio.timeout(10):
                await feed._listen(response)
        except ProtocolError as error:
            return str(error)
        finally:
            feed._publish()
        return None

    end = asyncio.run(main())
    return reader.seen, reader.skipped, end


@VERSIONS
@ANY_BYTES
@given(body=BODIES, cuts=st.lists(st.integers(0, 400), max_size=8))
@example(body=WHOLE[0] + WHOLE[1] + WHOLE[2], cuts=[1] * 8)
@example(body=b'data: "a"\r\n\r\nid: 1-0\rdata: 5\r\r', cuts=[10, 1, 1, 1, 20])
def test_however_a_body_is_cut_its_reader_is_told_the_same(wire, version, body, cuts):
    server = wire.fake_server(wire.Script())
    pieces, rest = [], body
    for size in cuts:
        pieces.append(rest[:size])
        rest = rest[size:]
    whole = outcome(server, version, [body])
    assert outcome(server, version, [*pieces, rest]) == whole
    assert outcome(server, version, [bytes([byte]) for byte in body[:300]] + [body[300:]]) == whole


@pytest.mark.parametrize(
    ("version", "pieces", "told"),
    [
        ("v2", WHOLE[:3], (["a", "ü\u2028\x85", "日本語\n"], 0, None)),
        ("v1", WHOLE[3:6], (["part 0", "part 1", "part 2"], 0, None)),
        ("v1", [b"id: 1-0\ndata: {\n\n", WHOLE[5]], (["part 2"], 1, None)),
        ("v2", [MALFORMED, batch(3, "b")], (["b"], 1, None)),
        ("v2", [batch(3, "b"), b"event: batch\ndata: {\n\n"],
         (["b"], 0, "an event of the stream is not a JSON object.")),
    ],
)  # fmt: skip
def test_what_a_reader_is_told_of_a_body(wire, version, pieces, told):
    assert outcome(wire.fake_server(wire.Script()), version, pieces) == told
