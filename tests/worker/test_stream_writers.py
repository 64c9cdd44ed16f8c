"""What goes over the wire when a stream is written (worker-protocol.md §7)."""

import asyncio
import json

import pytest

from trigger_widgets.api.requests import Answer
from trigger_widgets.errors import APIConnectionError, AuthenticationError
from trigger_widgets.tasks.link import Parts
from trigger_widgets.worker.stream_writers import StreamWriters

PATH = "/realtime/v1/streams/run_1/self/ai-output"
V1 = Answer(202, {}, b'{"version":"v1"}')
V2 = Answer(
    202,
    {
        "x-s2-endpoint": "http://s2/v1",
        "x-s2-stream-name": "org/a/runs/run_1/ai-output",
        "x-s2-basin": "basin",
        "x-s2-access-token": "narrow",
    },
    b'{"version":"v2"}',
)
OK = Answer(200, {}, b"")
CUT = APIConnectionError("cut")


class Api:
    """Answers what it is told to, in this order, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def send(self, method, path, *, content=None, headers=None, doing):
        body = b"".join([chunk async for chunk in content]) if content else None
        return self._answer(method, path, headers, body)

    async def exchange(self, method, url, headers, *, body, doing):
        return self._answer(method, url, headers, body)

    def _answer(self, *asked):
        self.asked.append(asked)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def write(api, *batches):
    async def main():
        writers = StreamWriters(api)
        for batch in batches:
            try:
                await writers.write("run_1", batch)
            except APIConnectionError:
                await writers.write("run_1", batch)

    asyncio.run(main())


def test_v1_opens_once_and_numbers_what_it_sends():
    api = Api(V1, OK, OK)
    write(api, Parts("ai-output", "w", 0, ['"a"', '"b"']), Parts("ai-output", "w", 2, ['"c"']))
    assert [asked[:2] for asked in api.asked] == [("PUT", PATH), ("POST", PATH), ("POST", PATH)]
    _, _, headers, body = api.asked[1]
    assert body == b'"a"\n"b"\n'
    assert (headers["x-client-id"], headers["x-resume-from-chunk"]) == ("w", "0")
    assert api.asked[2][2]["x-resume-from-chunk"] == "2"


@pytest.mark.parametrize(
    ("last", "sent"), [("-1", b'"b"\n"c"\n'), ("0", b'"b"\n"c"\n'), ("1", b'"c"\n'), ("2", None)]
)
def test_v1_asks_what_has_arrived_after_a_cut(last, sent):
    api = Api(V1, OK, CUT, V1, Answer(200, {"x-last-chunk-index": last}, b""), OK)
    write(api, Parts("ai-output", "w", 0, ['"a"']), Parts("ai-output", "w", 1, ['"b"', '"c"']))
    assert [asked[0] for asked in api.asked[:5]] == ["PUT", "POST", "POST", "PUT", "HEAD"]
    assert [asked[3] for asked in api.asked[5:]] == ([sent] if sent else [])


def test_v2_writes_records_with_ids_that_stay_the_same():
    api = Api(V2, CUT, V2, OK)
    write(api, Parts("ai-output", "w", 15, ['"a"', '{"b":1}']))
    (_, url, headers, body), again = api.asked[1], api.asked[3]
    assert url == "http://s2/v1/streams/org%2Fa%2Fruns%2Frun_1%2Fai-output/records"
    assert headers == {
        "s2-format": "raw", "s2-basin": "basin", "authorization": "Bearer narrow",
    }  # fmt: skip
    assert [json.loads(record["body"]) for record in body["records"]] == [
        {"data": "a", "id": "w-f"}, {"data": {"b": 1}, "id": "w-10"},
    ]  # fmt: skip
    assert again == api.asked[1]


def test_a_target_that_is_no_longer_good_is_opened_anew_once():
    expired = AuthenticationError("expired", status=401)
    api = Api(V2, OK, expired, V2, OK)
    first, second = Parts("ai-output", "w", 0, ["1"]), Parts("ai-output", "w", 1, ["2"])
    write(api, first, second)
    assert [asked[0] for asked in api.asked] == ["PUT", "POST", "POST", "PUT", "POST"]
    with pytest.raises(AuthenticationError):
        write(Api(V2, expired), first)
