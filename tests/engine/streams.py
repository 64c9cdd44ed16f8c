"""Streams over HTTP: a writer as a worker is one, a reader as the SDK is one."""

import json
import threading
from urllib.parse import quote

import httpx
from patience import PATIENCE


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
        self.parts, self.ids, self.raw = [], [], ""
        self.request = (engine.url + path(run, stream), headers)
        self.enough = enough
        self.opened = threading.Event()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()
        assert self.opened.wait(PATIENCE)

    def _read(self):
        url, headers = self.request
        with (
            httpx.Client(timeout=PATIENCE) as client,
            client.stream("GET", url, headers=headers) as got,
        ):
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
            return
        if fields.get("event") == "batch":
            for record in json.loads(fields["data"])["records"]:
                self._part(record["seq_num"], json.loads(record["body"])["data"])
        else:
            self._part(fields["id"], json.loads(fields["data"]))

    def _part(self, number, data):
        self.ids.append(number)
        self.parts.append(data)

    def rest(self):
        self.thread.join(PATIENCE)
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
