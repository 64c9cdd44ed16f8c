"""The whole product in this process: its engine, its worker, its default client."""

import threading

import patience
import pytest
from ipywidgets.widgets.widget import _instances

from trigger_widgets import client as clients
from trigger_widgets import runtime
from trigger_widgets.realtime.loop import close_background_loop
from trigger_widgets.tasks.registry import registry
from trigger_widgets.widgets.base import LiveWidget


class Until:
    """Waits for traits of a widget to have a value, without looking again and again."""

    def __call__(self, widget, name, value, seconds=patience.PATIENCE):
        reached = threading.Event()

        def look(_change=None):
            if getattr(widget, name) == value:
                reached.set()

        widget.observe(look, name)
        look()
        assert reached.wait(seconds), f"{name} is {getattr(widget, name)!r}, not {value!r}"
        widget.unobserve(look, name)


@pytest.fixture
def until():
    return Until()


@pytest.fixture
def eventually():
    """Waits until something that nobody tells about is so."""
    return patience.until


@pytest.fixture
def here(monkeypatch):
    """An engine for this test alone, and a worker for the tasks that the test defines."""
    runtime.compose()
    monkeypatch.setattr(clients._Shared, "client", None)
    monkeypatch.setattr(clients._Shared, "embedded", runtime.embedded)
    monkeypatch.setattr(runtime._Kernel, "worker", None)
    monkeypatch.setattr(registry, "_tasks", {})
    yield clients.default_client()
    for widget in list(_instances.values()):
        if isinstance(widget, LiveWidget):
            widget.close()  # a question that is still open would look for an engine, and start one
    if runtime._Kernel.worker is not None:
        runtime._Kernel.worker.stop()
    clients.default_client().close()
    close_background_loop()
    started, runtime._started[:] = list(runtime._started), []
    for process in started:
        process.terminate()
        process.wait(patience.PATIENCE)
