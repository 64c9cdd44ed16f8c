"""Which run is which item, and when a batch is complete: without a network."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.api.batch_items import plan
from trigger_widgets.models import Batch, Run
from trigger_widgets.packets import decode_packet
from trigger_widgets.realtime import marks
from trigger_widgets.realtime.marks import mark_of_item, mark_of_run, told_apart
from trigger_widgets.realtime.roster import Gathering, Roster, assign, doubtful

START = datetime(2026, 1, 1, tzinfo=UTC)


def run_of(item, n, *, status="COMPLETED", **fields):
    payload = decode_packet(*item.payload)
    moment = START + timedelta(milliseconds=n)
    return Run(
        **{
            "id": f"run_{n}", "task_identifier": item.task, "status": status, "payload": payload,
            "created_at": moment, "updated_at": moment, "ttl": item.options.get("ttl"),
            "tags": item.options.get("tags", []), **fields,
        }
    )  # fmt: skip


def planned(payloads):
    return plan("t", payloads, options={})[0]


payloads = st.lists(
    st.one_of(
        st.integers(-3, 3), st.sampled_from(["a", "\ud800", ""]), st.none(),
        st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)),  # noqa: DTZ001 - as people have them
        st.dictionaries(st.sampled_from("ab"), st.floats() | st.integers(0, 2**60)),
        st.sets(st.integers(0, 3)),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


@given(payloads, st.randoms())
def test_each_item_gets_a_run_that_was_given_its_payload(payloads, random):
    items = planned(payloads)
    runs = [run_of(item, n) for n, item in enumerate(items)]
    random.shuffle(runs)
    assigned = assign([mark_of_item(item) for item in items], runs, [])
    assert sorted(assigned) == list(range(len(items)))
    assert len({run.id for run in assigned.values()}) == len(items)
    for place, run in assigned.items():
        assert mark_of_run(run) == mark_of_item(items[place])


def test_equal_items_take_their_runs_in_order():
    items = planned([1, 1, 2, 1])
    runs = [run_of(items[0], 5), run_of(items[2], 1), run_of(items[0], 3), run_of(items[0], 4)]
    found = [mark_of_item(item) for item in items]
    assert {k: r.id for k, r in assign(found, runs, []).items()} == {
        0: "run_3", 1: "run_4", 3: "run_5", 2: "run_1",
    }  # fmt: skip
    assert {k: r.id for k, r in assign(found, runs[:3], [1]).items()} == {
        0: "run_3", 3: "run_5", 2: "run_1",
    }  # fmt: skip


def test_a_run_that_nobody_knows_takes_what_is_left():
    items = planned(["large", "other"])
    found = [mark_of_item(item) for item in items]
    large = run_of(items[0], 1, payload=None, large={"payload"})
    assert mark_of_run(large).digest is None
    assert {k: r.id for k, r in assign(found, [large, run_of(items[1], 2)], []).items()} == {
        1: "run_2", 0: "run_1",
    }  # fmt: skip
    assert assign(found, [], []) == {}


def test_a_place_that_was_given_stays():
    items = planned([1, 1])
    roster = Roster([mark_of_item(item) for item in items])
    roster.see([run_of(items[0], 7)])
    roster.see([run_of(items[0], 3), run_of(items[0], 7), run_of(items[0], 9)])
    assert roster.places == {"run_7": 0, "run_3": 1}


def test_items_that_differ_in_their_options_alone_are_told_apart():
    def item(**options):
        return {"payload": 1, "options": options}

    given = [item(metadata={"n": n}) for n in range(3)]
    given += [item(tags=["a"]), item(tags=["a", "b"]), item(ttl="1h"), item(), item()]
    items = told_apart(planned(given))
    assert len({item.options["ttl"] for item in items[:3]}) == 3
    assert [item.options.get("ttl") for item in items[3:6]] == [None, None, "1h"]
    runs = [run_of(item, -n) for n, item in enumerate(items)]  # created in the other order
    runs[3] = run_of(items[3], 1, tags=["a", "while it ran"])
    assigned = assign([mark_of_item(item) for item in items], runs, [])
    assert [assigned[n] for n in range(6)] == runs[:6]
    # these two are the same in everything, so either will do
    assert {assigned[6].id, assigned[7].id} == {"run_-6", "run_-7"}


def test_large_payloads_are_told_apart_without_being_there(monkeypatch):
    monkeypatch.setattr(marks, "LARGE", 10)
    items = told_apart(planned(["long enough 1", "long enough 2", "long enough 2", "x"]))
    assert "ttl" not in items[3].options
    runs = [run_of(each, -n, payload=None, large={"payload"}) for n, each in enumerate(items[:3])]
    found = [mark_of_item(item) for item in items]
    assigned = assign(found, [*runs, run_of(items[3], 4)], [])
    assert [assigned[n].id for n in range(4)] == ["run_0", "run_-1", "run_-2", "run_4"]
    # a server that sends them all the same is understood too
    assert assign(found, [run_of(items[1], 1)], [0, 2])[1].id == "run_1"


def test_a_run_that_a_key_found_is_known_by_its_key():
    def item(payload, key=None):
        return {"payload": payload, "options": {"idempotency_key": key}}

    items = planned([item("new", "k"), item("old"), item("other", "l")])
    found = [mark_of_item(each) for each in items]
    # the run that "k" found was given what the second item is given now
    runs = [run_of(items[1], 0), run_of(items[1], 5), run_of(items[2], 6)]
    assert doubtful(found, runs) == ["run_0", "run_5"]
    retrieved = [run_of(items[1], 0, idempotency_key="k"), *runs[1:]]
    assert [assign(found, retrieved, [])[n].id for n in range(3)] == ["run_0", "run_5", "run_6"]
    assert doubtful(found[1:2], runs) == []


def test_a_place_whose_run_said_its_key_is_not_given_again():
    items = planned([{"payload": 1, "options": {"idempotency_key": "k"}}, 1])
    keyed, other = run_of(items[0], 1, idempotency_key="k"), run_of(items[1], 0)
    assert assign([mark_of_item(item) for item in items], [keyed, other], []) == {
        0: keyed, 1: other,
    }  # fmt: skip


def batch(count, runs=(), errors=(), status="PENDING"):
    return Batch.model_validate(
        {
            "id": "batch_1", "status": status, "runCount": count, "runs": list(runs),
            "createdAt": START, "updatedAt": START, "processing": {"errors": list(errors)},
        }
    )  # fmt: skip


def test_a_gathering_is_over_when_all_have_ended():
    items = planned([1, 2])
    gathering = Gathering(2)
    gathering.see([run_of(items[0], 0), run_of(items[1], 1, status="EXECUTING")])
    assert not gathering.is_over
    assert gathering.patience is None  # the feed will say more
    gathering.see([run_of(items[1], 1, status="FAILED")])
    assert gathering.is_over


def test_items_that_became_no_run_are_asked_after():
    items = planned([1, 2])
    gathering = Gathering(2)
    assert gathering.patience == 1
    gathering.see([run_of(items[0], 0)])
    gathering.see_batch(batch(2, ["run_0"]))
    assert not gathering.is_over
    assert gathering.patience == 2
    gathering.see_batch(batch(2, ["run_0"], [{"index": 1, "error": "queue is full"}]))
    assert gathering.is_over
    assert gathering.errors == {1: "queue is full"}
    for _ in range(9):
        gathering.see_batch(batch(2))
    assert gathering.patience == 15


def test_runs_that_the_feed_leaves_out_are_retrieved():
    items = planned([1, 2])
    gathering = Gathering(2)
    gathering.see([run_of(items[0], 0)])
    gathering.see_batch(batch(2, ["run_0", "run_1"]))
    assert gathering.missing == ["run_1"]
    gathering.see_retrieved(run_of(items[1], 1, status="EXECUTING"))
    assert gathering.missing == ["run_1"]
    assert not gathering.is_over
    assert gathering.patience == 2
    gathering.see_retrieved(run_of(items[1], 1))
    assert gathering.is_over
    assert len(gathering.runs) == 2


@pytest.mark.parametrize("status", ["COMPLETED", "PARTIAL_FAILED", "ABORTED"])
def test_a_batch_that_is_over_is_over(status):
    gathering = Gathering(2)
    gathering.see_batch(batch(2, status=status))
    assert gathering.is_over
