"""The numbered, coalesced conversation between a widget and its views, over a lossy wire."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_widgets.widgets import pending
from trigger_widgets.widgets.channel import BEATS, Channel


class Turns:
    """An outbox that the test empties by hand; time passes only as it says."""

    def __init__(self):
        self.waiting = {}

    def post(self, sender, delay=0):
        self.waiting[sender] = min(delay, self.waiting.get(sender, delay))

    def run(self, *, beats=False):
        """Let everybody speak who may; with `beats` also those who wait to repeat a number."""
        while due := [s for s, delay in self.waiting.items() if beats or delay == 0]:
            for sender in due:
                del self.waiting[sender]
                sender.flush()


class View:
    """What a front end does, in ten lines: the rules that transport.ts implements."""

    def __init__(self, channel):
        self.channel, self.seq, self.state, self.replies = channel, None, {}, []

    def receive(self, message: Mapping):
        match message:
            case {"kind": "snapshot", "seq": seq, "state": state}:
                self.seq, self.state = seq, dict(state)
            case {"kind": "patch", "seq": seq} if seq == (self.seq or 0) + 1:
                self.seq = seq
                self.state.update(message.get("set", {}))
                for key, value in message.get("append", {}).items():
                    self.state[key] = self.state.get(key, value[:0]) + value
                for key, changes in message.get("merge", {}).items():
                    merged = self.state.get(key, {}) | changes
                    self.state[key] = {k: v for k, v in merged.items() if v is not None}
            case {"kind": "patch" | "beat", "seq": seq} if self.seq is None or seq > self.seq:
                self.channel.hello(self.seq)
            case {"kind": "reply"}:
                self.replies.append(message)


def conversation(lose=lambda: False):
    turns, sent, traits = Turns(), [], []

    def send(message):
        sent.append(message)
        if not lose():
            view.receive(message)

    channel = Channel(send, traits.append, turns)
    view = View(channel)
    return channel, view, turns, sent, traits


def test_changes_that_wait_are_merged_into_one_patch():
    channel, view, turns, sent, _ = conversation()
    channel.hello(None)
    for percent in range(100):
        channel.update({"progress": percent, "status": "EXECUTING"})
    turns.run()
    assert len(sent) == 1
    assert view.state == {"progress": 99, "status": "EXECUTING"}


def test_until_a_view_has_been_heard_every_message_is_the_whole_state():
    channel, view, turns, sent, _ = conversation()
    for status in ("QUEUED", "EXECUTING"):
        channel.update({"status": status, "task": "t"})
        turns.run()
    assert [message["kind"] for message in sent] == ["snapshot", "snapshot"]
    assert view.state == {"status": "EXECUTING", "task": "t"}


def test_what_did_not_change_is_not_sent():
    channel, _, turns, sent, _ = conversation()
    channel.hello(None)
    channel.update({"status": "QUEUED", "task": "t"})
    turns.run()
    channel.update({"status": "EXECUTING", "task": "t"})
    turns.run()
    assert sent[-1] == {"kind": "patch", "seq": 2, "set": {"status": "EXECUTING"}}
    before = len(sent)
    channel.update({"status": "EXECUTING"})
    assert len(sent) == before


def test_a_view_that_comes_later_gets_the_whole_state():
    channel, first, turns, _, _ = conversation()
    channel.update({"a": 1})
    turns.run()
    channel.update({"b": 2})
    turns.run()
    late = View(channel)
    channel._send = late.receive
    channel.hello(None)
    turns.run()
    assert late.state == first.state | {"a": 1, "b": 2}


def test_no_patch_fits_on_a_saved_state_that_holds_what_the_patch_tells():
    channel, _, turns, _, _ = conversation()
    channel.append("text", "all but ")
    channel.hello(None)
    turns.run()
    reopened, late = View(channel), View(channel)
    reopened.seq, reopened.state = channel.snapshot()
    channel.append("text", "the end")
    late.seq, late.state = channel.snapshot()
    channel.hello = lambda have: None  # a cell blocks the kernel: nobody is heard
    channel._send = lambda message: (reopened.receive(message), late.receive(message))
    turns.run()
    assert [reopened.state, late.state] == [{"text": "all but the end"}] * 2


def test_a_view_that_is_up_to_date_is_only_told_so():
    channel, _, turns, sent, _ = conversation()
    channel.update({"a": 1})
    turns.run()
    channel.hello(1)
    turns.run()
    assert sent[-1] == {"kind": "beat", "seq": 1}


def test_a_lost_last_message_is_noticed_by_the_beat():
    losing = [False]
    channel, view, turns, sent, _ = conversation(lambda: losing[0])
    channel.update({"status": "EXECUTING"})
    channel.hello(None)
    turns.run()
    losing[0] = True
    channel.update({"status": "COMPLETED"})
    turns.run()
    assert view.state["status"] == "EXECUTING"
    losing[0] = False
    turns.run(beats=True)
    assert view.state["status"] == "COMPLETED"
    assert sum(message["kind"] == "beat" for message in sent) <= 2 * len(BEATS)


def test_a_message_that_could_not_be_sent_is_noticed_as_a_lost_one_is():
    channel, view, turns, _, _ = conversation()
    channel.hello(None)
    turns.run()

    def refuse(_message):
        raise ValueError("the wire is cut")

    whole, channel._send = channel._send, refuse
    channel.update({"status": "COMPLETED"})
    with pytest.raises(ValueError, match="cut"):
        turns.run()
    channel._send = whole
    turns.run(beats=True)
    assert view.state["status"] == "COMPLETED"


def test_replies_and_traits_take_their_turn():
    channel, view, turns, _, traits = conversation()
    channel.reply("1")
    channel.reply("2", "run_x is gone")
    channel.touch({"status"})
    channel.touch({"progress"})
    turns.run()
    assert [reply["ok"] for reply in view.replies] == [True, False]
    assert view.replies[1]["error"] == "run_x is gone"
    assert traits == [{"status", "progress"}]


def test_who_is_answered_has_seen_what_came_of_it():
    channel, _, turns, sent, _ = conversation()
    channel.hello(None)
    turns.run()
    channel.throttle = 60.0
    channel.update({"selected": ["run_1"]})
    channel.reply("1")
    turns.run()
    assert [message["kind"] for message in sent[-2:]] == ["patch", "reply"]


def test_a_long_text_comes_in_several_messages():
    channel, view, turns, sent, _ = conversation()
    text = "".join(chr(65 + n % 50) for n in range(5 * pending.LONGEST // 2))
    channel.append("text", text[:10])
    channel.hello(None)
    turns.run()
    channel.append("text", text[10:])
    turns_taken = []
    while channel in turns.waiting and not turns.waiting.pop(channel):
        turns_taken.append(channel.flush())
    assert [len(message["append"]["text"]) for message in sent[1:]] == [
        pending.LONGEST, pending.LONGEST, len(text) - 10 - 2 * pending.LONGEST,
    ]  # fmt: skip
    assert turns_taken[0] == (1, pending.LONGEST)
    assert view.state["text"] == text

    late = View(channel)
    channel._send = late.receive
    channel.hello(None)
    turns.run()
    assert late.state["text"] == text


def test_many_rows_come_in_several_messages_and_a_change_overtakes_none():
    channel, view, turns, sent, _ = conversation()
    channel.update({"rows": {}, "total": 3})
    channel.merge("rows", {str(n): {"n": n} for n in range(5 * pending.MOST_ENTRIES // 2)})
    channel.hello(None)
    taken = channel.flush()
    channel.merge("rows", {"0": {"n": -1}, "1200": {"n": -1}, "1": None})
    while channel in turns.waiting and not turns.waiting.pop(channel):
        channel.flush()
    first, *rest = sent
    assert len(first["state"]["rows"]) == pending.MOST_ENTRIES
    assert all(len(message["merge"]["rows"]) <= pending.MOST_ENTRIES for message in rest)
    assert taken == (1, len("".join(map(str, first["state"]["rows"].items()))))
    assert view.state == channel.snapshot()[1]
    assert view.state["rows"]["1200"] == {"n": -1}
    assert "1" not in view.state["rows"]


def test_a_list_keeps_its_end():
    channel, view, turns, _, _ = conversation()
    channel.hello(None)
    many = pending.LIST_KEPT + 500
    for n in range(0, many, 100):
        channel.append("items", list(range(n, n + 100)))
    turns.run()
    assert channel.snapshot()[1]["items"] == list(range(500, many)) == view.state["items"]


change = st.one_of(
    st.tuples(st.just("set"), st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3))),
    st.tuples(st.just("text"), st.text(max_size=5)),
    st.tuples(st.just("items"), st.lists(st.integers(), max_size=3)),
    st.tuples(
        st.just("rows"),
        st.dictionaries(st.sampled_from("xyz"), st.none() | st.integers(), max_size=3),
    ),
    st.tuples(st.just("restart"), st.just("")),
)


@given(
    st.lists(change, max_size=30),
    st.randoms(use_true_random=False),
    st.booleans(),
    st.booleans(),
)
def test_with_a_third_of_the_messages_lost_the_view_ends_right(
    changes, dice: random.Random, heard, is_long
):
    with pytest.MonkeyPatch.context() as patch:
        if is_long:  # a text or an object of more takes several messages
            patch.setattr(pending, "LONGEST", 3)
            patch.setattr(pending, "MOST_ENTRIES", 1)
        lossy_conversation(changes, dice, heard=heard)


def lossy_conversation(changes, dice, *, heard):
    wire_is_bad = [True]
    channel, view, turns, _, _ = conversation(lambda: wire_is_bad[0] and dice.random() < 0.3)
    if heard:
        channel.hello(None)
    text, rows = "", {}
    for kind, value in changes:
        match kind:
            case "set":
                channel.update(value)
            case "rows":
                channel.merge("rows", value)
                rows = {k: v for k, v in (rows | value).items() if v is not None}
            case "restart":
                channel.update({"text": ""})
                text = ""
            case _:
                channel.append(kind, value)
                text += value if kind == "text" else ""
        if dice.random() < 0.7:
            turns.run()
    turns.run()
    wire_is_bad[0] = False
    turns.run(beats=True)
    assert view.state == channel.snapshot()[1]
    assert view.state.get("text", "") == text
    assert view.state.get("rows", {}) == rows
