"""What the benchmarks trigger."""

import time
from typing import Any

from trigger_widgets import streams, task


@task(id="holds")
def holds(_payload: Any) -> None:
    """Stays open, to be written to from outside; ends by being canceled."""
    time.sleep(600)


@task(id="writes")
def writes(payload: Any) -> int:
    """Writes parts as an LLM would, as fast as it can, and ends."""
    streams.pipe("out", ({"index": n, "text": "token " * 5} for n in range(payload["count"])))
    return int(payload["count"])
