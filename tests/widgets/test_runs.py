"""The tables on a real engine, with a real worker; only the browser is missing."""

import threading

import numpy as np
import pandas as pd
import pytest
from patience import PATIENCE

from trigger_widgets import (
    BatchWidget,
    ConfigurationError,
    TaggedRunsWidget,
    Trigger,
    TriggerError,
    batch_trigger,
    metadata,
    task,
)
from trigger_widgets.errors import PermissionDeniedError


@pytest.fixture
def gate():
    """Lets tasks go on when the test says so."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def score(here):
    @task(id="score")
    def score(row):
        metadata.set("stage", "fit")
        if row["x"] is None:
            raise ValueError(f"{row['city']} has no x")
        return {"score": row["x"] * 2, "of": {"city": row["city"]}}

    return score


@pytest.fixture
def held(here, gate):
    @task(id="held")
    def held(payload):
        assert gate.wait(PATIENCE)
        return payload

    return held


def state_of(widget):
    return widget._channel.snapshot()[1]


def test_a_data_frame_is_a_table_and_comes_back_as_one(score, until):
    frame = pd.DataFrame(
        {
            "city": ["Köln", "Ulm", "Ghent"],
            "x": np.array([1.5, np.nan, 3.0], dtype="float32"),
            "at": pd.to_datetime(["2026-01-01", None, "2026-01-03"], utc=True),
        },
        index=pd.Index(["b", "a", "c"], name="row"),
    )
    widget = BatchWidget(batch_trigger(score, frame))
    widget.wait(PATIENCE)
    until(widget, "done", value=True)
    assert widget.counts == {"COMPLETED": 2, "FAILED": 1}
    table = widget.to_pandas()
    assert table.index.equals(frame.index)
    assert table["output.score"].tolist()[::2] == [3, 6]
    assert table["output.of.city"].tolist()[::2] == ["Köln", "Ghent"]
    assert table["payload.city"].tolist() == ["Köln", "Ulm", "Ghent"]
    assert table["payload.at"].iloc[2] == frame["at"].iloc[2]
    assert "Ulm has no x" in table["error"]["a"]
    assert frame.join(table[["status"]])["status"].tolist() == ["COMPLETED", "FAILED", "COMPLETED"]
    state = state_of(widget)
    assert state["automatic"] == ["output.score", "output.of.city", "metadata.stage"]
    rows = {row["label"]: row for row in state["rows"].values()}
    assert rows["b"]["cells"] == {
        "output.score": 3, "output.of.city": "Köln", "metadata.stage": "fit",
    }  # fmt: skip
    assert rows["a"]["note"] == "ValueError: Ulm has no x"
    assert "Ghent" in widget.to_html()
    widget.close()


def test_only_the_chosen_columns_are_sent(score):
    with TaggedRunsWidget(
        "few", columns=["status", "payload.city"], sort="-output.score"
    ) as widget:
        score.trigger({"city": "Köln", "x": 1}, tags=["few"]).result(PATIENCE)
        widget.wait(PATIENCE)
        (row,) = state_of(widget)["rows"].values()
        assert row["cells"] == {"payload.city": "Köln", "output.score": 2}
        widget.arrange(["metadata.stage", "tags"])
        (row,) = state_of(widget)["rows"].values()
        assert row["cells"] == {"metadata.stage": "fit", "tags": "few"}
        assert state_of(widget)["sort"] is None
        with pytest.raises(ConfigurationError, match='no column "score"'):
            widget.arrange(["score"])
        with pytest.raises(ConfigurationError, match="sort is the name"):
            widget.arrange(sort=3)


def test_runs_are_chosen_opened_and_canceled(held, until):
    widget = BatchWidget(held.batch_trigger([1, 2, 3]))
    runs = [run.id for run in widget._client.runs.subscribe_to_batch(widget._batch).__next__()]
    widget.select(runs[:2])
    assert widget.selected == runs[:2]
    assert state_of(widget)["selected"] == runs[:2]
    opened = widget.open_run(runs[0])
    assert state_of(widget)["child"]["id"] == runs[0]
    assert widget.run is opened
    widget.cancel(widget.selected)
    until(opened, "status", "CANCELED")
    until(widget, "counts", {"EXECUTING": 1, "CANCELED": 2})
    widget.open_run(runs[1])
    assert opened.connection == "closed"
    widget.close_run()
    assert state_of(widget)["child"] is None
    widget.cancel()
    assert [str(run.status) for run in widget.wait(PATIENCE)] == ["CANCELED"] * 3
    widget.close()


def test_what_was_clicked_last_is_chosen(until):
    """A kernel that was busy gets the clicks of a minute at once."""
    client = Trigger(api_url="http://127.0.0.1:9", access_token="tr_dev_nobody")
    widget = TaggedRunsWidget("nobody", client=client, enabled=False)
    seen = []
    widget.observe(lambda change: seen.append(len(change.new)), "selected")
    for n in range(1, 301):
        chosen = [f"run_{i}" for i in range(n)]
        action = {"kind": "action", "id": n, "name": "select", "args": {"ids": chosen}}
        widget._receive(widget, action, [])
    until(widget, "selected", chosen)
    assert state_of(widget)["selected"] == chosen
    assert seen == sorted(seen)
    widget.close()


def test_what_failed_is_replayed_with_its_payload_and_tags(here, until):
    wrong = threading.Event()

    @task(id="fragile", retry={"max_attempts": 1})
    def fragile(payload):
        if not wrong.is_set():
            wrong.set()
            raise ValueError("the first time")
        return payload

    first = fragile.trigger({"n": 7}, tags=["again"])
    widget = TaggedRunsWidget("again")
    until(widget, "counts", {"FAILED": 1})
    (handle,) = widget.replay([first.id])
    assert handle.result(PATIENCE) == {"n": 7}
    until(widget, "counts", {"FAILED": 1, "COMPLETED": 1})
    assert state_of(widget)["replayed"] == [handle.id]
    with pytest.raises(TriggerError, match=r"^1 of 2 runs could not be replayed, among them run_x"):
        widget.replay([first.id, "run_x"])
    (another,) = widget.replayed
    assert another.result(PATIENCE) == {"n": 7}
    assert state_of(widget)["replayed"] == [another.id]
    widget.close()


def test_what_could_not_be_canceled_is_said_in_one_sentence(held, gate):
    widget = BatchWidget(held.batch_trigger([1]))
    with pytest.raises(TriggerError, match=r"^2 of 3 runs could not be canceled, among them run_x"):
        widget.cancel(["run_x1", next(iter(widget._batch.runs())).id, "run_x2"])
    assert state_of(widget)["doing"] is None
    widget.close()


def test_a_narrow_token_is_enough_to_watch(score, here, until):
    run = score.trigger({"city": "Köln", "x": 1}, tags=["narrow"])
    token = here.auth.create_public_token(scopes={"read": {"tags": ["narrow"]}})
    widget = TaggedRunsWidget("narrow", access_token=token)
    run.result(PATIENCE)
    until(widget, "counts", {"COMPLETED": 1})
    can = state_of(widget)["can"]
    assert "not cancel" in can["cancel"]
    assert "secret key" in can["replay"]
    with pytest.raises(PermissionDeniedError):
        widget.cancel([run.id])
    until(widget.open_run(run.id), "status", "COMPLETED")
    assert token.get_secret_value() not in str(widget.get_state()) + widget.to_html()
    widget.close()


def test_a_batch_that_a_narrow_token_triggered_is_watched_and_its_runs_opened(score, here, until):
    token = here.auth.create_batch_trigger_public_token("score", multiple_use=True)
    batch = here.with_access_token(token).tasks.batch_trigger("score", [{"city": "Ulm", "x": 1}])
    widget = BatchWidget(batch)
    (run,) = widget.wait(PATIENCE)
    until(widget.open_run(run.id), "status", "COMPLETED")
    widget.close()


def test_a_saved_copy_is_small_and_keeps_what_failed(here):
    widget = TaggedRunsWidget("none")
    row = {"task": "t", "status": "COMPLETED", "label": "x" * 80, "note": "y" * 160}
    rows = {f"run_{n:05}": {**row, "created_at": n} for n in range(10_000)}
    rows["run_09999"]["status"] = "FAILED"
    saved = widget._bounded({"rows": rows, "selected": list(rows)})
    assert len(saved["rows"]) == 100
    assert list(saved["rows"])[-1] == "run_09999"
    assert len(str(saved)) < 50_000
    assert saved["hint"] == "The saved copy holds 100 of 10,000 runs."
    widget.close()


def test_a_tag_with_as_many_runs_as_a_server_tells_of_says_so(here):
    widget = TaggedRunsWidget("many")
    assert widget._hint(999) is None
    assert "1,000 runs" in widget._hint(1000)
    widget.close()
