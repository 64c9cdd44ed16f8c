"""What subscriptions cost that have nothing to say."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from trigger_widgets.client import Trigger

from .registry import benchmark
from .report import Row
from .servers import Child, Node, dev, memory

_HELD = 200
_WATCHED = 60.0


@benchmark
def held_subscriptions() -> Iterator[Row]:
    """The memory of 200, and the requests of one in a minute."""
    with (
        dev(Path(__file__).with_name("tasks.py")) as server,
        Trigger(api_url=server.api_url, access_token=server.secret_key) as client,
        Child(
            [sys.executable, "-m", f"{__package__}.held", server.api_url, server.secret_key]
        ) as ours,
        Node("client_sdk.mjs", server) as peer,
    ):
        ids = [client.tasks.trigger("nobody", n).id for n in range(_HELD + 1)]
        more, idle = {}, {}
        for child in (ours, peer):
            child.ask("hold", ids=ids[:1])  # what the first one loads is not counted
        time.sleep(3)
        for child in (ours, peer):
            child.ask("tidy")
            before = memory(child.pid)
            child.ask("hold", ids=ids[1:])
            while child.ask("asked") < 2 * _HELD:  # each has its snapshot, and holds a poll
                time.sleep(0.1)
            time.sleep(2)
            child.ask("tidy")
            more[child] = memory(child.pid) - before
        asked = {child: child.ask("asked") for child in (ours, peer)}
        time.sleep(_WATCHED)
        for child in (ours, peer):
            idle[child] = (child.ask("asked") - asked[child]) / (_HELD + 1) * 60 / _WATCHED
        yield Row(
            f"memory of {_HELD} subscriptions",
            more[ours],
            "MB",
            more[peer],
            more[ours] / more[peer],
            "ours < 60",
        )
        yield Row(
            "requests of an idle subscription",
            idle[ours],
            "a minute",
            idle[peer],
            idle[ours] / idle[peer],
        )
