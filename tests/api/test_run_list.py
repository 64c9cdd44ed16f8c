"""Which runs are asked for, and what a real server said (raw-44, sdk-12)."""

from datetime import UTC, datetime, timedelta

import pytest

from trigger_widgets.api.run_list import list_runs
from trigger_widgets.errors import ConfigurationError


def params(**filters):
    return list_runs(**filters).request().params


def test_all_filters():
    class Task:
        id = "b"

    assert params(
        status=["COMPLETED", "FAILED"], task=["a", Task()], version="20261123.1", tag=("x", "y"),
        batch="batch_1", queue=["task/a", "mine"], machine="micro", region="eu", is_test=False,
        schedule="sched_1", bulk_action="bulk_1", period=timedelta(hours=1),
        from_=datetime(2026, 11, 23, 12, tzinfo=UTC), to="2026-11-23T13:00:00Z", limit=3,
    ) == {
        "page[size]": "3",
        "filter[status]": "COMPLETED,FAILED",
        "filter[taskIdentifier]": "a,b",
        "filter[version]": "20261123.1",
        "filter[tag]": "x,y",
        "filter[batch]": "batch_1",
        "filter[queue]": "task/a,mine",
        "filter[machine]": "micro",
        "filter[region]": "eu",
        "filter[isTest]": "false",
        "filter[schedule]": "sched_1",
        "filter[bulkAction]": "bulk_1",
        "filter[createdAt][period]": "1h",
        "filter[createdAt][from]": "1795435200000",
        "filter[createdAt][to]": "1795438800000",
    }  # fmt: skip
    assert params(task=Task())["filter[taskIdentifier]"] == "b"
    assert params(created_at="1h")["filter[createdAt][period]"] == "1h"
    assert params(from_=1795435200)["filter[createdAt][from]"] == "1795435200000"
    assert params() == {"page[size]": "100"}


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"status": "DONE"}, "'DONE' is no status of a run; use PENDING_VERSION"),
        ({"status": "PENDING"}, "no status"),
        ({"task": 5}, "a task is named by its id"),
        ({"batch": "run_1"}, "is not a batch"),
        ({"version": ""}, "version is a text"),
        ({"queue": "a,b"}, "queue is a text without commas"),
        ({"period": "soon"}, "not a duration"),
        ({"period": "1h", "created_at": "1h"}, "two words for one filter"),
        ({"from_": "yesterday"}, "from_ is a moment"),
        ({"to": True}, "is no moment"),
        ({"limit": "3"}, "limit is a number"),
    ],
)
def test_wrong_filters_are_named_before_anything_is_sent(filters, words):
    with pytest.raises(ConfigurationError, match=words):
        list_runs(**filters)
