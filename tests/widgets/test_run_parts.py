"""One card for a whole agent run: its streams and the tokens it waits for, composed."""

import threading

import pytest

from trigger_widgets import RunWidget, metadata, streams, task, wait
from trigger_widgets.widgets.dispatcher import dispatcher
from trigger_widgets.widgets.run_parts import Asked, tokens_in


@pytest.mark.parametrize(
    ("metadata", "asked"),
    [
        ({}, []),
        ({"approval": "waitpoint_1", "n": 1}, [Asked("waitpoint_1", "approval")]),
        (
            {"deploy": {"token": "waitpoint_1", "prompt": "Deploy **v2**?"}},
            [Asked("waitpoint_1", "deploy", "Deploy **v2**?")],
        ),
        (
            {"all": ["waitpoint_1", "waitpoint_2"]},
            [Asked("waitpoint_1", "all"), Asked("waitpoint_2", "all")],
        ),
        ({"a": {"b": {"c": "waitpoint_1"}}}, []),
        ({"a": "a waitpoint_1"}, []),
    ],
)
def test_tokens_are_found_up_to_two_levels_deep(metadata, asked):
    assert list(tokens_in(metadata)) == asked


@pytest.fixture
def agent(here):
    words, events = streams.define("words", str), streams.define("events", dict)

    @task(id="agent")
    def agent(payload):
        words.pipe(["Three ", "things."])
        events.append({"type": "planned"})
        token = wait.create_token(timeout="10m")
        metadata.set("publish", {"token": token.id, "prompt": "Publish?"})
        first = wait.for_token(token.id).unwrap()
        second = wait.for_token("sign", timeout="10m").unwrap()
        return [first["approved"], second["approved"]]

    return agent


def test_one_card_shows_a_whole_agent_run(agent, until, eventually):
    widget = RunWidget(agent.trigger({}), streams=True, approvals=True)
    eventually(lambda: len(widget.streams) == 2 and len(widget.approvals) == 1)
    (approval,) = widget.approvals.values()
    until(approval, "status", "WAITING")
    # the token may be seen before the metadata that says what it asks
    eventually(lambda: "Publish?" in widget.to_html())
    approval.approve()
    eventually(lambda: len(widget.approvals) == 2)
    second = next(each for each in widget.approvals.values() if each is not approval)
    until(second, "status", "WAITING")
    second.reject("not yet")
    until(widget, "done", value=True)
    assert widget.output == [True, False]
    until(widget.streams["words"], "done", value=True)
    assert widget.streams["words"].text == "Three things."
    dispatcher.catch_up()
    html = widget.to_html()
    for words in ("Three things.", "planned", "approved by", "rejected by"):
        assert words in html
    state = widget._channel.snapshot()[1]
    kinds = sorted(part["kind"] for part in state["parts"])
    assert kinds == ["approval", "approval", "stream", "stream"]
    models = {f"IPY_MODEL_{each.model_id}" for each in widget._parts._all()}
    assert {part["child"] for part in state["parts"]} == models
    widget.close()
    assert all(each.comm is None for each in widget._parts._all())


def test_a_token_is_described_once_its_metadata_is_known(agent, here, until):
    handle = agent.trigger({})
    run = handle.retrieve().model_copy(update={"waits_for": ["waitpoint_1"], "metadata": {}})
    widget = RunWidget(handle, approvals=True, enabled=False)
    widget._compose(run)
    said = {"publish": {"token": "waitpoint_1", "prompt": "Publish?"}}
    widget._compose(run.model_copy(update={"metadata": said}))
    widget._compose(run)
    state = widget.approvals["waitpoint_1"]._channel.snapshot()[1]
    assert (state["title"], state["prompt"]) == ("publish", "Publish?")
    handle.cancel()
    widget.close()


def test_only_the_streams_that_are_asked_for(agent, until, eventually):
    run = agent.trigger({})
    widget = RunWidget(run, streams=["words"])
    eventually(lambda: widget.run is not None and "events" in widget.run.streams)
    eventually(lambda: widget.streams)
    assert (list(widget.streams), widget.approvals) == (["words"], {})
    widget.stop()
    assert (
        widget.streams["words"].connection == "closed" or widget.streams["words"]._following is None
    )
    run.cancel()
    widget.close()


def test_nothing_is_composed_that_nobody_asked_for(agent, until, eventually):
    run = agent.trigger({})
    widget = RunWidget(run)
    until(widget, "status", "WAITING")
    assert not widget.streams
    assert not widget.approvals
    run.cancel()
    until(widget, "done", value=True)
    widget.close()


def test_parts_that_are_seen_at_once_are_all_shown(here, monkeypatch):
    """Runs are composed on several threads: the first to see a part may be the last to show it."""
    widget = RunWidget("run_1", client=here, streams=True, enabled=False)
    seen = iter([["words"], ["words", "events"]])
    monkeypatch.setattr(widget._parts, "see", lambda _run: next(seen))
    show, overtaken = widget._show, threading.Event()
    second = threading.Thread(target=widget._compose, args=(None,))

    def slow_show(changes, **how):
        if changes["parts"] == ["words"]:
            second.start()
            overtaken.wait(0.2)  # it is not, or this would be what stays
        show(changes, **how)
        overtaken.set()

    monkeypatch.setattr(widget, "_show", slow_show)
    widget._compose(None)
    second.join()
    assert widget._channel.snapshot()[1]["parts"] == ["words", "events"]
    widget.close()
