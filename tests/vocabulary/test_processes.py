import os
import subprocess
import sys
from pathlib import Path

import pytest

from trigger_widgets import processes
from trigger_widgets.processes import ProcessIdentity


def child():
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def test_this_process_is_alive():
    current = ProcessIdentity.current()
    assert current.pid == os.getpid()
    assert current.is_alive()
    assert current == ProcessIdentity.of(os.getpid())


def test_a_child_is_alive_until_it_ends_even_while_nobody_has_waited_for_it():
    with child() as process:
        identity = ProcessIdentity.of(process.pid)
        assert identity.is_alive()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and still a zombie
        assert not identity.is_alive()
        assert ProcessIdentity.of(process.pid) is None
    assert not identity.is_alive()


def test_a_later_process_with_the_same_pid_is_another():
    pid, started = ProcessIdentity.current()
    assert not ProcessIdentity(pid, started + "0").is_alive()


def test_a_process_that_cannot_be_identified_is_not_alive():
    """A wire field that is missing must never make a dead pid look alive."""
    assert not ProcessIdentity(2**22 + 1, "").is_alive()


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="there is no ps here")
def test_without_proc_ps_is_asked(monkeypatch, tmp_path):
    """macOS has no /proc."""
    monkeypatch.setattr(processes, "_PROC", tmp_path)
    identity = ProcessIdentity.current()
    assert identity.started
    assert identity.is_alive()
    assert ProcessIdentity.of(2**22 + 1) is None
