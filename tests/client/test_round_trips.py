"""What data scientists send comes back, through the engine and through JavaScript's JSON.parse."""

import dataclasses
import datetime as dt
import json
import math
import shutil
import subprocess
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from patience import PATIENCE
from pydantic import BaseModel

MOMENT = dt.datetime(2026, 11, 23, 12, 30, 15, 123_000, tzinfo=dt.UTC)


class Row(BaseModel):
    when: dt.datetime
    score: float


@dataclasses.dataclass
class Point:
    x: int
    y: float


CASES = {
    "nothing": (None, None),
    "text": ("Grüße 🎉 \u2028 </script>", "Grüße 🎉 \u2028 </script>"),
    "empty text": ("", ""),
    "a text that looks like JSON": ('{"a":1}', '{"a":1}'),
    "NaN and infinities": ([math.nan, math.inf, -math.inf, 1.5], [None, None, None, 1.5]),
    "a datetime": (MOMENT, MOMENT),
    "nested datetimes": ({"a.b": [{"at": MOMENT}]}, {"a.b": [{"at": MOMENT}]}),
    "a date": (dt.date(2026, 1, 2), "2026-01-02"),
    "a timedelta": (dt.timedelta(minutes=1), 60.0),
    "a decimal": (Decimal("1.25"), 1.25),
    "a bigint": ({"n": 2**70, "m": -(2**60)}, {"n": 2**70, "m": -(2**60)}),
    "a bigint at the root": (2**70, 2**70),
    "the last safe integer": (2**53 - 1, 2**53 - 1),
    "a model": (Row(when=MOMENT, score=math.nan), {"when": MOMENT, "score": None}),
    "a dataclass": (Point(1, 2.5), {"x": 1, "y": 2.5}),
    "numpy scalars": (
        {"i": np.int64(7), "f": np.float32(0.5), "b": np.bool_(1), "nan": np.float64("nan")},
        {"i": 7, "f": 0.5, "b": True, "nan": None},
    ),
    "numpy arrays": (np.array([[1.0, np.nan], [3.0, np.inf]]), [[1.0, None], [3.0, None]]),
    "numpy times, which are local": (
        np.datetime64("2026-11-23T12:30:15.123"),
        MOMENT.replace(tzinfo=None).astimezone(dt.UTC),
    ),
    "pandas": (
        pd.DataFrame({"n": [1, 2], "t": [pd.Timestamp(MOMENT), pd.NaT], "s": ["a", pd.NA]}),
        [{"n": 1, "t": MOMENT, "s": "a"}, {"n": 2, "t": None, "s": None}],
    ),
    "a series": (pd.Series([1.5, np.nan], name="x"), [1.5, None]),
    "a timestamp": (pd.Timestamp(MOMENT), MOMENT),
}


@pytest.fixture(scope="module")
def sent(shared_engine):
    """Each case as a run: its id by the case's name."""
    from trigger_widgets.client import Trigger

    at = shared_engine.endpoint
    with Trigger(api_url=at.api_url, secret_key=at.access_token) as client:
        yield (
            client,
            {
                name: client.tasks.trigger("round-trips", given, metadata={"given": given}).id
                for name, (given, _) in CASES.items()
            },
        )


@pytest.mark.parametrize("case", CASES)
def test_a_payload_comes_back_from_the_feed(sent, case):
    client, runs = sent
    with client.runs.subscribe_to_run(runs[case], timeout=PATIENCE) as states:
        run = next(iter(states))
    assert run.payload == CASES[case][1]


def test_everything_on_the_wire_is_json_to_javascript(sent):
    """What the API answers, and the packets in the feed, as a browser would read them."""
    client, runs = sent
    at = client.endpoint
    script = """
        const key = process.env.KEY, out = {};
        for (const [name, run] of Object.entries(JSON.parse(process.env.RUNS))) {
          const get = (path) => fetch(process.env.URL_ + path, {
            headers: { authorization: `Bearer ${key}` } }).then((r) => r.text());
          const api = JSON.parse(await get(`/api/v3/runs/${run}`));
          const row = JSON.parse(await get(`/realtime/v1/runs/${run}?offset=-1`))[0].value;
          const packet = row.payloadType === "text/plain" ? row.payload : JSON.parse(row.payload);
          out[name] = { payload: api.payload ?? null, metadata: JSON.parse(row.metadata), packet };
        }
        console.log(JSON.stringify(out));
    """
    environment = {
        "KEY": at.access_token.get_secret_value(),
        "URL_": at.api_url,
        "RUNS": json.dumps(runs),
    }
    node = shutil.which("node")
    assert node is not None, "Node.js 20 or newer is needed to read what JavaScript reads"
    done = subprocess.run(
        [node, "--input-type=module", "-e", script],
        env=environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found.keys() == CASES.keys()
    assert found["NaN and infinities"]["payload"] == [None, None, None, 1.5]
    assert found["numpy arrays"]["metadata"] == {"given": [[1.0, None], [3.0, None]]}
    assert found["a bigint"]["packet"]["meta"]["values"] == {"n": ["bigint"], "m": ["bigint"]}
    assert found["a bigint at the root"]["packet"]["meta"]["values"] == ["bigint"]
    assert found["a datetime"]["packet"] == {
        "json": "2026-11-23T12:30:15.123Z", "meta": {"values": ["Date"], "v": 1},
    }  # fmt: skip
    assert found["text"]["packet"] == CASES["text"][0]
    assert found["nested datetimes"]["packet"]["meta"]["values"] == {"a\\.b.0.at": ["Date"]}
