"""The official SDK, one scene a process, and what both clients should see."""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

HERE = Path(__file__).parent


class Scene:
    """A scene of a script (see official.mjs) that goes on in its own process."""

    def __init__(self, process):
        self._process = process

    def next(self):
        """What it says next; a failure of the scene is the test's."""
        line = self._process.stdout.readline()
        assert line, self._process.stderr.read()
        said = json.loads(line)
        if "error" in said:
            pytest.fail(f"the SDK failed: {json.dumps(said['error'], indent=1)}")
        return said

    def result(self):
        """What it gives at its end."""
        while "result" not in (said := self.next()):
            pass
        return said["result"]


class Official:
    """The official SDK as a client of the engine, with the key it is to use."""

    def __init__(self, api_url, key):
        self._node = node()
        self._environ = {
            **{name: value for name, value in os.environ.items() if "TRIGGER_" not in name},
            "TRIGGER_API_URL": api_url,
            "TRIGGER_SECRET_KEY": key,
        }

    @contextmanager
    def playing(self, script, scene, **given):
        """A scene while it goes on. It ends with the test, and fails by itself after 30 s."""
        process = subprocess.Popen(
            [self._node, HERE / f"{script}.mjs", scene, json.dumps(given)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environ,
        )
        with process:
            try:
                yield Scene(process)
            finally:
                process.terminate()

    def play(self, script, scene, **given):
        """What a scene gives."""
        with self.playing(script, scene, **given) as going_on:
            return going_on.result()


def node():
    """Where Node.js is. Without it, or the SDK, these tests fail: they are the proof."""
    found = shutil.which("node")
    if found is None:
        pytest.fail(
            "Node.js 20 or newer is needed for the tests with the official SDK.", pytrace=False
        )
    if not (HERE / "node_modules" / "@trigger.dev" / "sdk").is_dir():
        pytest.fail(
            "The official SDK is not installed: run `npm ci` in tests/interop.", pytrace=False
        )
    return found


def moment(text):
    """A time as the SDK prints it."""
    return None if text is None else datetime.fromisoformat(text)


def assert_same_run(theirs, ours):
    """That a run of the SDK's (as JSON) and one of our client's say the same."""
    assert {
        "id": theirs["id"],
        "task": theirs["taskIdentifier"],
        "status": theirs["status"],
        "tags": theirs["tags"],
        "payload": theirs.get("payload"),
        "output": theirs.get("output"),
        "metadata": theirs.get("metadata") or {},
        "error": (theirs.get("error") or {}).get("message"),
        "test": theirs["isTest"],
        "created": moment(theirs["createdAt"]),
        "started": moment(theirs.get("startedAt")),
        "finished": moment(theirs.get("finishedAt")),
        "duration": theirs["durationMs"],
    } == {
        "id": ours.id,
        "task": ours.task_identifier,
        "status": str(ours.status),
        "tags": ours.tags,
        "payload": ours.payload,
        "output": ours.output,
        "metadata": ours.metadata,
        "error": ours.error and ours.error.message,
        "test": ours.is_test,
        "created": ours.created_at,
        "started": ours.started_at,
        "finished": ours.finished_at,
        "duration": ours.duration_ms,
    }
