"""A registry of the test's own, and runs whose server is a list."""

from concurrent.futures import Future

import pytest

from trigger_widgets.tasks.context import TaskContext
from trigger_widgets.tasks.registry import Registry
from trigger_widgets.tasks.scope import RunScope, entered


@pytest.fixture
def registry(monkeypatch):
    registry = Registry()
    for module in ("definition", "children"):
        monkeypatch.setattr(f"trigger_widgets.tasks.{module}.registry", registry)
    return registry


class Server:
    """A `RunLink` that keeps what it is sent; `answers` are consumed first, then all is well."""

    def __init__(self):
        self.calls = []
        self.keys = []
        self.writes = []
        self.answers = []
        self.held = []
        self.hold = False

    def call(self, method, path, body, *, key=None, patient=False):
        self.calls.append((method, path, body))
        self.keys.append(key)
        return self._answer()

    def write(self, run_id, parts):
        self.writes.append((run_id, parts))
        return self._answer()

    def _answer(self):
        future = Future()
        answer = self.answers.pop(0) if self.answers else None
        if self.hold:
            self.held.append(future)
        elif isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def run(server):
    """Inside of a run of this server."""
    context = TaskContext.from_execution({"run": {"id": "run_1"}, "task": {"id": "t"}})
    with entered(RunScope(context, server, {"start": 1})) as scope:
        yield scope
        scope.close(0)
