"""Each answer that a real server has given to a feed, read by the real client."""

import base64
import itertools
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from patience import PATIENCE

from trigger_widgets.errors import APIStatusError
from trigger_widgets.realtime.run_lists import batch_source, tag_source
from trigger_widgets.realtime.runs import run_source
from trigger_widgets.realtime.stream_reader import StreamReader
from trigger_widgets.realtime.subscription import Subscription

LINES = (Path(__file__).parent / "recorded" / "feeds.jsonl").read_text().splitlines()
EXCHANGES = [json.loads(line) for line in LINES]


def is_stream(exchange):
    return exchange["path"].startswith("/realtime/v1/streams/")


def params(exchanges):
    """One case each, called by its family and what was done."""
    counts = itertools.count()
    return [pytest.param(e, id=f"{e['family']}-{next(counts)}-{e['note'][:40]}") for e in exchanges]


ROWS = [e for e in EXCHANGES if e["status"] == 200 and not is_stream(e)]
PARTS = [e for e in EXCHANGES if e["status"] == 200 and is_stream(e)]
REFUSALS = [e for e in EXCHANGES if e["status"] != 200]

# protocol.md §3: what a row calls it, and what the API of this version does
STATUSES = {
    "PENDING": "QUEUED",
    "WAITING_FOR_DEPLOY": "PENDING_VERSION",
    "RETRYING_AFTER_FAILURE": "EXECUTING",
    "WAITING_TO_RESUME": "WAITING",
    "PAUSED": "WAITING",
    "COMPLETED_SUCCESSFULLY": "COMPLETED",
    "COMPLETED_WITH_ERRORS": "FAILED",
    "INTERRUPTED": "FAILED",
}


def body_of(exchange):
    if exchange.get("encoding") == "base64":
        return base64.b64decode(exchange["body"])
    return exchange["body"].encode()


def response(exchange):
    return httpx.Response(
        exchange["status"], headers=exchange["headers"], content=body_of(exchange)
    )


def subscription(wire, exchange, server):
    """What the path of the exchange asks for."""
    url = urlsplit(exchange["path"])
    name = url.path.removeprefix("/realtime/v1/").split("/")
    if name[0] == "streams":
        return StreamReader(name[1], name[-1], server, timeout=PATIENCE)
    if name[0] == "batches":
        source = batch_source(name[1])
    elif len(name) == 1:
        source = tag_source(parse_qs(url.query).get("tags", ["any"])[0].split(","))
    else:
        source = run_source(name[1])
    return Subscription(source, server, timeout=PATIENCE)


def test_all_families_are_here():
    wanted = {10, 11, 12, 13, 14, 15, 16, 20, 21, 22, 50, 51, 60, 61, 62, 63, 64}
    raw = {int(e["family"].split("-")[1]) for e in EXCHANGES if e["family"].startswith("raw-")}
    assert raw == wanted
    sdk = {e["family"][:6] for e in EXCHANGES if e["family"].startswith("sdk-")}
    assert sdk == {f"sdk-0{n}" for n in range(3, 10)}
    assert len({e["family"] for e in EXCHANGES if e["family"].startswith("sdkv2-")}) == 3


@pytest.mark.parametrize("exchange", params(ROWS))
def test_rows(wire, exchange):
    answer = response(exchange)
    values = [m["value"] for m in answer.json() if "value" in m]
    script = wire.Script(response(exchange))
    with subscription(wire, exchange, wire.fake_server(script)) as states:
        if not values and urlsplit(exchange["path"]).path.startswith("/realtime/v1/runs/"):
            assert states.poll(0.05) is None  # nothing new, and no run yet
            return
        first = next(states)
    runs = first if isinstance(first, list) else [first]
    assert {run.id for run in runs} == {value["friendlyId"] for value in values}
    by_id = {value["friendlyId"]: value for value in values}
    for run in runs:
        value = by_id[run.id]
        assert run.status == STATUSES.get(value["status"], value["status"])
        assert run.task_identifier == value["taskIdentifier"]
        if "usageDurationMs" in value:
            assert run.duration_ms == int(value["usageDurationMs"])
        if value.get("realtimeStreams"):
            assert len(run.streams) == len(
                [s for s in value["realtimeStreams"][1:-1].split(",") if s]
            )


@pytest.mark.parametrize("exchange", params(PARTS))
def test_parts(wire, quick, exchange):
    expected = list(written(exchange))
    answers = [response(exchange)]

    async def handler(request):
        if "/streams/" not in request.url.path:
            return wire.answer(wire.row("CANCELED"))
        if answers:
            return answers.pop()
        # the recorder left in the middle of some; after them, there is no more
        is_v2 = "x-stream-version" in exchange["headers"]
        body = b"data: [DONE]\n\n" if is_v2 else b""
        headers = {k: v for k, v in exchange["headers"].items() if k != "content-encoding"}
        return httpx.Response(200, headers=headers, content=body)

    reader = subscription(wire, exchange, wire.fake_server(handler))
    assert list(reader) == expected
    assert reader.malformed == 0


def written(exchange):
    """The parts in a body, by a reader as simple as can be."""
    if "content-encoding" in exchange["headers"]:
        text = response(exchange).text
    else:
        text = body_of(exchange).decode()
    whole = text[: text.rfind("\n\n") + 2]
    data = [line[6:] for line in whole.split("\n") if line.startswith("data: ")]
    if "x-stream-version" not in exchange["headers"]:
        yield from (None if d == "undefined" else json.loads(d) for d in data)
        return
    for event in data:
        records = json.loads(event).get("records", []) if event != "[DONE]" else []
        for record in records:
            if not record.get("headers") or record["headers"][0][0]:
                yield json.loads(record["body"]).get("data")


@pytest.mark.parametrize("exchange", params(REFUSALS))
def test_refusals(wire, exchange):
    said = body_of(exchange).decode()

    async def handler(request):
        if is_stream(exchange) and "/streams/" not in request.url.path:
            return wire.answer(wire.row())
        return response(exchange)

    reader = subscription(wire, exchange, wire.fake_server(handler))
    with pytest.raises(APIStatusError) as raised:
        list(reader)
    assert type(raised.value) is APIStatusError.class_for(exchange["status"])
    words = json.loads(said).get("error") if said.startswith("{") else said
    assert raised.value.server_message == (words or "").strip()
