import threading

from trigger_widgets.widgets.saver import Saver


class Saves:
    def __init__(self):
        self.count, self.changed = 0, threading.Condition()

    def __call__(self):
        with self.changed:
            self.count += 1
            self.changed.notify_all()

    def reach(self, count):
        with self.changed:
            return self.changed.wait_for(lambda: self.count >= count, 10)


def test_the_first_change_and_a_final_one_are_saved_at_once():
    saves = Saves()
    saver = Saver(saves, every=60)
    saver.changed()
    assert saves.count == 1
    saver.changed()
    assert saves.count == 1
    saver.changed(final=True)
    assert saves.count == 2
    saver.stop()


def test_the_last_change_is_saved_in_the_end():
    saves = Saves()
    saver = Saver(saves, every=0.05)
    for _ in range(20):
        saver.changed()
    assert saves.reach(2)
    assert saves.count == 2


def test_finals_in_a_row_share_a_save():
    saves = Saves()
    saver = Saver(saves, every=60)
    for _ in range(50):
        saver.changed(final=True)
    assert saves.reach(2)
    assert saves.count == 2
    saver.changed(final=True)  # and do not put off the next
    assert saves.reach(3)
    saver.stop()


def test_after_stop_nothing_is_saved():
    saves = Saves()
    saver = Saver(saves, every=0.05)
    saver.changed()
    saver.changed()
    saver.stop()
    assert saver._timer is None
    assert saves.count == 1
