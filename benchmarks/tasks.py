"""What the benchmarks trigger."""

import time
from typing import Any

from trigger_widgets import metadata, streams, task


@task(id="holds")
def holds(_payload: Any) -> None:
    """Stays open, to be written to from outside; ends by being canceled."""
    time.sleep(600)


@task(id="writes")
def writes(payload: Any) -> int:
    """Writes parts as an LLM would, as fast as it can, and ends."""
    streams.pipe("out", ({"index": n, "text": "token " * 5} for n in range(payload["count"])))
    return int(payload["count"])


@task(id="writes_words")
def writes_words(payload: Any) -> None:
    """Writes parts of 20 characters, `rate` a second if that is given, `after` seconds; with
    `times`, paragraphs of so many of them.
    """
    time.sleep(payload.get("after", 0))
    metadata.set("writing", True)
    metadata.flush()
    parts = (f"w{n:06d} and some words"[:20] for n in range(payload["count"]))
    if times := payload.get("times"):
        parts = (f"{part * times}\n\n" for part in parts)
    rate = payload.get("rate")
    if rate is None:
        streams.pipe("out", parts)
        return
    began = time.monotonic()
    for n, part in enumerate(parts):
        streams.append("out", part)
        if not n % 25 and (ahead := began + n / rate - time.monotonic()) > 0:
            time.sleep(ahead)


@task(id="noop")
def noop(payload: Any) -> Any:
    """Nothing."""
    return payload


@task(id="when")
def when(_payload: Any) -> float:
    """When it began."""
    return time.time()
