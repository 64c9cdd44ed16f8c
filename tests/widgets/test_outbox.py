import threading
import time

from trigger_widgets.widgets.dispatcher import Dispatcher
from trigger_widgets.widgets.outbox import Outbox


class Talker:
    def __init__(self, messages=1):
        self.messages, self.spoke, self.done = messages, [], threading.Event()

    def flush(self):
        self.spoke.append(time.monotonic())
        self.done.set()
        return self.messages


def test_the_first_goes_at_once():
    talker = Talker()
    Outbox(rate=2, at_once=1).post(talker)
    assert talker.done.wait(5)


def test_posting_again_while_it_waits_is_one_turn():
    outbox, first, other = Outbox(rate=11, at_once=1), Talker(), Talker()
    outbox.post(first)
    assert first.done.wait(5)
    for _ in range(50):
        outbox.post(other)
    assert other.done.wait(5)
    last = Talker()
    outbox.post(last)
    assert last.done.wait(5)
    assert len(other.spoke) == 1


def test_all_talkers_together_keep_to_the_rate():
    outbox, talkers = Outbox(rate=100, at_once=10), [Talker(messages=2) for _ in range(10)]
    for talker in talkers:
        outbox.post(talker)
    for talker in talkers:
        assert talker.done.wait(10)
    spoke = sorted(each.spoke[0] for each in talkers)
    # ten go at once and 90 a second after that: the last, after 18 messages, not before 100 ms
    assert spoke[-1] - spoke[0] >= 0.09


def test_what_follows_a_change_of_several_messages_goes_at_once():
    outbox, talkers = Outbox(rate=12, at_once=10), [Talker(messages=4) for _ in range(3)]
    for talker in talkers:
        outbox.post(talker)
    for talker in talkers:
        assert talker.done.wait(5)
    # at two a second the third would come four seconds after the first
    assert talkers[2].spoke[0] - talkers[0].spoke[0] < 2


def test_a_turn_can_be_for_later_and_an_earlier_wish_wins():
    outbox, talker = Outbox(), Talker()
    outbox.post(talker, delay=60)
    outbox.post(talker)
    assert talker.done.wait(5)


def test_one_that_cannot_speak_silences_no_other(caplog):
    class Mute(Talker):
        def flush(self):
            super().flush()
            raise ValueError("not JSON")

    outbox, mute, other = Outbox(), Mute(), Talker()
    outbox.post(mute)
    assert mute.done.wait(5)
    thread = outbox._thread
    outbox.post(other)
    assert other.done.wait(5)
    assert outbox._thread is thread
    assert "not JSON" in caplog.text


def test_what_one_job_raises_stops_no_other(caplog):
    dispatcher, done = Dispatcher(), threading.Event()
    dispatcher.submit(lambda: 1 / 0)
    dispatcher.submit(done.set)
    assert done.wait(5)
    assert "ZeroDivisionError" in caplog.text
