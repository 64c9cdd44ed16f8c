import base64
import json
import time

import pytest


def listed(engine, **query):
    params = {}
    for name, value in query.items():
        kind, _, field = name.partition("_")
        params[f"{kind}[{field.replace('.', '][')}]"] = value
    answer = engine.http.get("/api/v1/runs", params=params)
    assert answer.status_code == 200, answer.text
    return [run["id"] for run in answer.json()["data"]], answer.json()["pagination"]


def test_pages(engine, task):
    """raw-44 0002 to 0004; newest first in both directions."""
    runs = [engine.trigger(task) for _ in range(5)][::-1]
    only = {"filter_taskIdentifier": task, "page_size": 2}
    first, cursors = listed(engine, **only)
    assert (first, set(cursors)) == (runs[:2], {"next"})
    decoded = json.loads(base64.urlsafe_b64decode(cursors["next"] + "=="))
    assert set(decoded) == {"c", "r"}
    assert f"run_{decoded['r']}" == runs[1]
    second, cursors = listed(engine, **only, page_after=cursors["next"])
    assert (second, set(cursors)) == (runs[2:4], {"next", "previous"})
    back, earlier = listed(engine, **only, page_before=cursors["previous"])
    assert (back, set(earlier)) == (runs[:2], {"next"})
    last, cursors = listed(engine, **only, page_after=cursors["next"])
    assert (last, set(cursors)) == (runs[4:], {"previous"})


@pytest.mark.parametrize(
    "cursor", ["run_bogus", "", "e30", "\u00e4", "bnVsbA", "eyJyIjoiXHVkODAwIn0", "W1tb" * 9_000]
)
def test_a_bogus_cursor_is_none(engine, task, cursor):
    """raw-44 0019."""
    run = engine.trigger(task)
    assert listed(engine, filter_taskIdentifier=task, page_after=cursor)[0] == [run]


def test_filters(engine, task):
    """raw-44 0005 to 0015; of several tags, any."""
    one = engine.trigger(task, tags=[f"{task}:a", "x"])
    two = engine.trigger(task, tags=[f"{task}:b"], test=True)
    three = engine.trigger(task)
    engine.http.post(f"/api/v2/runs/{three}/cancel")
    items = {"items": [{"task": task}, {"task": task}]}
    batch = engine.http.post("/api/v1/tasks/batch", json=items).json()
    members = [run["id"] for run in batch["runs"]][::-1]
    only = {"filter_taskIdentifier": f"{task},other"}
    assert listed(engine, **only)[0] == [*members, three, two, one]
    assert listed(engine, filter_tag=f"{task}:a")[0] == [one]
    assert listed(engine, filter_tag=f"{task}:a,{task}:b")[0] == [two, one]
    assert listed(engine, filter_batch=batch["id"])[0] == members
    assert listed(engine, filter_batch="batch_unknown") == ([], {})
    assert listed(engine, **only, filter_isTest="true")[0] == [two]
    assert listed(engine, **only, filter_status="CANCELED,FAILED")[0] == [three]
    assert listed(engine, **only, filter_version="20200101.1")[0] == []
    assert listed(engine, **only, filter_bulkAction="bulk_1")[0] == []
    assert listed(engine, **only, filter_schedule="sched_1")[0] == []
    assert listed(engine, filter_queue=f"task/{task}")[0] == [*members, three, two, one]
    placed = engine.trigger(task, queue={"name": f"{task}-q"}, machine="micro", region="eu")
    assert listed(engine, filter_queue=f"{task}-q,other")[0] == [placed]
    assert listed(engine, **only, filter_machine="micro,large-1x")[0] == [placed]
    assert listed(engine, **only, filter_region="eu")[0] == [placed]
    assert len(listed(engine, **only, **{"filter_createdAt.period": "1h"})[0]) == 6
    now = round(time.time() * 1000)
    assert len(listed(engine, **only, **{"filter_createdAt.to": now + 1000})[0]) == 6
    assert listed(engine, **only, **{"filter_createdAt.from": now + 1000})[0] == []
    assert listed(engine, **only, **{"filter_createdAt.to": "2026-01-01T00:00:00Z"})[0] == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("filter[status]", "BOGUS", "Invalid status values: BOGUS"),
        ("filter[machine]", "micro,huge", "Invalid machine values: huge"),
        ("filter[isTest]", "maybe", "Invalid value for isTest: maybe"),
        ("filter[createdAt][period]", "zz", '"zz" is not a duration'),
        ("filter[createdAt][from]", "zz", "Invalid date"),
        ("page[size]", "101", "Number must be less than or equal to 100"),
        ("page[size]", "0", "Number must be greater than or equal to 1"),
        ("page[size]", "x", "Expected number, received nan"),
    ],
)
def test_impossible_queries(engine, name, value, words):
    answer = engine.http.get("/api/v1/runs", params={name: value})
    assert answer.status_code == 400
    assert answer.json()["error"] == "Query Error"
    (detail,) = answer.json()["details"]
    assert detail["path"] == [name]
    assert detail["message"].startswith(words)


def test_who_may_list(engine, task):
    """raw-44 0020, 0021."""
    run = engine.trigger(task, tags=[task])
    url = f"/api/v1/runs?filter[tag]={task}"
    assert engine.client(engine.mint("read:runs")).get(url).status_code == 200
    for scope in (f"read:tags:{task}", f"read:runs:{run}"):
        assert engine.client(engine.mint(scope)).get(url).status_code == 403
