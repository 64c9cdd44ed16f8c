"""From the engine's acknowledgement of a change to the DOM, beside the official hook."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trigger_widgets.client import Trigger

from .jupyter import stage
from .measure import paired, percentile
from .registry import benchmark
from .report import Row
from .servers import dev

_CHANGES = 40
_WATCH = """() => {
  window.seenAt = {};
  new MutationObserver(() => {
    for (const [, step] of document.body.textContent.matchAll(/step-(\\d+)-/g))
      window.seenAt[step] ??= performance.timeOrigin + performance.now();
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@benchmark
def acknowledged_to_dom() -> Iterator[Row]:
    """A change of the metadata of a run."""
    with (
        dev(Path(__file__).with_name("tasks.py")) as server,
        Trigger(api_url=server.api_url, access_token=server.secret_key) as client,
        stage(server) as opened,
    ):
        run = client.tasks.trigger("holds")
        notebook = opened.notebook(f'from trigger_widgets import RunWidget\nRunWidget("{run.id}")')
        notebook.run(0)
        hooks = opened.hooks()
        hooks.play("useRealtimeRun", run.id, token=run.public_access_token)
        hooks.until("seen.run")
        notebook.page.locator('article.tw-run[data-status="EXECUTING"]').wait_for()
        count = 0
        tails: dict[Any, list[float]] = {notebook.page: [], hooks.page: []}

        def measure(page: Any) -> float:
            nonlocal count
            page.evaluate(_WATCH)
            acknowledged = {}
            for _ in range(_CHANGES):
                count += 1
                client.runs.update_metadata(run, {"at": f"step-{count}-"})
                acknowledged[count] = time.time() * 1000
                time.sleep(0.06)
            page.wait_for_function(f"() => window.seenAt[{count}]")
            seen = page.evaluate("() => window.seenAt")
            # a change that is overtaken by the next is never drawn, and is not one of these
            latencies = [seen[str(n)] - at for n, at in acknowledged.items() if str(n) in seen]
            tails[page].append(percentile(latencies, 95))
            return max(0.01, percentile(latencies, 50))

        pair = paired(lambda: measure(notebook.page), lambda: measure(hooks.page))
        run.cancel()
        yield Row.of("acknowledged to DOM, p50 (peer: React hook)", pair, "ms", "ours < 15")
        ours, peer = (percentile(tail[1:], 50) for tail in tails.values())
        yield Row(
            "acknowledged to DOM, p95 (peer: React hook)", ours, "ms", peer, ours / peer,
            "ours < 50",
        )  # fmt: skip
