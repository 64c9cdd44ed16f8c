import contextlib
import ctypes
import itertools
import threading
import time

from interrupts import Moment
from patience import PATIENCE

from trigger_widgets.lock import Lock


def is_free(lock):
    """Whether another thread can take it."""
    taken = []

    def take():
        taken.append(lock.acquire(timeout=PATIENCE))
        if taken[0]:
            lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return taken[0]


def test_only_one_thread_is_inside():
    lock = Lock()
    with lock:
        thread = threading.Thread(target=lambda: inside.append(lock.acquire(timeout=0.01)))
        inside = []
        thread.start()
        thread.join()
        assert inside == [False]
        with lock:
            pass
    assert is_free(lock)


def test_an_interrupt_at_any_moment_leaves_it_free():
    for nth in itertools.count(1):
        lock, done = Lock(), []
        with contextlib.suppress(KeyboardInterrupt), Moment(nth) as moment, lock:
            done.append(True)
        assert is_free(lock), f"at moment {nth}"
        if not moment.has_come:
            break
    assert nth > 3


class Stop(BaseException):
    pass


def test_an_exception_from_another_thread_leaves_it_free():
    """As a run is stopped; CPython 3.14 raises that also just after a lock was taken."""
    lock, ends, turns, taken = Lock(), threading.Event(), [0], []

    def work():
        while not ends.is_set():
            try:
                while not ends.is_set():
                    with lock:
                        turns[0] += 1
            except Stop:
                taken.append(lock._is_owned())

    def until(condition):
        while not condition():
            assert lock.acquire(timeout=PATIENCE)  # as who stops a run has it at that time
            lock.release()
            time.sleep(0)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        for heard in range(300):
            turn = turns[0]
            until(lambda turn=turn: turns[0] != turn)  # it is where it can be stopped again
            stop = ctypes.py_object(Stop)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), stop)
            until(lambda heard=heard: len(taken) > heard)
    finally:
        ends.set()
    thread.join()
    assert not any(taken)
    assert is_free(lock)
