"""Reading a stream as it is stored, by the wire itself."""

import json
from typing import NamedTuple

import httpx
from patience import PATIENCE

HTTP = httpx.Client(timeout=PATIENCE, limits=httpx.Limits(max_connections=None))


def parts_of(client, run, stream):
    """Every part of a stream now, in order, each as often as it is there."""
    at = client.endpoint
    headers = {
        "authorization": f"Bearer {at.access_token.get_secret_value()}",
        "timeout-seconds": "1",
    }
    url = f"{at.api_url}/realtime/v1/streams/{run.id}/{stream}"
    answer = HTTP.get(url, headers=headers)
    answer.raise_for_status()
    lines = [line[5:].strip() for line in answer.text.splitlines() if line.startswith("data:")]
    if answer.headers.get("x-stream-version") != "v2":
        return [json.loads(line) for line in lines]
    events = [json.loads(line) for line in lines if line.startswith("{")]
    records = [record for event in events for record in event.get("records", ())]
    assert [record["seq_num"] for record in records] == list(range(len(records)))
    return [json.loads(record["body"])["data"] for record in records]


class Started(NamedTuple):
    """A run, by its id."""

    id: str


def trigger_with(client, task, version, payload=None):
    """Trigger a task whose streams are of this version: the client's own are always v2."""
    at = client.endpoint
    headers = {
        "authorization": f"Bearer {at.access_token.get_secret_value()}",
        "x-trigger-realtime-streams-version": version,
    }
    url = f"{at.api_url}/api/v1/tasks/{task}/trigger"
    answer = HTTP.post(url, headers=headers, json={"payload": payload})
    return Started(answer.raise_for_status().json()["id"])
