import threading
import time

import pytest
from patience import PATIENCE

from trigger_widgets.widgets.dispatcher import Dispatcher
from trigger_widgets.widgets.outbox import BYTES_AT_ONCE, BYTES_PER_SECOND, Outbox, Pace, Sent


class Talker:
    def __init__(self, messages=1, size=0):
        self.sent, self.spoke, self.done = Sent(messages, size), [], threading.Event()

    def flush(self):
        self.spoke.append(time.monotonic())
        self.done.set()
        return self.sent


def test_the_first_goes_at_once():
    talker = Talker()
    Outbox(rate=2, at_once=1).post(talker)
    assert talker.done.wait(PATIENCE)


def test_posting_again_while_it_waits_is_one_turn():
    outbox, first, other = Outbox(rate=11, at_once=1), Talker(), Talker()
    outbox.post(first)
    assert first.done.wait(PATIENCE)
    for _ in range(50):
        outbox.post(other)
    assert other.done.wait(PATIENCE)
    last = Talker()
    outbox.post(last)
    assert last.done.wait(PATIENCE)
    assert len(other.spoke) == 1


def test_all_talkers_together_keep_to_the_rate():
    outbox, talkers = Outbox(rate=100, at_once=10), [Talker(messages=2) for _ in range(10)]
    for talker in talkers:
        outbox.post(talker)
    for talker in talkers:
        assert talker.done.wait(PATIENCE)
    spoke = sorted(each.spoke[0] for each in talkers)
    # ten go at once and 90 a second after that: the last, after 18 messages, not before 100 ms
    assert spoke[-1] - spoke[0] >= 0.09


def test_so_much_a_second_and_so_much_ahead_of_it():
    pace = Pace(rate=10, ahead=5)
    for spent, free_at in ((3, 99.8), (2, 100), (5, 100.5)):
        pace.spend(spent, now=100)
        assert pace.free_at == pytest.approx(free_at)
    pace.spend(0, now=200)
    assert pace.free_at == pytest.approx(199.5)


def test_what_is_long_is_sent_as_fast_as_the_server_takes_it():
    size = BYTES_AT_ONCE * 3 // 4
    outbox, talkers = Outbox(), [Talker(size=size) for _ in range(3)]
    for talker in talkers:
        outbox.post(talker)
    for talker in talkers:
        assert talker.done.wait(PATIENCE)
    first, _, third = sorted(each.spoke[0] for each in talkers)
    assert third - first >= 0.99 * (2 * size - BYTES_AT_ONCE) / BYTES_PER_SECOND


def test_what_follows_a_change_of_several_messages_goes_at_once():
    outbox, talkers = Outbox(rate=12, at_once=10), [Talker(messages=4) for _ in range(3)]
    for talker in talkers:
        outbox.post(talker)
    for talker in talkers:
        assert talker.done.wait(PATIENCE)
    # at two a second the third would come four seconds after the first
    assert talkers[2].spoke[0] - talkers[0].spoke[0] < 2


def test_a_turn_can_be_for_later_and_an_earlier_wish_wins():
    outbox, talker = Outbox(), Talker()
    outbox.post(talker, delay=60)
    outbox.post(talker)
    assert talker.done.wait(PATIENCE)


def test_one_that_cannot_speak_silences_no_other(caplog):
    class Mute(Talker):
        def flush(self):
            super().flush()
            raise ValueError("not JSON")

    outbox, mute, other = Outbox(), Mute(), Talker()
    outbox.post(mute)
    assert mute.done.wait(PATIENCE)
    thread = outbox._thread
    outbox.post(other)
    assert other.done.wait(PATIENCE)
    assert outbox._thread is thread
    assert "not JSON" in caplog.text


def test_what_one_job_raises_stops_no_other(caplog):
    dispatcher, done = Dispatcher("test"), threading.Event()
    dispatcher.submit(lambda: 1 / 0)
    dispatcher.submit(done.set)
    assert done.wait(PATIENCE)
    assert "ZeroDivisionError" in caplog.text
