"""LLM output into the DOM: beside a trait that is set a part, and beside the official hook."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trigger_widgets.client import Trigger

from .jupyter import LONG_TASKS, Stage, cpu, rest, seconds_to, stage
from .measure import paired
from .registry import benchmark
from .report import Row
from .servers import dev

_PARTS = 10_000
_RATE = 2_500
_SECONDS = 6
_RUN_CELL = "window.jupyterapp.commands.execute('notebook:run-cell')"
_TEXT = 'article.tw-streaming [aria-label^="Text of"]'
_SCROLL = """async () => {
  const box = document.querySelector('article.tw-streaming [aria-label^="Text of"]');
  let longest = 0;
  for (let step = 0, before = performance.now(); step <= 100; step++) {
    box.scrollTop = box.scrollHeight * (1 - step / 100);
    await new Promise(requestAnimationFrame);
    longest = Math.max(longest, performance.now() - before);
    before = performance.now();
  }
  return longest;
}"""
_OURS = "document.querySelector('article.tw-streaming')?.textContent.includes('w{last:06d}')"
_THEIRS = "window.seen?.parts?.length >= {count}"
_NAIVE = """
import anywidget, traitlets, os

class Naive(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
      el.className = "naive";
      const show = () => { el.textContent = model.get("text"); };
      model.on("change:text", show);
      show();
    } }'''
    text = traitlets.Unicode("").tag(sync=True)

print(os.getpid())
"""


@benchmark
def whole_stream_into_the_dom() -> Iterator[Row]:
    """A stream of 10,000 parts of 20 characters that is there already, from the call to the DOM."""
    with (
        dev(Path(__file__).with_name("tasks.py")) as server,
        Trigger(api_url=server.api_url, access_token=server.secret_key) as client,
        stage(server) as opened,
    ):
        run = client.tasks.trigger("writes_words", {"count": _PARTS})
        run.result(timeout=120)
        hooks = opened.hooks()
        config = f"{{accessToken: '{server.secret_key}', baseURL: '{server.api_url}'}}"
        notebook = opened.notebook(
            "from trigger_widgets import StreamWidget", f'StreamWidget("{run.id}", "out")'
        )
        notebook.run(0)
        select = "window.notebookPanel.content.activeCellIndex = 1"

        def ours() -> float:
            clear = "window.jupyterapp.commands.execute('notebook:clear-cell-output')"
            notebook.page.evaluate(f"() => {{ {select}; {clear} }}")
            rest(notebook.page)
            last = _OURS.format(last=_PARTS - 1)
            taken = seconds_to(notebook.page, f"{select}; {_RUN_CELL}", last)
            text = notebook.page.locator("article.tw-streaming").text_content() or ""
            # its static copy comes later, and is not to be paid for by the next
            notebook.page.wait_for_selector(".tw-static", state="attached")
            missing = [n for n in range(_PARTS) if f"w{n:06d}" not in text]
            if missing:
                raise RuntimeError(f"{len(missing)} parts are missing in the DOM")
            return taken

        def hook() -> float:
            rest(hooks.page)
            start = f"play('useRealtimeStream', ['{run.id}', 'out'], {config})"
            return seconds_to(hooks.page, start, _THEIRS.format(count=_PARTS))

        pair = paired(ours, hook)
        yield Row.of("10,000 parts into the DOM (peer: React hook)", pair, "s", "ours < 0.5")
        few = 400  # each brings the whole text; of thousands the last may never come
        naive = opened.notebook(
            _NAIVE,
            "widget = Naive()\nwidget",
            f"for n in range({few}):\n    widget.text += f'w{{n:06d}} and some words'[:20]",
        )
        naive.run(0), naive.run(1)
        loop = "window.notebookPanel.content.activeCellIndex = 2"
        seconds = seconds_to(
            naive.page,
            f"{loop}; {_RUN_CELL}",
            f"document.querySelector('.naive')?.textContent.includes('w{few - 1:06d}')",
        )
        ours_each, naive_each = pair.ours / _PARTS * 1e6, seconds / few * 1e6
        yield Row(
            "a part into the DOM (peer: a trait a part, 400 of them)",
            ours_each, "µs", naive_each, ours_each / naive_each,
        )  # fmt: skip


@benchmark
def five_megabytes() -> Iterator[Row]:
    """A text of 5 MB that is there already: into the DOM, and scrolled from end to end."""
    count = 5_000_000 // 2002
    with (
        dev(Path(__file__).with_name("tasks.py")) as server,
        Trigger(api_url=server.api_url, access_token=server.secret_key) as client,
        stage(server) as opened,
    ):
        run = client.tasks.trigger("writes_words", {"count": count, "times": 100})
        run.result(timeout=120)
        notebook = opened.notebook(
            "from trigger_widgets import StreamWidget", f'StreamWidget("{run.id}", "out")'
        )
        notebook.run(0)
        page = notebook.page
        page.evaluate(LONG_TASKS)
        tail = f"document.querySelector('{_TEXT} > div')?.lastElementChild?.textContent"
        done = f"{tail}?.includes('w{count - 1:06d}')"
        start = f"window.notebookPanel.content.activeCellIndex = 1; {_RUN_CELL}"
        yield Row(
            "5 MB of markdown, call to its end in the DOM", seconds_to(page, start, done), "s"
        )
        long = page.evaluate("() => window.longTasks")
        yield Row("longest task meanwhile", max(long, default=0.0), "ms")
        yield Row("longest frame while it is scrolled through", page.evaluate(_SCROLL), "ms")


@benchmark
def steady_stream() -> Iterator[Row]:
    """2,500 parts a second: what the kernel uses of a core, and how many messages it sends."""
    with (
        dev(Path(__file__).with_name("tasks.py")) as server,
        Trigger(api_url=server.api_url, access_token=server.secret_key) as client,
        stage(server) as opened,
    ):
        shows = "widget = StreamWidget(run_id, 'out')\nwidget"
        load, messages = _steady(client, opened, "from trigger_widgets import StreamWidget", shows)
        peer = """widget = Naive()
import threading
from trigger_widgets import Trigger
def follow():
    for part in Trigger().streams.read(run_id, "out"):
        widget.text += part
threading.Thread(target=follow, daemon=True).start()
widget"""
        naive_load, naive_messages = _steady(client, opened, _NAIVE, peer)
        name = f"at {_RATE:,} parts/s"
        yield Row(
            f"kernel CPU {name} (peer: a trait a part)", load, "% of a core", naive_load,
            load / naive_load, "ours < 20",
        )  # fmt: skip
        yield Row(
            f"messages {name} (peer: a trait a part)", messages, "1/s", naive_messages,
            messages / naive_messages, "ours < 61",
        )  # fmt: skip


def _steady(client: Trigger, opened: Stage, imports: str, shows: str) -> tuple[float, float]:
    payload = {"count": _RATE * _SECONDS, "rate": _RATE, "after": 2}
    begin = f"from trigger_widgets import trigger\nrun_id = trigger('writes_words', {payload}).id"
    notebook = opened.notebook(
        f"{imports}\nimport os\nprint(os.getpid())", f"{begin}\nprint(run_id)", shows
    )
    pid = int(notebook.run(0).split()[-1])
    frames: list[float] = []
    _count_messages(notebook.page, frames)
    run = notebook.run(1).strip()
    notebook.run(2)
    while not client.runs.retrieve(run).metadata.get("writing"):
        time.sleep(0.02)
    frames.clear()
    began, used = time.monotonic(), cpu(pid)
    notebook.page.wait_for_timeout((_SECONDS - 1.5) * 1000)
    took = time.monotonic() - began
    load = 100 * (cpu(pid) - used) / took
    sent = len(frames) / took
    if client.runs.retrieve(run).is_terminal:
        raise RuntimeError("the run ended while it was measured")
    client.runs.poll(run, timeout=120)
    notebook.page.close()
    return load, sent


def _count_messages(page: Any, frames: list[float]) -> None:
    """Count the comm messages that come after the page has connected anew."""

    def received(frame: str | bytes) -> None:
        data = frame.encode() if isinstance(frame, str) else frame
        if b'"comm_msg"' in data:
            frames.append(time.monotonic())

    page.on("websocket", lambda socket: socket.on("framereceived", received))
    page.evaluate("() => window.notebookPanel.sessionContext.session.kernel.reconnect()")
    page.wait_for_function(
        "() => window.notebookPanel.sessionContext.session.kernel.connectionStatus === 'connected'"
    )
