"""StreamWidget on a real engine: text and parts in Python, and what is kept in the notebook."""

from types import SimpleNamespace

import ipywidgets
import pytest
from traitlets import TraitError

from trigger_widgets import StreamWidget, streams, task
from trigger_widgets.widgets import pending
from trigger_widgets.widgets import stream as module
from trigger_widgets.widgets.stream_fields import field_of, text_fields


@pytest.fixture
def writes(here):
    out = streams.define("out", str | dict)

    @task(id="writes")
    def writes(payload):
        out.pipe(payload["parts"])

    return writes


def test_text_and_parts_are_there_when_they_are_read_and_for_who_observes(writes, until):
    run = writes.trigger({"parts": ["one ", "two ", "three"]})
    heard, data = [], []
    widget = StreamWidget(run, "out", on_data=data.append, enabled=False)
    assert (widget.text, widget.parts) == ("", [])
    widget.observe(lambda change: heard.append(change["new"]), "text")
    box = ipywidgets.Textarea()
    ipywidgets.dlink((widget, "text"), (box, "value"))
    widget.start()
    assert list(widget) == ["one ", "two ", "three"]
    assert (widget.text, widget.parts) == ("one two three", ["one ", "two ", "three"])
    until(widget, "done", value=True)
    assert (heard[-1], box.value) == ("one two three", "one two three")
    assert data == ["one ", "two ", "three"]
    with pytest.raises(TraitError):
        widget.text = "mine"
    for each in (box, widget):
        each.close()


def test_deltas_are_joined_by_a_path(writes, until):
    deltas = [{"event": [{"delta": word}]} for word in ("Hel", "lo")]
    run = writes.trigger({"parts": [*deltas, {"event": []}]})
    widget = StreamWidget(run, "out", text_field="event.0.delta")
    until(widget, "done", value=True)
    assert (widget.text, widget.parts[0]) == ("Hello", deltas[0])
    widget.close()


def test_the_field_that_is_joined_can_be_chosen_in_the_card(writes, until):
    parts = [{"delta": word, "why": "because "} for word in ("Hel", "lo")]
    run = writes.trigger({"parts": [*parts, "!"]})
    widget = StreamWidget(run, "out")
    until(widget, "done", value=True)
    state = widget._channel.snapshot()[1]
    assert (state["field"], state["fields"]) == (None, ["delta", "why"])
    assert state["text"].startswith('{"delta": "Hel"')
    widget._receive(
        widget, {"kind": "action", "id": 1, "name": "field", "args": {"field": "delta"}}, []
    )
    until(widget, "text", value="Hello!")
    state = widget._channel.snapshot()[1]
    assert (state["field"], state["text"]) == ("delta", "Hello!")
    widget.close()


def test_the_fields_with_text_are_found_and_can_be_read():
    part = {"id": "a", "n": 1, "choices": [{"delta": {"content": "x"}}, {}], "a.b": "y", "": "z"}
    assert text_fields(part) == ["id", "choices.0.delta.content"]
    assert [field_of(part, path) for path in text_fields(part)] == ["a", "x"]
    assert text_fields("a text") == text_fields(7) == text_fields([]) == []
    assert len(text_fields({str(n): "x" for n in range(100)})) == 24


@pytest.mark.parametrize(
    ("part", "path", "value"),
    [
        ({"a": {"0": 1}}, "a.0", 1),
        ([{"a": 2}], "0.a", 2),
        ({"a": [1]}, "a.1", None),
        ({"a": "x"}, "a.b", None),
        ("x", "0", None),
        ({}, "", None),
    ],
)
def test_a_path_that_leads_nowhere_gives_nothing(part, path, value):
    assert field_of(part, path) == value


def test_the_saved_copy_is_short_and_says_so(writes, until, monkeypatch):
    monkeypatch.setattr(module, "SAVED_CHARACTERS", 10)
    widget = StreamWidget(writes.trigger({"parts": ["0123456789", "abc"]}), "out")
    until(widget, "done", value=True)
    widget._save_now()
    saved = widget.get_state()["_snapshot"]["state"]
    assert saved["text"] == "0123456789"
    assert saved["truncated"] == "this saved copy holds the first 10 of 13 characters"
    assert "first 10 of 13" in widget.to_html()
    widget.close()


def test_of_parts_that_are_shown_one_by_one_the_views_get_the_last(writes, until, monkeypatch):
    monkeypatch.setattr(pending, "LIST_KEPT", 5)
    monkeypatch.setattr(module, "SAVED_ITEMS", 2)
    parts = [{"n": n} for n in range(8)]
    widget = StreamWidget(writes.trigger({"parts": parts}), "out", render="json")
    until(widget, "done", value=True)
    state = widget._channel.snapshot()[1]
    assert (state["items"], state["parts"]) == (parts[3:], 8)
    assert widget.parts == parts
    widget._save_now()
    saved = widget.get_state()["_snapshot"]["state"]
    assert saved["items"] == parts[6:]
    assert saved["truncated"] == "this saved copy holds the last 2 of 8 parts"
    widget.close()


def test_what_an_earlier_watch_still_brings_is_not_there_twice(here, monkeypatch):
    """Followed again while parts were on their way: the second watch brings them, too."""
    watches = []

    def watch_stream(*_where, **how):
        watches.append(how)
        return SimpleNamespace(stop=lambda: None)

    monkeypatch.setattr(here, "watch_stream", watch_stream)
    widget = StreamWidget("run_1", "out", client=here)
    watches[0]["on_parts"](["one "])
    widget.stop()
    widget.start()
    assert watches[1]["start_index"] == 1
    for watch in watches:
        watch["on_parts"](["two"])
    assert (widget.text, widget.parts) == ("one two", ["one ", "two"])
    widget.close()
