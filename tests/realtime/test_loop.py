"""The background loop: one a process, closed cleanly, new in a forked child."""

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
import warnings

import pytest
from patience import PATIENCE

from trigger_widgets.realtime import loop as loops
from trigger_widgets.realtime.loop import background_loop, close_background_loop


def test_there_is_one_and_it_is_a_daemon():
    loop = background_loop()
    assert background_loop() is loop
    assert loop.submit(asyncio.sleep(0, "done")).result(PATIENCE) == "done"
    assert loop._thread.daemon
    assert not loop.is_current()


def test_it_knows_its_own_thread():
    async def inside():
        return background_loop().is_current()

    assert background_loop().submit(inside()).result(PATIENCE)


def test_it_starts_in_the_context_of_its_starter():
    """ipykernel 7.0 and later find the cell of a widget's message by context variables."""
    variable = contextvars.ContextVar("variable", default="nothing")
    variable.set("cell")

    async def inside():
        return variable.get()

    assert background_loop().submit(inside()).result(PATIENCE) == "cell"


def test_closing_cancels_what_runs():
    loop = background_loop()
    started, cancelled = threading.Event(), threading.Event()

    async def forever():
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    loop.submit(forever())
    assert started.wait(PATIENCE)
    close_background_loop()
    assert cancelled.is_set()
    loop.call(print, "never")
    assert background_loop() is not loop


def test_closing_none_is_nothing():
    close_background_loop()
    close_background_loop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_its_own():
    before = background_loop()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: fork with threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            loop = background_loop()
            value = loop.submit(asyncio.sleep(0, 7)).result(PATIENCE)
            code = 0 if loop is not before and value == 7 else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert before.submit(asyncio.sleep(0, 8)).result(PATIENCE) == 8


def test_what_the_parent_had_is_neither_used_nor_closed_by_a_child():
    """What the child above does, where coverage can see it."""
    parents = background_loop()
    loops._after_fork_in_child()
    try:
        assert background_loop() is not parents
        assert loops._Current.inherited is parents
        assert parents.submit(asyncio.sleep(0, 9)).result(PATIENCE) == 9
    finally:
        parents.close()


def test_a_program_ends_without_closing_anything():
    code = (
        "import asyncio\n"
        "from trigger_widgets.realtime.loop import background_loop\n"
        "background_loop().submit(asyncio.sleep(3600))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
