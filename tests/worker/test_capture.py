# ruff: noqa: T201 - what tasks print is what is tested

import asyncio
import io
import logging
import sys
import threading
from concurrent.futures import Future

import pytest

from trigger_widgets.tasks.context import TaskContext
from trigger_widgets.tasks.scope import RunScope, entered
from trigger_widgets.worker import capture


class Link:
    def call(self, method, path, body, *, key=None, patient=False):
        done = Future()
        done.set_result(None)
        self.records.extend((r["stream"], r["text"]) for r in body["records"])
        return done

    def __init__(self):
        self.records = []


class Stream(io.StringIO):
    """Stands for a terminal, or for ipykernel's OutStream."""

    def isatty(self):
        return True

    def fileno(self):
        return 77

    own = "attribute"


@pytest.fixture
def install(monkeypatch):
    """Called in the test itself, because pytest puts its own streams back after the fixtures."""

    def install():
        before = Stream(), Stream()
        monkeypatch.setattr(sys, "stdout", before[0])
        monkeypatch.setattr(sys, "stderr", before[1])
        capture.install()
        return before

    return install


@pytest.fixture
def run():
    context = TaskContext.from_execution({"run": {"id": "run_1"}, "task": {"id": "t"}})
    return RunScope(context, Link())


def test_outside_of_runs_everything_passes_through(install):
    streams = install()
    print("plain")
    sys.stderr.writelines(["a\n", "b\n"])
    assert (streams[0].getvalue(), streams[1].getvalue()) == ("plain\n", "a\nb\n")
    assert sys.stdout.isatty()
    assert sys.stdout.fileno() == 77
    assert sys.stdout.own == "attribute"
    assert sys.stdout.encoding == streams[0].encoding


def test_installing_twice_is_installing_once(install):
    install()
    proxy = sys.stdout
    capture.install()
    assert sys.stdout is proxy


def test_a_run_with_its_threads_and_coroutines_is_apart(install, run):
    streams = install()

    async def later():
        await asyncio.to_thread(print, "from to_thread")

    with entered(run):
        print("from the task")
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        thread.join()
        asyncio.run(later())
        sys.stdout.buffer.write(b"bytes\n")
        assert not sys.stdout.isatty()
        sys.stdout.flush()
        with pytest.raises(TypeError):
            sys.stdout.write(3)
    outside = threading.Thread(target=print, args=("from elsewhere",))
    outside.start()
    outside.join()
    run.close(1)
    assert run.link.records == [
        ("stdout", "from the task"), ("stdout", "from a thread"),
        ("stdout", "from to_thread"), ("stdout", "bytes"),
    ]  # fmt: skip
    assert streams[0].getvalue() == "from elsewhere\n"


def test_a_record_is_kept_once_whatever_handlers_there_are(monkeypatch, run):
    stream, kept = Stream(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log = logging.getLogger("test_capture")
    handlers = [logging.StreamHandler(), logging.StreamHandler(kept)]
    for handler in handlers:
        log.addHandler(handler)
    try:
        capture.install()
        with entered(run):
            log.warning("in the %s", "run")
            log.info("below its level")
        log.warning("outside")
    finally:
        for handler in handlers:
            log.removeHandler(handler)
    run.close(1)
    assert run.link.records == [("log", "in the run")]
    assert stream.getvalue() == "outside\n"
    assert kept.getvalue() == "in the run\noutside\n"
