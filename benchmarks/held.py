"""Our side of what is measured in a process of its own: subscriptions that are held.

`python -m benchmarks.held <address> <key>`, then lines of JSON as `client_sdk.mjs` takes them.
"""

from __future__ import annotations

import gc
import json
import sys
from typing import Any

import httpx

from trigger_widgets.client import Trigger

_client = Trigger(api_url=sys.argv[1], access_token=sys.argv[2])
_watches: list[Any] = []
_asked = 0
_send = httpx.AsyncClient.send


async def _count(self: httpx.AsyncClient, *args: Any, **kwargs: Any) -> httpx.Response:
    global _asked  # noqa: PLW0603 - a count
    _asked += 1
    return await _send(self, *args, **kwargs)


httpx.AsyncClient.send = _count  # type: ignore[method-assign]


def work(what: str, ids: tuple[str, ...] = ()) -> Any:
    """Subscribe to each run; how many requests were made; leave behind what nobody needs."""
    match what:
        case "hold":
            _watches.extend(_client.watch_run(run, on_run=id) for run in ids)
        case "asked":
            return _asked
        case "tidy":
            gc.collect()
    return None


for line in sys.stdin:
    print(json.dumps({"value": work(**json.loads(line))}), flush=True)
